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
    `select f.unit, f.model, f.key, f.position, f.error, f.since, (select count(*) from instance_event e where e.unit = f.unit and e.position >= f.position) as events
     from faulted_unit f where $1::bigint is null or (f.since, f.unit) < ($1::bigint, $2::uuid) order by f.since desc, f.unit desc limit $3::int`,
    [below?.since ?? null, below?.unit ?? null, limit])
}
