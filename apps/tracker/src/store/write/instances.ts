/** Instances with their tokens, deviations and next deadline. New rows are copied, which is the bulk of an import; others are updated. */
import { bigints, booleans, copyRows, ints, jsons, texts, uuids } from '../binary.js'
import type { Queryable, Writing } from '../database.js'
import type { Changes, InstanceRow } from './changes.js'
import { compare, type Statements } from './rows.js'

/** @param careful rows that should be new may be there already: they are replaced */
export function writeInstances(tx: Writing, changes: Changes, careful: boolean): Statements {
  const { instances } = changes
  const fresh = instances.filter((row) => row.isNew)
  return [
    ...(careful ? deleteInstances(tx, fresh.map((row) => row.id)) : []), ...copyInstances(tx, fresh), ...updateInstances(tx, instances.filter((row) => !row.isNew)),
    // What goes is deleted last: who takes its place takes the ids over that it had before.
    ...inheritIds(tx, instances.filter((row) => row.formerIds.length > 0)), ...deleteInstances(tx, changes.goneInstances),
    ...replaceTokens(tx, changes, careful), ...replaceDeviations(tx, changes, careful), ...moveDeadlines(tx, changes),
  ]
}

function deleteInstances(tx: Queryable, gone: readonly string[]): Statements {
  return gone.length === 0 ? [] : [tx.query(`delete from instance where id = any($1::uuid[])`, [uuids(gone, (id) => id)])]
}

const COLUMNS = `id, unit, run, shard, model, version, key, former_ids, status, stuck, late, deviations, settling, approximate,
  started_at, last_event_at, ended_at, closed_at, shown_at, position, tokens_json, variables_json`

function copyInstances(tx: Writing, rows: readonly InstanceRow[]): Statements {
  if (rows.length === 0) return []
  return [tx.copy(`copy instance (${COLUMNS}) from stdin (format binary)`, copyRows(rows, 22, (out, row) => {
    out.uuid(row.id).uuid(row.unit).int(row.run).int(row.shard).text(row.model).int(row.version).text(row.key).uuids(row.formerIds).text(row.status)
      .boolean(row.stuck).boolean(row.late).int(row.deviations).boolean(row.settling).boolean(row.approximate)
      .bigint(row.startedAt).bigint(row.lastEventAt).bigint(row.endedAt).bigint(row.closedAt).bigint(row.shownAt).bigint(row.position).json(row.tokens).json(row.variables)
  }))]
}

/** What never changes of an instance is not sent again. */
function updateInstances(tx: Queryable, rows: readonly InstanceRow[]): Statements {
  if (rows.length === 0) return []
  return [tx.query(
    `update instance set version = row.version, former_ids = instance.former_ids || row.former_ids::uuid[],
       run = row.run, status = row.status, stuck = row.stuck, late = row.late, deviations = row.deviations, settling = row.settling, approximate = row.approximate,
       started_at = row.started_at, last_event_at = row.last_event_at, ended_at = row.ended_at, closed_at = row.closed_at, shown_at = row.shown_at, position = row.position,
       tokens_json = row.tokens, variables_json = coalesce(row.variables, instance.variables_json)
     from unnest($1::uuid[], $2::int[], $3::text[], $4::int[], $5::text[], $6::boolean[], $7::boolean[], $8::int[], $9::boolean[], $10::boolean[], $11::bigint[],
       $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[], $16::text[], $17::text[], $18::bigint[])
       as row (id, version, former_ids, run, status, stuck, late, deviations, settling, approximate, started_at, last_event_at, ended_at, shown_at, position, tokens, variables, closed_at)
     where instance.id = row.id`,
    [
      uuids(rows, (row) => row.id), ints(rows, (row) => row.version), texts(rows, (row) => (row.formerIds.length === 0 ? null : `{${row.formerIds.join(',')}}`)), ints(rows, (row) => row.run),
      texts(rows, (row) => row.status), booleans(rows, (row) => row.stuck), booleans(rows, (row) => row.late), ints(rows, (row) => row.deviations),
      booleans(rows, (row) => row.settling), booleans(rows, (row) => row.approximate), bigints(rows, (row) => row.startedAt), bigints(rows, (row) => row.lastEventAt),
      bigints(rows, (row) => row.endedAt), bigints(rows, (row) => row.shownAt), bigints(rows, (row) => row.position), jsons(rows, (row) => row.tokens),
      jsons(rows, (row) => row.variables), bigints(rows, (row) => row.closedAt),
    ],
  )]
}

function inheritIds(tx: Queryable, heirs: readonly InstanceRow[]): Statements {
  if (heirs.length === 0) return []
  return [tx.query(
    `update instance as heir set former_ids = heir.former_ids || array(select unnest(gone.former_ids) from instance as gone where gone.id = any(heir.former_ids))
     where heir.id = any($1::uuid[])`, [uuids(heirs, (row) => row.id)],
  )]
}

function replaceTokens(tx: Writing, { tokens, goneTokens }: Changes, careful: boolean): Statements {
  const gone = careful ? [...goneTokens, ...tokens] : goneTokens
  return [
    ...(gone.length === 0 ? [] : [tx.query(
      `delete from token using unnest($1::uuid[], $2::text[], $3::int[]) as row (instance, element, n)
       where token.instance = row.instance and token.element = row.element and token.n = row.n`,
      [uuids(gone, (row) => row.instance), texts(gone, (row) => row.element), ints(gone, (row) => row.n)],
    )]),
    ...(tokens.length === 0 ? [] : [tx.copy(
      `copy token (instance, element, n, shard, model, version, since, stuck, late) from stdin (format binary)`,
      copyRows(tokens, 9, (out, row) => {
        out.uuid(row.instance).text(row.element).int(row.n).int(row.shard).text(row.model).int(row.version).bigint(row.since).boolean(row.stuck).boolean(row.late)
      }),
    )]),
  ]
}

function replaceDeviations(tx: Writing, { deviations }: Changes, careful: boolean): Statements {
  const before = deviations.filter((change) => change.had || careful).map((change) => change.instance)
  const rows = deviations.flatMap((change) => change.rows.map((row) => ({ instance: change.instance, ...row })))
  return [
    ...(before.length === 0 ? [] : [tx.query(`delete from deviation where instance = any($1::uuid[])`, [uuids(before, (id) => id)])]),
    ...(rows.length === 0 ? [] : [tx.copy(
      `copy deviation (instance, kind, element, item, at, count, provisional, accepted) from stdin (format binary)`,
      copyRows(rows, 8, (out, row) => {
        out.uuid(row.instance).text(row.kind).text(row.element).text(row.item).bigint(row.at).int(row.count).boolean(row.provisional).boolean(row.accepted)
      }),
    )]),
  ]
}

function moveDeadlines(tx: Queryable, { deadlines, goneDeadlines }: Changes): Statements {
  const rows = [...deadlines].sort((a, b) => compare(a.unit, b.unit))
  return [
    ...(goneDeadlines.length === 0 ? [] : [tx.query(`delete from deadline where unit = any($1::uuid[])`, [uuids(goneDeadlines, (unit) => unit)])]),
    ...(rows.length === 0 ? [] : [tx.query(
      `insert into deadline (unit, shard, at, model, key) select * from unnest($1::uuid[], $2::int[], $3::bigint[], $4::text[], $5::text[])
       on conflict (unit) do update set at = excluded.at, model = excluded.model, key = excluded.key`,
      [uuids(rows, (row) => row.unit), ints(rows, (row) => row.shard), bigints(rows, (row) => row.at), texts(rows, (row) => row.model), texts(rows, (row) => row.key)],
    )]),
  ]
}
