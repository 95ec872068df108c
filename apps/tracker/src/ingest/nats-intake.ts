import type { EventsAccepted, Problem } from '@tidemark/api'
import { type TrackerError } from '../problem.js'
import { problemOf, trackerErrorOf } from '../problem.filter.js'
import type { Headers } from './binary-mode.js'
import type { EventDraft } from './cloud-event.js'
import type { Intake } from './intake.js'
import type { NatsDelivery } from './nats-envelope.js'
import { readEvents } from './read-events.js'

/** Tried again this often while the log is full or closing; a NATS publisher is not told, so giving up loses what it sent. */
const MAX_ATTEMPTS = 20
const RETRY_MS = 250

/**
 * The way in over NATS. A publisher there hears nothing, so what is wrong cannot be refused: it is kept as it came, as an entry that the
 * tracker quarantines. A request is answered, with what the HTTP API would answer.
 */
export class NatsIntake {
  constructor(private readonly intake: Intake) {}

  async take({ headers, body }: NatsDelivery): Promise<EventsAccepted | Problem> {
    try {
      const drafts = draftsOf(headers, body)
      return await this.#untilTaken(() => this.intake.take(drafts))
    } catch (error) {
      const known = trackerErrorOf(error)
      if (isFaultOfTheEvent(known)) await this.#untilTaken(() => this.intake.quarantine(body))
      return problemOf(known)
    }
  }

  async #untilTaken<Answer>(append: () => Promise<Answer>): Promise<Answer> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await append()
      } catch (error) {
        if (attempt >= MAX_ATTEMPTS || !trackerErrorOf(error).retryable) throw error
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
      }
    }
  }
}

/** The NATS binding names its headers as HTTP does (https://github.com/cloudevents/spec, nats-protocol-binding 3.1); without a content type the body is an event. */
function draftsOf(headers: Headers, body: Uint8Array): readonly EventDraft[] {
  const isBinary = headers['ce-specversion'] !== undefined || headers['ce-id'] !== undefined
  const contentType = headers['content-type'] ?? (isBinary ? headers['ce-datacontenttype'] ?? 'application/json' : 'application/json')
  const { 'ce-datacontenttype': _moved, ...rest } = headers
  return readEvents({ ...rest, 'content-type': contentType }, body)
}

function isFaultOfTheEvent(error: TrackerError): boolean {
  return error.status >= 400 && error.status < 500
}
