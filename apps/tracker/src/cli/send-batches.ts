import type { EventsAccepted } from '@tidemark/api'
import type { TrackerClient } from './client.js'

/** A request holds this many events at most, and stays well below the megabyte that the tracker takes in one. */
export const BATCH_EVENTS = 500
const BATCH_CHARACTERS = 300_000
/** Requests under way at once: enough to keep the tracker's disk busy while the next are being read. */
const MAX_IN_FLIGHT = 4

export interface Sendable {
  /** A CloudEvent as JSON. */
  readonly json: string
  /** False: nothing may be under way beside its batch, or the order among such events would be lost. */
  readonly timed: boolean
}

export interface SendOptions {
  /** Called before each batch; holds it back where the tracker lags. */
  readonly gate: () => Promise<void>
  readonly onAccepted: (accepted: EventsAccepted) => void
}

/** Sends everything, some requests at a time. Stops at the first that fails for good, once those under way have ended, and throws that. */
export async function sendBatches(client: TrackerClient, events: AsyncIterable<Sendable>, options: SendOptions): Promise<void> {
  const inFlight = new Set<Promise<void>>()
  let failure: { readonly error: unknown } | undefined
  const send = (body: string): void => {
    const sending = client.sendEvents(body).then(options.onAccepted, (error: unknown) => { failure ??= { error } }).finally(() => inFlight.delete(sending))
    inFlight.add(sending)
  }
  for await (const batch of batches(events)) {
    await options.gate()
    const room = batch.timed ? MAX_IN_FLIGHT - 1 : 0
    while (inFlight.size > room) await Promise.race(inFlight)
    if (failure !== undefined) break
    send(`[${batch.events.join(',')}]`)
    if (!batch.timed) await Promise.all(inFlight)
  }
  await Promise.all(inFlight)
  if (failure !== undefined) throw failure.error
}

interface Batch {
  events: string[]
  timed: boolean
}

async function* batches(events: AsyncIterable<Sendable>): AsyncGenerator<Batch> {
  let batch: Batch = { events: [], timed: true }
  let characters = 0
  for await (const { json, timed } of events) {
    if (batch.events.length > 0 && (batch.events.length === BATCH_EVENTS || characters + json.length > BATCH_CHARACTERS)) {
      yield batch
      batch = { events: [], timed: true }
      characters = 0
    }
    batch.events.push(json)
    batch.timed &&= timed
    characters += json.length
  }
  if (batch.events.length > 0) yield batch
}
