/** What a read asks for, checked and in plain numbers: the same for every log. */
import { kindCodes } from './draft.js'
import type { EntryKind, ReadOptions } from './log.js'
import { LogError } from './log.js'
import type { SubjectMatcher } from './subjects.js'
import { matchSubjects } from './subjects.js'

/** Entries in one delivered batch at most, whatever is asked. */
export const MAX_READ_BATCH = 100_000
const DEFAULT_READ_BATCH = 1_000

/** Which entries are wanted. */
export interface Wanted {
  /** Bit n is set where kind code n is wanted. */
  readonly kindMask: number
  readonly subject: SubjectMatcher
  /** Append time at least, -Infinity where none was asked. */
  readonly sinceMs: number
  /** Append time at most, Infinity where none was asked. */
  readonly untilMs: number
}

export interface ReadPlan {
  readonly wanted: Wanted
  /** Bounds of positions, inclusive. Forwards: from `lowest`; backwards: from `highest`. Infinity while following without `until`. */
  readonly lowest: number
  readonly highest: number
  /** Whether the reader named the first position itself, and so must hear that it was trimmed. */
  readonly exact: boolean
  readonly batchSize: number
  readonly limit: number
  readonly follow: boolean
  readonly backwards: boolean
  readonly signal: AbortSignal | undefined
  readonly memory: ReadOptions['memory']
}

/** What the log looks like when the read begins; positions as numbers. */
export interface Extent {
  readonly first: number
  readonly durable: number
  /** The last position given out, durable or not: what `latest` begins behind. */
  readonly assigned: number
  /** The first position that the log ever had. Default 1. */
  readonly origin?: number
}

/** Throws LogError invalid, or outOfRange where the asked position was trimmed. */
export function planRead(options: ReadOptions, extent: Extent): ReadPlan {
  const follow = options.follow ?? false
  const backwards = options.backwards ?? false
  if (follow && backwards) throw new LogError('invalid', 'A read goes backwards or follows the head, not both.')
  const batchSize = wholeNumber('batchSize', options.batchSize ?? DEFAULT_READ_BATCH, 1, MAX_READ_BATCH)
  const limit = options.limit === undefined ? Infinity : wholeNumber('limit', options.limit, 0, Number.MAX_SAFE_INTEGER)
  const common = { batchSize, limit, follow, backwards, signal: options.signal, memory: options.memory }
  const wanted = { kindMask: kindMask(options.kinds), subject: matchSubjects(options.subjects), sinceMs: -Infinity, untilMs: Infinity }
  return backwards ? planBackwards(options, extent, common, wanted) : planForwards(options, extent, common, wanted)
}

type Common = Pick<ReadPlan, 'batchSize' | 'limit' | 'follow' | 'backwards' | 'signal' | 'memory'>

function planForwards(options: ReadOptions, extent: Extent, common: Common, wanted: Wanted): ReadPlan {
  const until = options.until === undefined ? Infinity : Number(options.until)
  const highest = common.follow ? until : Math.min(until, extent.durable)
  const from = options.from
  if (from === 'earliest') return { ...common, wanted, lowest: extent.first, highest, exact: false }
  if (from === 'latest') return { ...common, wanted, lowest: extent.assigned + 1, highest, exact: false }
  if ('time' in from) return { ...common, wanted: { ...wanted, sinceMs: time(from.time) }, lowest: extent.first, highest, exact: false }
  const position = Number(from.position)
  if (position < extent.first && isTrimmed(extent)) throw trimmed(extent.first)
  return { ...common, wanted, lowest: Math.max(position, extent.first), highest, exact: true }
}

function planBackwards(options: ReadOptions, extent: Extent, common: Common, wanted: Wanted): ReadPlan {
  const lowest = Math.max(options.until === undefined ? 0 : Number(options.until), extent.first)
  const from = options.from
  if (from === 'earliest') return { ...common, wanted, lowest, highest: Math.min(extent.first, extent.durable), exact: false }
  if (from === 'latest') return { ...common, wanted, lowest, highest: extent.durable, exact: false }
  if ('time' in from) return { ...common, wanted: { ...wanted, untilMs: time(from.time) }, lowest, highest: extent.durable, exact: false }
  const highest = Math.min(Number(from.position), extent.durable)
  if (highest < extent.first && isTrimmed(extent)) throw trimmed(extent.first)
  return { ...common, wanted, lowest, highest, exact: true }
}

function isTrimmed({ first, origin = 1 }: Extent): boolean {
  return first > origin
}

export function trimmed(first: number): LogError {
  return new LogError('outOfRange', `This position was trimmed; the first one available is ${first}.`, { position: BigInt(first) })
}

function kindMask(kinds: readonly EntryKind[] | undefined): number {
  if (kinds === undefined) return 0xffff
  return kinds.reduce((mask, kind) => {
    if (kindCodes[kind] === undefined) throw new LogError('invalid', `'${String(kind)}' is not a kind of entry.`)
    return mask | (1 << kindCodes[kind])
  }, 0)
}

function time(value: number): number {
  if (!Number.isFinite(value)) throw new LogError('invalid', `A read cannot begin at the time ${value}.`)
  return value
}

function wholeNumber(name: string, value: number, least: number, most: number): number {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value
  throw new LogError('invalid', `${name} is ${value}; it must be a whole number from ${least} to ${most}.`)
}
