import type { Queryable } from '../database.js'

export interface InstanceEventRow {
  readonly unit: string
  readonly position: string
  readonly kind: 'event' | 'left' | 'settled' | 'operation'
  readonly time: string
  readonly append_time: string
  readonly source: string
  readonly event_id: string
  readonly type: string
  readonly sequence: string | null
  readonly patch: Record<string, unknown> | null
  readonly instance: string | null
  readonly element: string | null
  readonly phase: 'start' | 'end' | 'occur' | null
  readonly reading: string | null
}

/** What was stored of the entries of a unit, in log order; the newest `limit` of them. */
export function readUnitEvents(db: Queryable, unit: string, limit: number): Promise<InstanceEventRow[]> {
  const columns = 'unit, position, kind, time, append_time, source, event_id, type, sequence, patch_json::json as patch, instance, element, phase, reading'
  return db.query<InstanceEventRow>(
    `select ${columns} from (select * from instance_event where unit = $1::uuid order by position desc limit $2::int) as newest order by position`,
    [unit, limit],
  )
}

export interface DeviationRow {
  readonly kind: string
  readonly element: string
  /** '' where it is of none. */
  readonly item: string
  readonly at: string
  readonly count: number
  readonly provisional: boolean
  readonly accepted: boolean
}

export function readDeviations(db: Queryable, instance: string): Promise<DeviationRow[]> {
  return db.query<DeviationRow>(
    `select kind, element, item, at, count, provisional, accepted from deviation where instance = $1::uuid order by at, kind, element, item`, [instance])
}

/** When what is shown of a unit may change by itself, epoch milliseconds. */
export async function readDeadline(db: Queryable, unit: string): Promise<string | undefined> {
  const rows = await db.query<{ at: string }>(`select at from deadline where unit = $1::uuid`, [unit])
  return rows[0]?.at
}

/** Source and id of an entry of a unit: what a correction calls it by. */
export async function readEntryName(db: Queryable, unit: string, position: string): Promise<{ source: string; event_id: string } | undefined> {
  const rows = await db.query<{ source: string; event_id: string }>(
    `select source, event_id from instance_event where unit = $1::uuid and position = $2::bigint and kind in ('event', 'operation')`, [unit, position])
  return rows[0]
}
