import { hostname } from 'node:os'
import { Inject, Module } from '@nestjs/common'
import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common'
import type { Log } from '@tidemark/log'
import type { Logger } from 'pino'
import type { Clock } from '../clock.js'
import { snapshotDir, type Settings } from '../config.js'
import type { Database } from '../store/database.js'
import type { Progress } from '../store/progress.js'
import { CLOCK, DATABASE, LOG, LOGGER, PROGRESS, SETTINGS } from '../store/tokens.js'
import { version } from '../version.js'
import { Audience } from './audience.js'
import { Following } from './following.js'
import { roomOf } from './room.js'

/** What is said of alerts goes to the webhooks, where some are set. */
@Module({
  providers: [{
    provide: Following,
    useFactory: (db: Database, log: Log, progress: Progress, settings: Settings, logger: Logger, clock: Clock) =>
      new Following({
        db, log, progress, logger, clockScale: clock.scale, alertChannels: settings.webhookUrls.length > 0 ? ['webhook'] : [], now: () => clock.machine(), version,
        room: roomOf(settings.memoryMb), snapshots: { ...settings.snapshots, dir: snapshotDir(settings) },
        ...(isShared(settings) ? { sharing: { name: nameOf(settings), leaseMs: settings.leaseMs } } : {}),
      }),
    inject: [DATABASE, LOG, PROGRESS, SETTINGS, LOGGER, CLOCK],
  }, {
    provide: Audience,
    useFactory: (db: Database, progress: Progress) => new Audience(db, progress),
    inject: [DATABASE, PROGRESS],
  }],
})
export class TrackModule implements OnApplicationBootstrap, OnModuleDestroy {
  constructor(
    @Inject(Following) private readonly following: Following, @Inject(Audience) private readonly audience: Audience,
    @Inject(SETTINGS) private readonly settings: Settings, @Inject(PROGRESS) private readonly progress: Progress,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (this.settings.follows) return this.following.start()
    if (!isShared(this.settings)) return
    this.progress.standing.leadsWhile(() => false)
    await this.audience.start()
  }

  async onModuleDestroy(): Promise<void> {
    await (this.settings.follows ? this.following : this.audience).stop()
  }
}

/** An embedded log or database has one process; a stream and a server may have several. */
function isShared({ jetstream, databaseUrl }: Settings): boolean {
  return jetstream !== undefined && databaseUrl !== undefined
}

/** The same when the process starts again on its machine, in its container. A port that is given out anew each time says nothing. */
function nameOf({ memberName, port }: Settings): string {
  return memberName ?? `${hostname()}:${port === 0 ? `pid-${process.pid}-${performance.now().toFixed(0)}` : port}`
}
