import { Controller, Inject } from '@nestjs/common'
import { MessagePattern, Payload } from '@nestjs/microservices'
import type { EventsAccepted, Problem } from '@tidemark/api'
import type { NatsDelivery } from './nats-envelope.js'
import { NatsIntake } from './nats-intake.js'

/** Events on the subject and below it: `tidemark.events`, `tidemark.events.shop.eu`. Whoever sends a request gets the answer of the HTTP API. */
export const NATS_SUBJECT = 'tidemark.events'

@Controller()
export class NatsController {
  constructor(@Inject(NatsIntake) private readonly intake: NatsIntake) {}

  @MessagePattern(NATS_SUBJECT)
  onSubject(@Payload() delivery: NatsDelivery): Promise<EventsAccepted | Problem> {
    return this.intake.take(delivery)
  }

  @MessagePattern(`${NATS_SUBJECT}.>`)
  belowSubject(@Payload() delivery: NatsDelivery): Promise<EventsAccepted | Problem> {
    return this.intake.take(delivery)
  }
}
