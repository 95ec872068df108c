/** Counters and rollups: only differences are added, one row per key and batch. */
import type { Queryable } from '../database.js'
import type { Changes } from './changes.js'
import { column, compare, type Statements } from './rows.js'

export function addCounts(tx: Queryable, { models, elements, flows, durations }: Changes): Statements {
  const statements: Statements = []
  const totals = [...models].sort(([a], [b]) => compare(a, b)).map(([, row]) => row)
  if (totals.length > 0) {
    statements.push(tx.query(
      `insert into model_count (shard, model, version, active, completed, terminated, stuck, late, deviating, last_event_at)
       select * from unnest($1::int[], $2::text[], $3::int[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[])
       on conflict (shard, model, version) do update set active = model_count.active + excluded.active, completed = model_count.completed + excluded.completed,
         terminated = model_count.terminated + excluded.terminated, stuck = model_count.stuck + excluded.stuck, late = model_count.late + excluded.late,
         deviating = model_count.deviating + excluded.deviating, last_event_at = greatest(model_count.last_event_at, excluded.last_event_at)`,
      [
        column(totals, (row) => row.shard), column(totals, (row) => row.model), column(totals, (row) => row.version), column(totals, (row) => row.active),
        column(totals, (row) => row.completed), column(totals, (row) => row.terminated), column(totals, (row) => row.stuck), column(totals, (row) => row.late),
        column(totals, (row) => row.deviating), column(totals, (row) => row.lastEventAt),
      ],
    ))
  }
  const counts = [...elements].filter(([, row]) => row.tokens !== 0 || row.stuck !== 0 || row.late !== 0 || row.deviating !== 0 || row.visits !== 0)
    .sort(([a], [b]) => compare(a, b)).map(([, row]) => row)
  if (counts.length > 0) {
    statements.push(tx.query(
      `insert into element_count (shard, model, version, element, tokens, stuck, late, deviating, visits)
       select * from unnest($1::int[], $2::text[], $3::int[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[])
       on conflict (shard, model, version, element) do update set tokens = element_count.tokens + excluded.tokens, stuck = element_count.stuck + excluded.stuck,
         late = element_count.late + excluded.late, deviating = element_count.deviating + excluded.deviating, visits = element_count.visits + excluded.visits`,
      [
        column(counts, (row) => row.shard), column(counts, (row) => row.model), column(counts, (row) => row.version), column(counts, (row) => row.element),
        column(counts, (row) => row.tokens), column(counts, (row) => row.stuck), column(counts, (row) => row.late), column(counts, (row) => row.deviating), column(counts, (row) => row.visits),
      ],
    ))
  }
  const taken = [...flows].filter(([, row]) => row.count !== 0).sort(([a], [b]) => compare(a, b)).map(([, row]) => row)
  if (taken.length > 0) {
    statements.push(tx.query(
      `insert into flow_count (shard, model, version, flow, count) select * from unnest($1::int[], $2::text[], $3::int[], $4::text[], $5::bigint[])
       on conflict (shard, model, version, flow) do update set count = flow_count.count + excluded.count`,
      [column(taken, (row) => row.shard), column(taken, (row) => row.model), column(taken, (row) => row.version), column(taken, (row) => row.flow), column(taken, (row) => row.count)],
    ))
  }
  const stays = [...durations].filter(([, row]) => row.count !== 0).sort(([a], [b]) => compare(a, b)).map(([, row]) => row)
  if (stays.length > 0) {
    statements.push(tx.query(
      `insert into element_duration (shard, model, version, element, bucket, count) select * from unnest($1::int[], $2::text[], $3::int[], $4::text[], $5::int[], $6::bigint[])
       on conflict (shard, model, version, element, bucket) do update set count = element_duration.count + excluded.count`,
      [
        column(stays, (row) => row.shard), column(stays, (row) => row.model), column(stays, (row) => row.version), column(stays, (row) => row.element),
        column(stays, (row) => row.bucket), column(stays, (row) => row.count),
      ],
    ))
  }
  return statements
}
