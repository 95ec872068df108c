/** Counters and rollups: only differences are added, one row per key and batch. */
import { bigints, ints, texts } from '../binary.js'
import type { Queryable } from '../database.js'
import type { Changes, VersionCounts } from './changes.js'
import { compare, type Statements } from './rows.js'

export function addCounts(tx: Queryable, changes: Changes): Statements {
  const counts = [...changes.counts].sort(([a], [b]) => compare(a, b)).map(([, own]) => own)
  return [...addTotals(tx, counts), ...addElements(tx, counts), ...addFlows(tx, counts), ...addDurations(tx, counts)]
}

function addTotals(tx: Queryable, counts: readonly VersionCounts[]): Statements {
  if (counts.length === 0) return []
  return [tx.query(
    `insert into model_count (shard, model, version, active, completed, terminated, stuck, late, deviating, last_event_at)
     select * from unnest($1::int[], $2::text[], $3::int[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[])
     on conflict (shard, model, version) do update set active = model_count.active + excluded.active, completed = model_count.completed + excluded.completed,
       terminated = model_count.terminated + excluded.terminated, stuck = model_count.stuck + excluded.stuck, late = model_count.late + excluded.late,
       deviating = model_count.deviating + excluded.deviating, last_event_at = greatest(model_count.last_event_at, excluded.last_event_at)`,
    [
      ...owners(counts), bigints(counts, ({ total }) => total.active), bigints(counts, ({ total }) => total.completed), bigints(counts, ({ total }) => total.terminated),
      bigints(counts, ({ total }) => total.stuck), bigints(counts, ({ total }) => total.late), bigints(counts, ({ total }) => total.deviating),
      bigints(counts, ({ total }) => total.lastEventAt),
    ],
  )]
}

function addElements(tx: Queryable, counts: readonly VersionCounts[]): Statements {
  const rows = counts.flatMap(({ shard, model, version, elements }) => byKey(elements).map(([element, own]) => ({ shard, model, version, element, ...own })))
    .filter((row) => row.tokens !== 0 || row.stuck !== 0 || row.late !== 0 || row.deviating !== 0 || row.visits !== 0)
  if (rows.length === 0) return []
  return [tx.query(
    `insert into element_count (shard, model, version, element, tokens, stuck, late, deviating, visits)
     select * from unnest($1::int[], $2::text[], $3::int[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[])
     on conflict (shard, model, version, element) do update set tokens = element_count.tokens + excluded.tokens, stuck = element_count.stuck + excluded.stuck,
       late = element_count.late + excluded.late, deviating = element_count.deviating + excluded.deviating, visits = element_count.visits + excluded.visits`,
    [
      ...owners(rows), texts(rows, (row) => row.element), bigints(rows, (row) => row.tokens), bigints(rows, (row) => row.stuck), bigints(rows, (row) => row.late),
      bigints(rows, (row) => row.deviating), bigints(rows, (row) => row.visits),
    ],
  )]
}

function addFlows(tx: Queryable, counts: readonly VersionCounts[]): Statements {
  const rows = counts.flatMap(({ shard, model, version, flows }) => byKey(flows).map(([flow, count]) => ({ shard, model, version, flow, count }))).filter((row) => row.count !== 0)
  if (rows.length === 0) return []
  return [tx.query(
    `insert into flow_count (shard, model, version, flow, count) select * from unnest($1::int[], $2::text[], $3::int[], $4::text[], $5::bigint[])
     on conflict (shard, model, version, flow) do update set count = flow_count.count + excluded.count`,
    [...owners(rows), texts(rows, (row) => row.flow), bigints(rows, (row) => row.count)],
  )]
}

function addDurations(tx: Queryable, counts: readonly VersionCounts[]): Statements {
  const rows = counts.flatMap(({ shard, model, version, durations }) => byKey(durations).flatMap(([element, buckets]) =>
    [...buckets].sort(([a], [b]) => a - b).map(([bucket, count]) => ({ shard, model, version, element, bucket, count })))).filter((row) => row.count !== 0)
  if (rows.length === 0) return []
  return [tx.query(
    `insert into element_duration (shard, model, version, element, bucket, count) select * from unnest($1::int[], $2::text[], $3::int[], $4::text[], $5::int[], $6::bigint[])
     on conflict (shard, model, version, element, bucket) do update set count = element_duration.count + excluded.count`,
    [...owners(rows), texts(rows, (row) => row.element), ints(rows, (row) => row.bucket), bigints(rows, (row) => row.count)],
  )]
}

function owners(rows: readonly Pick<VersionCounts, 'shard' | 'model' | 'version'>[]): [Buffer, Buffer, Buffer] {
  return [ints(rows, (row) => row.shard), texts(rows, (row) => row.model), ints(rows, (row) => row.version)]
}

function byKey<Value>(map: ReadonlyMap<string, Value>): [string, Value][] {
  return [...map].sort(([a], [b]) => compare(a, b))
}
