import type { EventQuery } from '@tidemark/api'
import type { Entry, Log, Position } from '@tidemark/log'
import type { Database } from '../store/database.js'
import type { Progress } from '../store/progress.js'
import { readPositionsByFate, readTrackedPositions } from '../store/read/events.js'
import { cursorPart, decodeCursor } from './cursor.js'

const BATCH = 1_000

interface Context {
  readonly db: Database
  readonly log: Log
  readonly progress: Progress
}

/**
 * Entries that may be asked for, newest first, in batches that are never empty. Fates that have rows are found by them, the others by reading
 * the log: `pending` events lie between the tracker and the head, `unmatched` ones anywhere.
 */
export async function* candidates({ db, log, progress }: Context, query: EventQuery, before: number | undefined): AsyncGenerator<readonly Entry[]> {
  const cursor = query.cursor === undefined ? undefined : BigInt(decodeCursor(query.cursor, [cursorPart.number])[0]!)
  const below = cursor ?? await endOf(log, before)
  switch (query.fate) {
    case 'tracked':
      return yield* looked(log, below, (position) => readTrackedPositions(db, position, BATCH))
    case 'duplicate':
    case 'ignored':
    case 'quarantined':
    case 'tooOld':
      return yield* looked(log, below, (position) => readPositionsByFate(db, query.fate!, position, BATCH))
    case 'discarded':
      return yield* looked(log, below, (position) => readPositionsByFate(db, 'quarantined', position, BATCH))
    case 'pending':
      return yield* read(log, below, progress.position + 1n)
    default:
      return yield* read(log, below, undefined)
  }
}

/** Backwards from below a position. */
async function* read(log: Log, below: Position, until: Position | undefined): AsyncGenerator<readonly Entry[]> {
  const { first } = log.stats()
  if (below <= first || (until !== undefined && below <= until)) return
  yield* log.read({ from: { position: below - 1n }, backwards: true, batchSize: BATCH, ...(until === undefined ? {} : { until }) })
}

/** By positions that the tables name; what was trimmed from the log is left out. */
async function* looked(
  log: Log, below: Position, positionsBelow: (position: Position) => Promise<readonly { position: string }[]>,
): AsyncGenerator<readonly Entry[]> {
  let from = below
  while (true) {
    const positions = (await positionsBelow(from)).map(({ position }) => BigInt(position))
    const oldest = positions.at(-1)
    if (oldest === undefined) return
    const entries = (await log.lookup(positions)).filter((entry) => entry !== undefined)
    if (entries.length > 0) yield entries
    from = oldest
  }
}

/** The position behind the last entry that was appended up to a time, behind the head where none is given. */
async function endOf(log: Log, before: number | undefined): Promise<Position> {
  if (before === undefined) return log.stats().last + 1n
  for await (const batch of log.read({ from: { time: before }, limit: 1 })) return batch[0]!.position
  return log.stats().last + 1n
}
