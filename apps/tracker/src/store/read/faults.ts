import type { Queryable } from '../database.js'

export interface FaultedRow {
  readonly unit: string
  readonly model: string
  readonly key: string
  readonly position: string
  readonly error: string
  readonly since: string
  readonly events: string
}

/** Suspended units, the latest first, below (since, unit). */
export function readFaults(db: Queryable, below: { readonly since: string; readonly unit: string } | undefined, limit: number): Promise<FaultedRow[]> {
  return db.query<FaultedRow>(
    `select f.unit, f.model, f.key, f.position, f.error, f.since, (select count(*) from instance_event e where e.unit = f.unit and e.position >= f.position and e.kind = 'event') as events
     from faulted_unit f where $1::bigint is null or (f.since, f.unit) < ($1::bigint, $2::uuid) order by f.since desc, f.unit desc limit $3::int`,
    [below?.since ?? null, below?.unit ?? null, limit])
}

export async function readFault(db: Queryable, unit: string): Promise<FaultedRow | undefined> {
  const [row] = await db.query<FaultedRow>(
    `select f.unit, f.model, f.key, f.position, f.error, f.since,
       (select count(*) from instance_event e where e.unit = f.unit and e.position >= f.position and e.kind = 'event') as events
     from faulted_unit f where f.unit = $1::uuid`, [unit])
  return row
}

export interface WaitingRow {
  readonly position: string
  readonly type: string
  readonly source: string
  readonly event_id: string
  readonly time: string
}

/** Events of a suspended unit that wait, oldest first; of these positions, where some are named. */
export function readWaitingOf(db: Queryable, unit: string, positions: readonly string[] | undefined, limit: number): Promise<WaitingRow[]> {
  return db.query<WaitingRow>(
    `select e.position, e.type, e.source, e.event_id, e.time from faulted_unit f join instance_event e on e.unit = f.unit and e.position >= f.position
     where f.unit = $1::uuid and e.kind = 'event' and ($2::bigint[] is null or e.position = any($2::bigint[])) order by e.position limit $3::int`,
    [unit, positions ?? null, limit])
}
