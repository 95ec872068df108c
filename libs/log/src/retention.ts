/**
 * Dropping what is old, by age, size and count: a policy over {@link Log.trim}, the same for every log. Whoever reads registers itself,
 * and nothing is dropped that it has not passed. Without limits nothing is ever dropped.
 */
import type { Log, Position } from './log.js'

export interface Retention {
  /** Entries appended longer ago may go. */
  readonly maxAgeMs?: number
  /** The oldest may go while the log is larger, counted by what its entries take on average. */
  readonly maxSizeBytes?: number
  /** The oldest may go while there are more. */
  readonly maxEntries?: number
}

/** Halvings of a range of positions: they stay below 2^53. */
const MAX_STEPS = 53

/**
 * Drops what any limit lets go, as far as the log can (whole segments or messages) and its readers allow. `nowMs`: of the clock that stamps
 * append times, epoch ms. Answers the first position that is left.
 */
export async function retain(log: Log, limits: Retention, nowMs: number): Promise<Position> {
  const { first, entries, sizeBytes } = log.stats()
  if (entries === 0) return first
  const { maxAgeMs, maxSizeBytes = Infinity, maxEntries = Infinity } = limits
  const kept = Math.min(maxEntries, Math.floor(maxSizeBytes / (sizeBytes / entries)))
  const byCount = kept < entries ? keepingNewest(log, kept) : first
  const byAge = maxAgeMs === undefined ? first : await firstSince(log, nowMs - maxAgeMs)
  const before = byCount > byAge ? byCount : byAge
  return before > first ? log.trim(before) : first
}

/** The first position behind which no more than so many entries stand. */
function keepingNewest(log: Log, count: number): Position {
  let { first: low, last: high } = log.stats()
  for (let step = 0; low < high && step < MAX_STEPS; step++) {
    const middle = (low + high) / 2n
    if (log.entriesAfter(middle - 1n) > count) low = middle + 1n
    else high = middle
  }
  return low
}

/** Where the first entry stands that was appended at or after a time; behind the last one where there is none. */
async function firstSince(log: Log, timeMs: number): Promise<Position> {
  for await (const [entry] of log.read({ from: { time: timeMs }, limit: 1 })) if (entry !== undefined) return entry.position
  return log.stats().last + 1n
}
