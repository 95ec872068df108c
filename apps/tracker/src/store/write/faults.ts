/** Units whose fold throws: they are suspended, and nothing waits behind them. */
import { bigints, ints, texts, uuids } from '../binary.js'
import type { Queryable } from '../database.js'
import type { Changes } from './changes.js'
import { compare, type Statements } from './rows.js'

export interface FaultRow {
  readonly unit: string
  readonly shard: number
  readonly model: string
  readonly key: string
  /** Facts before it are folded. */
  readonly position: bigint
  readonly error: string
  /** The clock, epoch milliseconds. */
  readonly since: number
}

/** The first fault of a unit stands until it is mended. */
export function writeFaults(tx: Queryable, { faults, mended }: Changes): Statements {
  const rows = [...faults].sort((a, b) => compare(a.unit, b.unit))
  return [
    ...(mended.length === 0 ? [] : [tx.query(`delete from faulted_unit where unit = any($1::uuid[])`, [mended])]),
    ...(rows.length === 0 ? [] : [tx.query(
      `insert into faulted_unit (unit, shard, model, key, position, error, since)
       select * from unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::bigint[]) on conflict (unit) do update set error = excluded.error`,
      [
        uuids(rows, (row) => row.unit), ints(rows, (row) => row.shard), texts(rows, (row) => row.model), texts(rows, (row) => row.key),
        bigints(rows, (row) => row.position), texts(rows, (row) => row.error), bigints(rows, (row) => row.since),
      ],
    )]),
  ]
}

export async function readFaultsOf(db: Queryable, units: readonly string[]): Promise<ReadonlyMap<string, { readonly position: bigint; readonly error: string }>> {
  if (units.length === 0) return new Map()
  const rows = await db.query<{ unit: string; position: string; error: string }>(
    `select fault.unit, fault.position, fault.error from unnest($1::uuid[]) as wanted (unit)
     cross join lateral (select unit, position, error from faulted_unit where faulted_unit.unit = wanted.unit offset 0) as fault`, [uuids(units, (unit) => unit)])
  return new Map(rows.map(({ unit, position, error }) => [unit, { position: BigInt(position), error }]))
}

/** Due at once: the next look at deadlines folds them again. Answers how many. */
export async function retryFaults(db: Queryable, units: readonly string[] | undefined): Promise<number> {
  const rows = await db.query(
    `insert into deadline (unit, shard, at, model, key) select unit, shard, 0, model, key from faulted_unit where $1::uuid[] is null or unit = any($1::uuid[])
     on conflict (unit) do update set at = 0, model = excluded.model, key = excluded.key returning unit`, [units ?? null])
  return rows.length
}
