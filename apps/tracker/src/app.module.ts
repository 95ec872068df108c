import { type DynamicModule, Module } from '@nestjs/common'
import { DeliverModule } from './deliver/deliver.module.js'
import { IngestModule } from './ingest/ingest.module.js'
import { ServeModule } from './serve/serve.module.js'
import { type Foundation, StoreModule } from './store/store.module.js'
import { TrackModule } from './track/track.module.js'

/** The only place that sees all rooms. */
@Module({})
export class AppModule {
  static on(foundation: Foundation): DynamicModule {
    return { module: AppModule, imports: [StoreModule.on(foundation), TrackModule, IngestModule, DeliverModule, ServeModule] }
  }
}
