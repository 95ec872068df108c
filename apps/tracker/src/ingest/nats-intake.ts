import type { EventsAccepted, Problem } from '@tidemark/api'
import type { Draft, Log } from '@tidemark/log'
import { type TrackerError } from '../problem.js'
import { problemOf, trackerErrorOf } from '../problem.filter.js'
import type { Headers } from './binary-mode.js'
import type { NatsDelivery } from './nats-envelope.js'
import { readEvents } from './read-events.js'

/** The subject of what could not be read: the tracker gives these entries the fate `quarantined`, and the raw bytes are there to look at. */
export const UNDECODABLE_SUBJECT = 'undecodable'
/** Tried again this often while the log is full or closing; a NATS publisher is not told, so giving up loses what it sent. */
const MAX_ATTEMPTS = 20
const RETRY_MS = 250

/**
 * The way in over NATS. A publisher there hears nothing, so what is wrong cannot be refused: it is kept as it came, as an entry that the
 * tracker quarantines. A request is answered, with what the HTTP API would answer.
 */
export class NatsIntake {
  constructor(private readonly log: Log) {}

  async take({ headers, body }: NatsDelivery): Promise<EventsAccepted | Problem> {
    try {
      const { accepted, duplicates, last } = await this.#append(draftsOf(headers, body))
      return { accepted, duplicates, position: String(last) }
    } catch (error) {
      const known = trackerErrorOf(error)
      if (isFaultOfTheEvent(known)) await this.#append([{ kind: 'event', subject: UNDECODABLE_SUBJECT, payload: body }])
      return problemOf(known)
    }
  }

  async #append(drafts: readonly Draft[]) {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.log.append(drafts)
      } catch (error) {
        if (attempt >= MAX_ATTEMPTS || !trackerErrorOf(error).retryable) throw error
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
      }
    }
  }
}

/** The NATS binding names its headers as HTTP does (https://github.com/cloudevents/spec, nats-protocol-binding 3.1); without a content type the body is an event. */
function draftsOf(headers: Headers, body: Uint8Array): readonly Draft[] {
  const isBinary = headers['ce-specversion'] !== undefined || headers['ce-id'] !== undefined
  const contentType = headers['content-type'] ?? (isBinary ? headers['ce-datacontenttype'] ?? 'application/json' : 'application/json')
  const { 'ce-datacontenttype': _moved, ...rest } = headers
  return readEvents({ ...rest, 'content-type': contentType }, body)
}

function isFaultOfTheEvent(error: TrackerError): boolean {
  return error.status >= 400 && error.status < 500
}
