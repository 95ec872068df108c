/** The three ways to read what is stored: forwards (and on, at the head), backwards, and by position. */
import type { Head } from '../head.js'
import type { Entry } from '../log.js'
import { LogError } from '../log.js'
import type { ReadPlan, Wanted } from '../read-plan.js'
import type { Decoded } from './message.js'
import { MessageReader, behind, decode } from './message.js'
import type { Shelf } from './message-source.js'
import { MessageSource } from './message-source.js'
import { positionOf, sequenceOf } from './position.js'

/** What a log shows to its readers. */
export interface Readable extends Shelf {
  readonly head: Head
  /** The last stored position. Throws LogError closed. */
  stored(): number
}

/** Messages in one stretch of reading backwards, which is what a page of people needs. */
const STRETCH = 16
/** Look-ups that the server is asked at once. */
const MAX_ASKED = 32
/** Steps of a search by time: 2^40 messages. */
const MAX_STEPS = 40

export async function* readForwards(log: Readable, plan: ReadPlan): AsyncGenerator<readonly Entry[]> {
  const source = new MessageSource(log)
  const stop = (): void => source.close()
  plan.signal?.addEventListener('abort', stop)
  let next = Math.max(plan.lowest, await firstPosition(log, plan))
  let left = plan.limit
  let message: Decoded | undefined
  let reader: MessageReader | undefined
  let hasBegun = false
  let batch: Entry[] = []
  try {
    while (left > 0 && next <= plan.highest && plan.signal?.aborted !== true) {
      if (next > log.stored()) {
        if (batch.length > 0) {
          left -= batch.length
          yield batch
          batch = []
        } else if (plan.follow) {
          await log.head.wait(plan.signal)
        } else {
          return
        }
        continue
      }
      if (reader === undefined || message === undefined || next >= behind(message)) {
        // Who asked for `earliest` gets what is earliest by now. Who has begun must hear of what was trimmed before it was read.
        if (!hasBegun && !plan.exact) next = Math.max(next, positionOf(log.tail.firstSequence, 0))
        message = source.ready(sequenceOf(next)) ?? (await source.message(sequenceOf(next)))
        if (message === undefined) continue
        hasBegun = true
        reader = undefined
        if (isUnwanted(message, plan.wanted)) {
          next = positionOf(message.sequence + 1, 0)
          continue
        }
        reader = new MessageReader(message)
      }
      const most = Math.min(plan.batchSize, left)
      reader.take(batch, most, next, plan.highest, plan.wanted)
      next = reader.position >= behind(message) ? positionOf(message.sequence + 1, 0) : reader.position
      if (batch.length >= most) {
        left -= batch.length
        yield batch
        batch = []
      }
    }
    if (batch.length > 0 && plan.signal?.aborted !== true) yield batch
  } finally {
    plan.signal?.removeEventListener('abort', stop)
    source.close()
  }
}

/** Whether a message says already that nothing in it is wanted. A damaged one is not passed over. */
function isUnwanted({ frame, highestMs, serverMs, isWriterStamped, beforeMs }: Decoded, wanted: Wanted): boolean {
  if (frame === undefined) return false
  const leastMs = isWriterStamped ? Math.min(frame.minAppendTime, beforeMs) : Math.min(serverMs, highestMs)
  return (frame.kinds & wanted.kindMask) === 0 || highestMs < wanted.sinceMs || leastMs > wanted.untilMs
}

/** Where a read from a time begins: the first message whose entries are not all older. Append times rise, so it can be searched. */
async function firstPosition(log: Readable, plan: ReadPlan): Promise<number> {
  const { sinceMs } = plan.wanted
  if (sinceMs === -Infinity) return 0
  let low = log.tail.firstSequence
  let high = log.tail.lastSequence + 1
  for (let step = 0; low < high && step < MAX_STEPS; step++) {
    const middle = Math.floor((low + high) / 2)
    const message = await one(log, middle)
    if (message !== undefined && message.highestMs < sinceMs) low = middle + 1
    else high = middle
  }
  return positionOf(low, 0)
}

export async function* readBackwards(log: Readable, plan: ReadPlan): AsyncGenerator<readonly Entry[]> {
  const lowest = (): number => Math.max(sequenceOf(plan.lowest), log.tail.firstSequence)
  let sequence = sequenceOf(plan.highest)
  let left = plan.limit
  let batch: Entry[] = []
  while (left > 0 && plan.highest > 0 && sequence >= lowest() && plan.signal?.aborted !== true) {
    log.stored()
    const from = Math.max(lowest(), sequence - STRETCH + 1)
    const entries = await stretch(log, from, sequence, plan)
    sequence = from - 1
    for (let i = entries.length - 1; i >= 0 && left > 0; i--) {
      batch.push(entries[i]!)
      left--
      if (batch.length === plan.batchSize) {
        yield batch
        batch = []
      }
    }
  }
  if (batch.length > 0 && plan.signal?.aborted !== true) yield batch
}

/** The wanted entries of the messages from one sequence to another, inclusive. */
async function stretch(log: Readable, from: number, to: number, plan: ReadPlan): Promise<Entry[]> {
  const source = new MessageSource(log)
  const entries: Entry[] = []
  try {
    for (let sequence = from; sequence <= to;) {
      const message = await source.message(sequence)
      if (message === undefined || message.sequence > to) break
      if (!isUnwanted(message, plan.wanted)) new MessageReader(message).take(entries, Infinity, plan.lowest, plan.highest, plan.wanted)
      sequence = message.sequence + 1
    }
  } finally {
    source.close()
  }
  return entries
}

const everything: Wanted = { kindMask: 0xffff, subject: () => true, sinceMs: -Infinity, untilMs: Infinity }

/** Entries by position; undefined where trimmed or never there. */
export async function lookUp(log: Readable, positions: readonly number[]): Promise<(Entry | undefined)[]> {
  const sequences = [...new Set(positions.map(sequenceOf))].filter((it) => it >= log.tail.firstSequence && it <= log.tail.lastSequence)
  const messages = new Map<number, Decoded | undefined>()
  for (let i = 0; i < sequences.length; i += MAX_ASKED) {
    const asked = sequences.slice(i, i + MAX_ASKED)
    const found = await Promise.all(asked.map((sequence) => one(log, sequence)))
    asked.forEach((sequence, at) => messages.set(sequence, found[at]))
  }
  return positions.map((position) => {
    const message = messages.get(sequenceOf(position))
    const out: Entry[] = []
    if (message !== undefined) new MessageReader(message).take(out, 1, position, position, everything)
    return out[0]
  })
}

/** One message by itself; undefined where it is not there. Throws LogError unavailable. */
async function one(log: Readable, sequence: number): Promise<Decoded | undefined> {
  const ready = log.tail.find(sequence)
  if (ready !== undefined) return ready
  try {
    const stored = await log.link.jsm.streams.getMessage(log.names.stream, { seq: sequence })
    return stored === null ? undefined : decode({ sequence, subject: stored.subject, headers: stored.header, data: stored.data, timeMs: stored.time.getTime() }, log.names, 0)
  } catch (error) {
    log.stored()
    throw error instanceof LogError ? error : new LogError('unavailable', `The NATS server does not answer: ${(error as Error).message}.`, { cause: error })
  }
}
