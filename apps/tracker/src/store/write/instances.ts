/** Instances with their tokens, deviations and next deadline. New rows are copied, which is the bulk of an import; others are updated. */
import { copyLine } from '../copy-in.js'
import type { Queryable, Transaction } from '../database.js'
import type { Changes, InstanceRow } from './changes.js'
import { column, compare, type Statements } from './rows.js'

/** @param careful rows that should be new may be there already */
export function writeInstances(tx: Transaction, changes: Changes, careful: boolean): Statements {
  const instances = [...changes.instances].sort((a, b) => compare(a.id, b.id))
  const isCopied = (row: InstanceRow) => row.isNew && row.formerIds.length === 0 && !careful
  return [
    // What goes is deleted last: who takes its place takes the ids over that it had before.
    ...copyInstances(tx, instances.filter(isCopied)), ...upsertInstances(tx, instances.filter((row) => !isCopied(row))), ...deleteInstances(tx, changes),
    ...replaceTokens(tx, changes, careful), ...replaceDeviations(tx, changes, careful), ...moveDeadlines(tx, changes),
  ]
}

function deleteInstances(tx: Queryable, { goneInstances }: Changes): Statements {
  return goneInstances.length === 0 ? [] : [tx.query(`delete from instance where id = any($1::uuid[])`, [goneInstances])]
}

const COLUMNS = `id, unit, run, shard, model, version, key, former_ids, status, stuck, late, deviations, settling, approximate,
  started_at, last_event_at, ended_at, shown_at, position, tokens, variables`

function copyInstances(tx: Transaction, rows: readonly InstanceRow[]): Statements {
  if (rows.length === 0) return []
  const lines = rows.map((row) => copyLine([
    row.id, row.unit, row.run, row.shard, row.model, row.version, row.key, `{${row.formerIds.join(',')}}`, row.status, row.stuck, row.late, row.deviations, row.settling,
    row.approximate, row.startedAt, row.lastEventAt, row.endedAt, row.shownAt, row.position, row.tokens, row.variables,
  ]))
  return [tx.copy(`copy instance (${COLUMNS}) from stdin`, lines.join(''))]
}

function upsertInstances(tx: Queryable, rows: readonly InstanceRow[]): Statements {
  if (rows.length === 0) return []
  return [tx.query(
    `insert into instance (id, unit, run, shard, model, version, key, former_ids, status, stuck, late, deviations, settling, approximate,
       started_at, last_event_at, ended_at, shown_at, position, tokens, variables)
     select id, unit, run, shard, model, version, key,
       former_ids::uuid[] || array(select unnest(gone.former_ids) from instance as gone where gone.id = any(row.former_ids::uuid[])), status, stuck, late, deviations, settling, approximate,
       started_at, last_event_at, ended_at, shown_at, position, tokens::jsonb, variables::jsonb
     from unnest($1::uuid[], $2::uuid[], $3::int[], $4::int[], $5::text[], $6::int[], $7::text[], $8::text[], $9::text[], $10::boolean[], $11::boolean[], $12::int[],
       $13::boolean[], $14::boolean[], $15::bigint[], $16::bigint[], $17::bigint[], $18::bigint[], $19::bigint[], $20::text[], $21::text[])
       as row (id, unit, run, shard, model, version, key, former_ids, status, stuck, late, deviations, settling, approximate,
         started_at, last_event_at, ended_at, shown_at, position, tokens, variables)
     on conflict (id) do update set
       run = excluded.run, version = excluded.version, former_ids = instance.former_ids || excluded.former_ids, status = excluded.status, stuck = excluded.stuck,
       late = excluded.late, deviations = excluded.deviations, settling = excluded.settling, approximate = excluded.approximate, started_at = excluded.started_at,
       last_event_at = excluded.last_event_at, ended_at = excluded.ended_at, shown_at = excluded.shown_at, position = excluded.position,
       tokens = excluded.tokens, variables = excluded.variables`,
    [
      column(rows, (row) => row.id), column(rows, (row) => row.unit), column(rows, (row) => row.run), column(rows, (row) => row.shard), column(rows, (row) => row.model),
      column(rows, (row) => row.version), column(rows, (row) => row.key), column(rows, (row) => `{${row.formerIds.join(',')}}`), column(rows, (row) => row.status),
      column(rows, (row) => row.stuck), column(rows, (row) => row.late), column(rows, (row) => row.deviations), column(rows, (row) => row.settling),
      column(rows, (row) => row.approximate), column(rows, (row) => row.startedAt), column(rows, (row) => row.lastEventAt), column(rows, (row) => row.endedAt),
      column(rows, (row) => row.shownAt), column(rows, (row) => row.position), column(rows, (row) => row.tokens), column(rows, (row) => row.variables),
    ],
  )]
}

function replaceTokens(tx: Transaction, { tokens }: Changes, careful: boolean): Statements {
  const before = tokens.filter((change) => change.had || careful).map((change) => change.instance)
  const rows = tokens.flatMap(({ instance, rows: own }) => own.map((row) => ({ instance, ...row }))).sort((a, b) => compare(a.instance, b.instance) || compare(a.element, b.element))
  const lines = rows.map((row) => copyLine([row.instance, row.element, row.n, row.shard, row.model, row.version, row.since, row.stuck, row.late]))
  return [
    ...(before.length === 0 ? [] : [tx.query(`delete from token where instance = any($1::uuid[])`, [before])]),
    ...(rows.length === 0 ? [] : [tx.copy(`copy token (instance, element, n, shard, model, version, since, stuck, late) from stdin`, lines.join(''))]),
  ]
}

function replaceDeviations(tx: Transaction, { deviations }: Changes, careful: boolean): Statements {
  const before = deviations.filter((change) => change.had || careful).map((change) => change.instance)
  const lines = deviations.flatMap(({ instance, rows }) => rows.map((row) => copyLine([
    instance, row.kind, row.element, row.at, row.count, row.provisional, row.accepted,
  ])))
  return [
    ...(before.length === 0 ? [] : [tx.query(`delete from deviation where instance = any($1::uuid[])`, [before])]),
    ...(lines.length === 0 ? [] : [tx.copy(`copy deviation (instance, kind, element, at, count, provisional, accepted) from stdin`, lines.join(''))]),
  ]
}

function moveDeadlines(tx: Queryable, { deadlines, goneDeadlines }: Changes): Statements {
  const rows = [...deadlines].sort((a, b) => compare(a.unit, b.unit))
  return [
    ...(goneDeadlines.length === 0 ? [] : [tx.query(`delete from deadline where unit = any($1::uuid[])`, [goneDeadlines])]),
    ...(rows.length === 0 ? [] : [tx.query(
      `insert into deadline (unit, shard, at) select * from unnest($1::uuid[], $2::int[], $3::bigint[]) on conflict (unit) do update set at = excluded.at`,
      [column(rows, (row) => row.unit), column(rows, (row) => row.shard), column(rows, (row) => row.at)],
    )]),
  ]
}
