/**
 * History goes in portions that entries of the log name: instances that had closed up to a place in the order (closed_at, id), behind the portion
 * before. So a rebuild drops the same at the same position, and a transaction is as large as the portion.
 */
import { uuids } from '../binary.js'
import type { Queryable } from '../database.js'

/** A place in the order in which instances closed: epoch milliseconds, and the instance. */
export interface ClosedPlace {
  readonly closedAt: number
  readonly instance: string
}

/** Where no history has been dropped yet. */
const BEFORE_ALL: ClosedPlace = { closedAt: -8_640_000_000_000_000, instance: '00000000-0000-0000-0000-000000000000' }

/**
 * Drops the units of these shards whose last instance closed in the portion; a unit of which one has not closed goes when that does. One whose
 * fold has failed stays. Answers the units that went.
 * @param position of the entry that says so
 */
export async function dropHistory(tx: Queryable, shards: readonly number[], from: ClosedPlace | undefined, to: ClosedPlace, position: bigint): Promise<readonly string[]> {
  const [dropped] = await Promise.all([
    tx.query<{ unit: string }>(
      `insert into dropped_unit (unit, shard, position)
       select distinct i.unit, i.shard, $6::bigint from instance i
       where (i.closed_at, i.id) > ($2::bigint, $3::uuid) and (i.closed_at, i.id) <= ($4::bigint, $5::uuid) and i.shard = any($1::int[])
         and not exists (select 1 from instance o where o.unit = i.unit and (o.closed_at is null or (o.closed_at, o.id) > ($4::bigint, $5::uuid)))
         and not exists (select 1 from faulted_unit f where f.unit = i.unit)
       order by i.unit on conflict do nothing returning unit`,
      [shards, (from ?? BEFORE_ALL).closedAt, (from ?? BEFORE_ALL).instance, to.closedAt, to.instance, position]),
    ...PARTS.map((part) => tx.query(`with gone as materialized (select unit from dropped_unit where position = $1::bigint and shard = any($2::int[])) ${part}`, [position, shards])),
    tx.query(
      `insert into dropped_history (shard, closed_at, instance, position, units)
       select shard, $2::bigint, $3::uuid, $4::bigint, (select count(*) from dropped_unit d where d.position = $4::bigint and d.shard = mine.shard) from unnest($1::int[]) as mine (shard)
       on conflict (shard) do update set closed_at = excluded.closed_at, instance = excluded.instance, position = excluded.position, units = dropped_history.units + excluded.units`,
      [shards, to.closedAt, to.instance, position]),
  ])
  return dropped.map(({ unit }) => unit)
}

const OF_INSTANCE = `using gone join instance i on i.unit = gone.unit where part.instance = i.id`

/** Keys stay: by them an event that comes later is known to be too old. Instances go last, since parts are found by them. */
const PARTS: readonly string[] = [
  `delete from instance_event as part using gone where part.unit = gone.unit`,
  `delete from token as part ${OF_INSTANCE}`,
  `delete from deviation as part ${OF_INSTANCE}`,
  `delete from alert_member as part ${OF_INSTANCE}`,
  `delete from command as part ${OF_INSTANCE}`,
  `delete from deadline as part using gone where part.unit = gone.unit`,
  `delete from waiting_event as part using gone join instance_key k on k.unit = gone.unit
   where part.model = k.model and part.name = k.name and part.value = k.value and part.released_at is not null`,
  `delete from instance as part using gone where part.unit = gone.unit`,
]

/** Of these units those whose history has been dropped. */
export async function readDropped(db: Queryable, units: readonly string[]): Promise<ReadonlySet<string>> {
  if (units.length === 0) return new Set()
  const rows = await db.query<{ unit: string }>(
    `select dropped.unit from unnest($1::uuid[]) as wanted (unit)
     cross join lateral (select unit from dropped_unit where dropped_unit.unit = wanted.unit offset 0) as dropped`, [uuids(units, (unit) => unit)])
  return new Set(rows.map(({ unit }) => unit))
}
