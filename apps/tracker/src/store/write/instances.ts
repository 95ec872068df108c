/** Instances with their tokens, deviations and next deadline. New rows are copied, which is the bulk of an import; others are updated. */
import { copyLine } from '../copy-in.js'
import type { Queryable, Transaction } from '../database.js'
import type { Changes, InstanceRow } from './changes.js'
import { column, compare, jsonColumn, plainColumn, type Statements } from './rows.js'

/** @param careful rows that should be new may be there already: they are replaced */
export function writeInstances(tx: Transaction, changes: Changes, careful: boolean): Statements {
  const instances = [...changes.instances].sort((a, b) => compare(a.id, b.id))
  const fresh = instances.filter((row) => row.isNew)
  return [
    ...(careful ? deleteInstances(tx, fresh.map((row) => row.id)) : []), ...copyInstances(tx, fresh), ...updateInstances(tx, instances.filter((row) => !row.isNew)),
    // What goes is deleted last: who takes its place takes the ids over that it had before.
    ...inheritIds(tx, instances.filter((row) => row.formerIds.length > 0)), ...deleteInstances(tx, changes.goneInstances),
    ...replaceTokens(tx, changes, careful), ...replaceDeviations(tx, changes, careful), ...moveDeadlines(tx, changes),
  ]
}

function deleteInstances(tx: Queryable, gone: readonly string[]): Statements {
  return gone.length === 0 ? [] : [tx.query(`delete from instance where id = any($1::uuid[])`, [gone])]
}

const COLUMNS = `id, unit, run, shard, model, version, key, former_ids, status, stuck, late, deviations, settling, approximate,
  started_at, last_event_at, ended_at, closed_at, shown_at, position, tokens, variables`

function copyInstances(tx: Transaction, rows: readonly InstanceRow[]): Statements {
  if (rows.length === 0) return []
  const lines = rows.map((row) => copyLine([
    row.id, row.unit, row.run, row.shard, row.model, row.version, row.key, `{${row.formerIds.join(',')}}`, row.status, row.stuck, row.late, row.deviations, row.settling,
    row.approximate, row.startedAt, row.lastEventAt, row.endedAt, row.closedAt, row.shownAt, row.position, row.tokens, row.variables,
  ]))
  return [tx.copy(`copy instance (${COLUMNS}) from stdin`, lines.join(''))]
}

/** What never changes of an instance is not sent again. */
function updateInstances(tx: Queryable, rows: readonly InstanceRow[]): Statements {
  if (rows.length === 0) return []
  return [tx.query(
    `update instance set version = row.version, former_ids = case when row.former_ids = '{}' then instance.former_ids else instance.former_ids || row.former_ids::uuid[] end,
       run = row.run, status = row.status, stuck = row.stuck, late = row.late, deviations = row.deviations, settling = row.settling, approximate = row.approximate,
       started_at = row.started_at, last_event_at = row.last_event_at, ended_at = row.ended_at, closed_at = row.closed_at, shown_at = row.shown_at, position = row.position,
       tokens = row.tokens::jsonb, variables = row.variables::jsonb
     from unnest($1::uuid[], $2::int[], $3::text[], $4::int[], $5::text[], $6::boolean[], $7::boolean[], $8::int[], $9::boolean[], $10::boolean[], $11::bigint[],
       $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[], $16::text[], $17::text[], $18::bigint[])
       as row (id, version, former_ids, run, status, stuck, late, deviations, settling, approximate, started_at, last_event_at, ended_at, shown_at, position, tokens, variables, closed_at)
     where instance.id = row.id`,
    [
      plainColumn(rows, (row) => row.id), plainColumn(rows, (row) => row.version), column(rows, (row) => `{${row.formerIds.join(',')}}`), plainColumn(rows, (row) => row.run),
      plainColumn(rows, (row) => row.status), plainColumn(rows, (row) => row.stuck), plainColumn(rows, (row) => row.late), plainColumn(rows, (row) => row.deviations),
      plainColumn(rows, (row) => row.settling), plainColumn(rows, (row) => row.approximate), plainColumn(rows, (row) => row.startedAt), plainColumn(rows, (row) => row.lastEventAt),
      plainColumn(rows, (row) => row.endedAt), plainColumn(rows, (row) => row.shownAt), plainColumn(rows, (row) => row.position), jsonColumn(rows, (row) => row.tokens),
      jsonColumn(rows, (row) => row.variables), plainColumn(rows, (row) => row.closedAt),
    ],
  )]
}

function inheritIds(tx: Queryable, heirs: readonly InstanceRow[]): Statements {
  if (heirs.length === 0) return []
  return [tx.query(
    `update instance as heir set former_ids = heir.former_ids || array(select unnest(gone.former_ids) from instance as gone where gone.id = any(heir.former_ids))
     where heir.id = any($1::uuid[])`, [column(heirs, (row) => row.id)],
  )]
}

function replaceTokens(tx: Transaction, { tokens, goneTokens }: Changes, careful: boolean): Statements {
  const gone = careful ? [...goneTokens, ...tokens] : goneTokens
  const rows = [...tokens].sort((a, b) => compare(a.instance, b.instance) || compare(a.element, b.element))
  let lines = ''
  for (const row of rows) lines += copyLine([row.instance, row.element, row.n, row.shard, row.model, row.version, row.since, row.stuck, row.late])
  return [
    ...(gone.length === 0 ? [] : [tx.query(
      `delete from token using unnest($1::uuid[], $2::text[], $3::int[]) as row (instance, element, n)
       where token.instance = row.instance and token.element = row.element and token.n = row.n`,
      [plainColumn(gone, (row) => row.instance), column(gone, (row) => row.element), plainColumn(gone, (row) => row.n)],
    )]),
    ...(rows.length === 0 ? [] : [tx.copy(`copy token (instance, element, n, shard, model, version, since, stuck, late) from stdin`, lines)]),
  ]
}

function replaceDeviations(tx: Transaction, { deviations }: Changes, careful: boolean): Statements {
  const before = deviations.filter((change) => change.had || careful).map((change) => change.instance)
  const lines = deviations.flatMap(({ instance, rows }) => rows.map((row) => copyLine([
    instance, row.kind, row.element, row.item, row.at, row.count, row.provisional, row.accepted,
  ])))
  return [
    ...(before.length === 0 ? [] : [tx.query(`delete from deviation where instance = any($1::uuid[])`, [before])]),
    ...(lines.length === 0 ? [] : [tx.copy(`copy deviation (instance, kind, element, item, at, count, provisional, accepted) from stdin`, lines.join(''))]),
  ]
}

function moveDeadlines(tx: Queryable, { deadlines, goneDeadlines }: Changes): Statements {
  const rows = [...deadlines].sort((a, b) => compare(a.unit, b.unit))
  return [
    ...(goneDeadlines.length === 0 ? [] : [tx.query(`delete from deadline where unit = any($1::uuid[])`, [goneDeadlines])]),
    ...(rows.length === 0 ? [] : [tx.query(
      `insert into deadline (unit, shard, at, model, key) select * from unnest($1::uuid[], $2::int[], $3::bigint[], $4::text[], $5::text[])
       on conflict (unit) do update set at = excluded.at, model = excluded.model, key = excluded.key`,
      [plainColumn(rows, (row) => row.unit), plainColumn(rows, (row) => row.shard), plainColumn(rows, (row) => row.at), column(rows, (row) => row.model), column(rows, (row) => row.key)],
    )]),
  ]
}
