import type { Log } from '@tidemark/log'
import { Inject, Module } from '@nestjs/common'
import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common'
import { APP_PIPE, ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core'
import type { Clock } from '../clock.js'
import type { Settings } from '../config.js'
import type { Policy } from '../policy/policy.js'
import type { Database } from '../store/database.js'
import type { Progress } from '../store/progress.js'
import { CLOCK, DATABASE, LOG, POLICY, PROGRESS, SETTINGS, WAYS_IN } from '../store/tokens.js'
import type { WaysIn } from '../store/ways-in.js'
import { AlertsController } from './alerts.controller.js'
import { CommandsController } from './commands.controller.js'
import { DemoController } from './demo.controller.js'
import { EventExplorerController } from './events.controller.js'
import { HealthController } from './health.controller.js'
import { InstancesController } from './instances.controller.js'
import { LiveChannel } from './live-channel.js'
import { LiveController } from './live.controller.js'
import { Metrics } from './metrics.js'
import { MetricsController } from './metrics.controller.js'
import { ModelsController } from './models.controller.js'
import { OpenApi } from './openapi.js'
import { MappingSchemaController, OpenApiController } from './openapi.controller.js'
import { Processes } from './processes.js'
import { FaultsController } from './faults.controller.js'
import { RebuildController } from './rebuild.controller.js'
import { ShadowController } from './shadow.controller.js'
import { SnapshotsController } from './snapshots.controller.js'
import { StatusController } from './status.controller.js'
import { validationPipe } from './validation.js'

/** The read side, and the ways in for what people do. */
@Module({
  controllers: [
    ModelsController, InstancesController, EventExplorerController, AlertsController, CommandsController, LiveController, StatusController,
    HealthController, MetricsController, RebuildController, SnapshotsController, ShadowController, FaultsController, OpenApiController, MappingSchemaController, DemoController,
  ],
  providers: [
    { provide: APP_PIPE, useFactory: validationPipe },
    { provide: Processes, useFactory: (db: Database) => new Processes(db), inject: [DATABASE] },
    { provide: LiveChannel, useFactory: (progress: Progress, clock: Clock) => new LiveChannel(progress, clock), inject: [PROGRESS, CLOCK] },
    {
      provide: Metrics,
      useFactory: (db: Database, log: Log, progress: Progress, clock: Clock, waysIn: WaysIn, policy: Policy, settings: Settings) => new Metrics({ db, log, progress, clock, waysIn, policy, settings }),
      inject: [DATABASE, LOG, PROGRESS, CLOCK, WAYS_IN, POLICY, SETTINGS],
    },
    {
      provide: OpenApi,
      useFactory: (modules: ModulesContainer, config: ApplicationConfig, host: HttpAdapterHost) => new OpenApi(modules, config, host),
      inject: [ModulesContainer, ApplicationConfig, HttpAdapterHost],
    },
  ],
})
export class ServeModule implements OnApplicationBootstrap, OnModuleDestroy {
  constructor(@Inject(LiveChannel) private readonly live: LiveChannel) {}

  onApplicationBootstrap(): void {
    this.live.start()
  }

  onModuleDestroy(): void {
    this.live.stop()
  }
}
