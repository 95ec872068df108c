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

/** More of a kind are shown as this many. */
const COUNTED = 10_000

export interface FaultTotals {
  readonly instances: string
  readonly models: string
  readonly events: string
}

/** Suspended instances and models, and quarantined events that nobody has thrown away. */
export async function readFaultTotals(db: Queryable): Promise<FaultTotals> {
  const rows = await db.query<FaultTotals>(
    `select (select count(*) from (select 1 from faulted_unit limit ${COUNTED}) as suspended)::bigint as instances,
       (select count(distinct model) from model_version where status = 'suspended')::bigint as models,
       (select count(*) from (
          select distinct position from event_fate where kind = 'quarantined'
            and not exists (select 1 from operation where op = 'discardEvent' and target = event_fate.position::text) limit ${COUNTED}
        ) as quarantined)::bigint as events`)
  return rows[0]!
}
