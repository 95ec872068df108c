/** The three ways to read durable entries: forwards (and on, at the head), backwards, and by position. */
import type { Head } from '../head.js'
import type { Entry } from '../log.js'
import { LogError } from '../log.js'
import type { ReadPlan, Wanted } from '../read-plan.js'
import type { Codec } from './codec.js'
import { ownFrame, type Frame } from './frame.js'
import { FrameReader } from './frame-reader.js'
import { FrameSource } from './frame-source.js'
import { LOOKUP_PIECE_BYTES } from './frame-walk.js'
import type { SegmentList } from './segment-list.js'
import type { TailCache } from './tail-cache.js'

/** What a log shows to its readers. */
export interface Readable {
  readonly segments: SegmentList
  readonly tail: TailCache
  readonly head: Head
  readonly codec: Codec
  /** The last durable position. Throws LogError closed. */
  durable(): number
}

export async function* readForwards(log: Readable, plan: ReadPlan): AsyncGenerator<readonly Entry[]> {
  const source = new FrameSource(log.segments, log.tail)
  let next = await firstPosition(log, plan)
  let left = plan.limit
  let frame: Frame | undefined
  let reader: FrameReader | undefined
  let begun = false
  let batch: Entry[] = []
  // What was given for a batch is given for that one.
  const nextBatch = () => {
    batch = []
    if (plan.memory !== undefined && frame?.isLent === true) frame = undefined
  }
  try {
    while (left > 0 && next <= plan.highest && plan.signal?.aborted !== true) {
      const durable = log.durable()
      if (next > durable) {
        if (batch.length > 0) {
          left -= batch.length
          yield batch
          nextBatch()
        } else if (plan.follow) {
          await log.head.wait(plan.signal)
        } else {
          return
        }
        continue
      }
      if (frame === undefined || next >= frame.base + frame.count) {
        frame = source.ready(next)
        if (frame === undefined) {
          // Who asked for `earliest` gets what is earliest by now. Who has begun must hear of what was trimmed before it was read.
          if (!begun && !plan.exact) next = Math.max(next, log.segments.first)
          frame = await source.frame(next)
        }
        reader = undefined
      }
      if (isUnwanted(frame, plan.wanted)) {
        next = frame.base + frame.count
        begun = true
        continue
      }
      reader ??= new FrameReader(ownFrame(frame, plan.memory), log.codec)
      begun = true
      const most = Math.min(plan.batchSize, left)
      reader.take(batch, most, next, plan.highest, plan.wanted)
      next = reader.position
      if (batch.length >= most) {
        left -= batch.length
        yield batch
        nextBatch()
      }
    }
    if (batch.length > 0 && plan.signal?.aborted !== true) yield batch
  } finally {
    await source.close()
  }
}

/** Where a read from a time begins: somewhere at or before it, so that the log needs not be read from its start. */
async function firstPosition(log: Readable, plan: ReadPlan): Promise<number> {
  if (plan.wanted.sinceMs === -Infinity) return plan.lowest
  const segment = log.segments.holdingTime(plan.wanted.sinceMs)
  const index = await log.segments.index(segment)
  return Math.max(plan.lowest, segment.base, index.positionOfTime(plan.wanted.sinceMs))
}

/** Whether a frame's header says already that nothing in it is wanted. */
function isUnwanted(frame: Frame, wanted: Wanted): boolean {
  return (frame.kinds & wanted.kindMask) === 0 || frame.maxAppendTime < wanted.sinceMs || frame.minAppendTime > wanted.untilMs
}

export async function* readBackwards(log: Readable, plan: ReadPlan): AsyncGenerator<readonly Entry[]> {
  let highest = plan.highest
  let left = plan.limit
  let batch: Entry[] = []
  while (left > 0 && highest >= Math.max(plan.lowest, log.segments.first) && plan.signal?.aborted !== true) {
    log.durable()
    const { entries, from } = await stretchBefore(log, highest, plan)
    highest = from - 1
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

/** The wanted entries from the mark of the index at or before a position, up to it. */
async function stretchBefore(log: Readable, highest: number, plan: ReadPlan): Promise<{ entries: Entry[]; from: number }> {
  const segment = log.segments.holding(highest)
  const index = await log.segments.index(segment)
  const from = Math.max(index.positionAt(highest), segment.base)
  const source = new FrameSource(log.segments, log.tail, LOOKUP_PIECE_BYTES)
  const entries: Entry[] = []
  try {
    for (let next = from; next <= highest;) {
      const frame = source.ready(next) ?? (await source.frame(next))
      if (!isUnwanted(frame, plan.wanted)) {
        const found: Entry[] = []
        new FrameReader(frame, log.codec).take(found, Infinity, Math.max(from, plan.lowest), highest, plan.wanted)
        for (const entry of found) entries.push(ownEntry(entry, frame))
      }
      next = frame.base + frame.count
    }
  } finally {
    await source.close()
  }
  return { entries, from }
}

const everything: Wanted = { kindMask: 0xffff, subject: () => true, sinceMs: -Infinity, untilMs: Infinity }

/** Entries by position, in ascending order of position; undefined where trimmed or never there. */
export async function lookUp(log: Readable, ascending: readonly number[]): Promise<(Entry | undefined)[]> {
  const source = new FrameSource(log.segments, log.tail, LOOKUP_PIECE_BYTES)
  const found: (Entry | undefined)[] = []
  let frame: Frame | undefined
  let reader: FrameReader | undefined
  try {
    for (const position of ascending) {
      if (!Number.isSafeInteger(position) || position < log.segments.first || position > log.durable()) {
        found.push(undefined)
        continue
      }
      if (frame === undefined || reader === undefined || position >= frame.base + frame.count || position < reader.position) {
        frame = source.ready(position) ?? (await source.frame(position).catch(undefinedWhereTrimmed))
        reader = frame && new FrameReader(frame, log.codec)
      }
      const out: Entry[] = []
      reader?.take(out, 1, position, position, everything)
      found.push(out[0] && ownEntry(out[0], frame!))
    }
    return found
  } finally {
    await source.close()
  }
}

/** A few entries are less than the frame they stand in. */
function ownEntry(entry: Entry, frame: Frame): Entry {
  return frame.isLent === true ? { ...entry, payload: entry.payload.slice() } : entry
}

function undefinedWhereTrimmed(error: unknown): undefined {
  if (!(error instanceof LogError) || error.code !== 'outOfRange') throw error
}
