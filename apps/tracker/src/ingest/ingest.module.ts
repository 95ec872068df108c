import { Inject, Module, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common'
import type { Log } from '@tidemark/log'
import type { Logger } from 'pino'
import type { Clock } from '../clock.js'
import type { Database } from '../store/database.js'
import { nextDue } from '../store/next-due.js'
import { CLOCK, DATABASE, LOG, LOGGER } from '../store/tokens.js'
import { EventsController } from './events.controller.js'
import { Heartbeat } from './heartbeat.js'
import { NatsController } from './nats.controller.js'
import { NatsIntake } from './nats-intake.js'

@Module({
  controllers: [EventsController, NatsController],
  providers: [
    { provide: NatsIntake, inject: [LOG], useFactory: (log: Log) => new NatsIntake(log) },
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
