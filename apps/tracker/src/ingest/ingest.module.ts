import { Inject, Module, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common'
import type { Log } from '@tidemark/log'
import type { Logger } from 'pino'
import type { Clock } from '../clock.js'
import { snapshotDir, type Settings } from '../config.js'
import type { Policy } from '../policy/policy.js'
import type { Database } from '../store/database.js'
import { lagOf } from '../store/lag.js'
import { nextDue } from '../store/next-due.js'
import { readNeeded } from '../store/read/needed.js'
import type { Progress } from '../store/progress.js'
import { firstNeededBySnapshots } from '../store/snapshot/needed.js'
import { CLOCK, DATABASE, LOG, LOGGER, POLICY, PROGRESS, SETTINGS, WAYS_IN } from '../store/tokens.js'
import type { WaysIn } from '../store/ways-in.js'
import { EventsController } from './events.controller.js'
import { Heartbeat } from './heartbeat.js'
import { Intake } from './intake.js'
import { LogKeeper } from './log-keeper.js'
import { NatsController } from './nats.controller.js'
import { NatsIntake } from './nats-intake.js'
import { Outbox } from './outbox/outbox.js'
import { pacedBy } from './outbox/pace.js'
import { placesOfPositions } from './outbox/position.js'
import { readSpanRules } from './spans/rules.js'
import { SpanIntake } from './spans/span-intake.js'
import { SpansController } from './spans/spans.controller.js'

const OUTBOXES = Symbol('Outboxes')

@Module({
  controllers: [EventsController, NatsController, SpansController],
  providers: [
    { provide: Intake, inject: [LOG, POLICY], useFactory: (log: Log, policy: Policy) => new Intake(log, policy) },
    { provide: NatsIntake, inject: [Intake], useFactory: (intake: Intake) => new NatsIntake(intake) },
    {
      provide: SpanIntake,
      inject: [SETTINGS, LOG, Intake],
      useFactory: ({ spanRulesFile }: Settings, log: Log, intake: Intake) => new SpanIntake(log, intake, spanRulesFile === undefined ? [] : readSpanRules(spanRulesFile)),
    },
    {
      provide: OUTBOXES,
      inject: [SETTINGS, LOG, Intake, CLOCK, WAYS_IN, LOGGER, PROGRESS],
      useFactory: ({ outboxes, follows }: Settings, log: Log, intake: Intake, clock: Clock, waysIn: WaysIn, logger: Logger, progress: Progress) => {
        const pace = pacedBy(() => (follows ? lagOf(log, progress, clock).seconds : 0), clock)
        return outboxes.map((settings) => new Outbox(settings, { log, intake, clock, waysIn, pace, logger, leads: () => progress.standing.leads }))
      },
    },
    {
      provide: LogKeeper,
      inject: [SETTINGS, LOG, CLOCK, DATABASE, LOGGER, PROGRESS],
      useFactory: (settings: Settings, log: Log, clock: Clock, database: Database, logger: Logger, progress: Progress) =>
        new LogKeeper(log, clock, {
          limits: settings.retention ?? {}, needed: () => readNeeded(database), held: () => placesOfPositions(log, settings.outboxes.map(({ name }) => name)),
          leads: () => progress.standing.leads,
          ...(settings.snapshots.everyMs === undefined ? {} : { heldBySnapshots: () => firstNeededBySnapshots(database, log, snapshotDir(settings)) }),
          onError: (err) => logger.warn({ err }, 'old entries could not be dropped from the log'),
          onDropped: (first) => logger.info({ first: String(first) }, 'old entries were dropped from the log'),
        }),
    },
    {
      provide: Heartbeat,
      inject: [LOG, CLOCK, DATABASE, LOGGER, PROGRESS],
      useFactory: (log: Log, clock: Clock, database: Database, logger: Logger, progress: Progress) =>
        new Heartbeat(log, clock, { nextDue: (after) => nextDue(database, after), leads: () => progress.standing.leads, onError: (err) => logger.warn({ err }, 'no clock entry could be appended') }),
    },
  ],
})
export class IngestModule implements OnApplicationBootstrap, OnModuleDestroy {
  constructor(
    @Inject(Heartbeat) private readonly heartbeat: Heartbeat, @Inject(LogKeeper) private readonly keeper: LogKeeper, @Inject(OUTBOXES) private readonly outboxes: readonly Outbox[],
  ) {}

  onApplicationBootstrap(): void {
    this.heartbeat.start()
    this.keeper.start()
    for (const outbox of this.outboxes) outbox.start()
  }

  async onModuleDestroy(): Promise<void> {
    await Promise.all([this.heartbeat.stop(), this.keeper.stop(), ...this.outboxes.map((outbox) => outbox.stop())])
  }
}
