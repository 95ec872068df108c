import type { Fate } from '@tidemark/api'
import type { Database } from '../store/database.js'
import type { Progress } from '../store/progress.js'
import { readDiscarded, readDroppedUpTo, readFates, readTracked } from '../store/read/events.js'
import type { DiscardedRow, FateRow, TrackedRow } from '../store/read/events.js'

/**
 * What became of these events, by position. Four statements for all of them. An event without any row was bound by no model (`unmatched`), or
 * is not followed yet (`pending`): no rows are kept for either.
 */
export async function fatesOf(db: Database, progress: Progress, positions: readonly string[]): Promise<(position: string) => Fate[]> {
  // Read before the tables: an event that is folded between the two readings comes out as pending, never as unmatched.
  const folded = progress.position
  const fates = new Map<string, Fate[]>(positions.map((position) => [position, []]))
  const kept: TrackedRow[] = []
  for (const row of await readTracked(db, positions)) {
    if (row.instance === null) kept.push(row)
    else fates.get(row.position)?.push(tracked(row))
  }
  const others = await readFates(db, positions)
  const quarantined = others.filter(({ kind }) => kind === 'quarantined').map(({ position }) => position)
  const discarded = quarantined.length === 0 ? [] : await readDiscarded(db, quarantined)
  for (const row of others) fates.get(row.position)?.push(untracked(row, discarded.find(({ position }) => position === row.position)))
  // Of what a unit keeps out of its instances, the decision of the model may say more than that it waits.
  for (const row of kept) if (fates.get(row.position)?.length === 0) fates.get(row.position)?.push(tracked(row))
  const droppedUpTo = await readDroppedUpTo(db)
  return (position) => {
    const known = fates.get(position) ?? []
    if (known.length > 0) return known
    if (BigInt(position) > folded) return [{ kind: 'pending', reason: 'In the log, not followed yet.' }]
    return [{ kind: 'unmatched', reason: BigInt(position) > droppedUpTo ? 'No model binds this event.' : 'No model binds this event, or the history of its instance has been dropped.' }]
  }
}

function tracked({ model, version, instance, element, reading }: TrackedRow): Fate {
  if (model === null || version === null || instance === null) {
    return { kind: 'waiting', reason: 'Kept under its key: no run of it has begun, or none could take it.' }
  }
  const place = { kind: 'tracked' as const, model, version, instance, ...(element === null ? {} : { element }) }
  return reading === null || reading === 'fits' ? place : { ...place, reason: readings[reading] ?? reading }
}

const readings: Readonly<Record<string, string>> = {
  redeemed: 'Came later than steps that follow it.',
  deviates: 'Off the modelled path.',
  noted: 'Noted: it moved nothing.',
}

function untracked({ kind, model, reason }: FateRow, discarded: DiscardedRow | undefined): Fate {
  if (kind === 'quarantined' && discarded !== undefined) {
    return { kind: 'discarded', ...(model === '' ? {} : { model }), reason: `${discarded.actor} threw it away: ${discarded.comment ?? ''}. It was kept aside since it ${reason}` }
  }
  return { kind, ...(model === '' ? {} : { model }), reason }
}
