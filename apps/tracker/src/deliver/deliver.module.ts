import { Inject, Module } from '@nestjs/common'
import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common'
import type { Log } from '@tidemark/log'
import type { Logger } from 'pino'
import type { Clock } from '../clock.js'
import type { Settings } from '../config.js'
import type { Database } from '../store/database.js'
import type { Progress } from '../store/progress.js'
import { CLOCK, DATABASE, LOG, LOGGER, PROGRESS, SETTINGS } from '../store/tokens.js'
import { Deliveries } from './deliveries.js'

/** What leaves the house: alerts to people, commands to services. */
@Module({
  providers: [{
    provide: Deliveries,
    useFactory: (db: Database, log: Log, progress: Progress, clock: Clock, settings: Settings, logger: Logger) =>
      new Deliveries({ db, log, progress, clock, settings, logger }),
    inject: [DATABASE, LOG, PROGRESS, CLOCK, SETTINGS, LOGGER],
  }],
})
export class DeliverModule implements OnApplicationBootstrap, OnModuleDestroy {
  constructor(@Inject(Deliveries) private readonly deliveries: Deliveries) {}

  onApplicationBootstrap(): void {
    this.deliveries.start()
  }

  async onModuleDestroy(): Promise<void> {
    await this.deliveries.stop()
  }
}
