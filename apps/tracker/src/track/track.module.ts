import { Inject, Module } from '@nestjs/common'
import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common'
import type { Log } from '@tidemark/log'
import type { Logger } from 'pino'
import type { Clock } from '../clock.js'
import type { Settings } from '../config.js'
import type { Database } from '../store/database.js'
import type { Progress } from '../store/progress.js'
import { CLOCK, DATABASE, LOG, LOGGER, PROGRESS, SETTINGS } from '../store/tokens.js'
import { version } from '../version.js'
import { Following } from './following.js'

/** What is said of alerts goes to the webhooks, where some are set. */
@Module({
  providers: [{
    provide: Following,
    useFactory: (db: Database, log: Log, progress: Progress, settings: Settings, logger: Logger, clock: Clock) =>
      new Following({
        db, log, progress, logger, clockScale: clock.scale, alertChannels: settings.webhookUrls.length > 0 ? ['webhook'] : [], now: () => clock.machine(), version,
      }),
    inject: [DATABASE, LOG, PROGRESS, SETTINGS, LOGGER, CLOCK],
  }],
})
export class TrackModule implements OnApplicationBootstrap, OnModuleDestroy {
  constructor(@Inject(Following) private readonly following: Following, @Inject(SETTINGS) private readonly settings: Settings) {}

  async onApplicationBootstrap(): Promise<void> {
    if (this.settings.follows) await this.following.start()
  }

  async onModuleDestroy(): Promise<void> {
    await this.following.stop()
  }
}
