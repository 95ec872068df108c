import { Inject, Module, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common'
import type { Log } from '@tidemark/log'
import type { Logger } from 'pino'
import type { Clock } from '../clock.js'
import type { Policy } from '../policy/policy.js'
import type { Database } from '../store/database.js'
import { nextDue } from '../store/next-due.js'
import { CLOCK, DATABASE, LOG, LOGGER, POLICY } from '../store/tokens.js'
import { EventsController } from './events.controller.js'
import { Heartbeat } from './heartbeat.js'
import { Intake } from './intake.js'
import { NatsController } from './nats.controller.js'
import { NatsIntake } from './nats-intake.js'

@Module({
  controllers: [EventsController, NatsController],
  providers: [
    { provide: Intake, inject: [LOG, POLICY], useFactory: (log: Log, policy: Policy) => new Intake(log, policy) },
    { provide: NatsIntake, inject: [Intake], useFactory: (intake: Intake) => new NatsIntake(intake) },
    {
      provide: Heartbeat,
      inject: [LOG, CLOCK, DATABASE, LOGGER],
      useFactory: (log: Log, clock: Clock, database: Database, logger: Logger) =>
        new Heartbeat(log, clock, { nextDue: () => nextDue(database), onError: (err) => logger.warn({ err }, 'no clock entry could be appended') }),
    },
  ],
})
export class IngestModule implements OnApplicationBootstrap, OnModuleDestroy {
  constructor(@Inject(Heartbeat) private readonly heartbeat: Heartbeat) {}

  onApplicationBootstrap(): void {
    this.heartbeat.start()
  }

  async onModuleDestroy(): Promise<void> {
    await this.heartbeat.stop()
  }
}
