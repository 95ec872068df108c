/** Commands as they were decided; deliver moves them on. */
import { bigints, ints, texts, uuids } from '../binary.js'
import type { Queryable } from '../database.js'
import type { Changes } from './changes.js'
import { compare, type Statements } from './rows.js'

export function changeCommands(tx: Queryable, { commands, goneCommands }: Changes): Statements {
  const statements: Statements = []
  const written = new Set(commands.map((row) => row.id))
  const gone = goneCommands.filter((id) => !written.has(id))
  if (gone.length > 0) statements.push(tx.query(`delete from command where id = any($1::uuid[])`, [gone]))
  const rows = [...commands].sort((a, b) => compare(a.id, b.id))
  if (rows.length > 0) {
    statements.push(tx.query(
      `insert into command (id, unit, instance, shard, model, version, key, element, cause, type, target, data, status, decided_at, leaves_at, left_at, delivered_at, note)
       select id, unit, instance, shard, model, version, key, element, cause, type, target, data::jsonb, status, decided_at, leaves_at, left_at, delivered_at, note
       from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[], $5::text[], $6::int[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[],
         $13::text[], $14::bigint[], $15::bigint[], $16::bigint[], $17::bigint[], $18::text[])
         as row (id, unit, instance, shard, model, version, key, element, cause, type, target, data, status, decided_at, leaves_at, left_at, delivered_at, note)
       on conflict (id) do update set instance = excluded.instance, cause = excluded.cause, status = excluded.status, leaves_at = excluded.leaves_at,
         left_at = excluded.left_at, delivered_at = excluded.delivered_at, note = excluded.note,
         data = excluded.data, decided_at = excluded.decided_at,
         next_attempt_at = case when excluded.status = 'sending' and command.status not in ('sending', 'failed') then now() else command.next_attempt_at end`,
      [
        uuids(rows, (row) => row.id), uuids(rows, (row) => row.unit), uuids(rows, (row) => row.instance), ints(rows, (row) => row.shard), texts(rows, (row) => row.model),
        ints(rows, (row) => row.version), texts(rows, (row) => row.key), texts(rows, (row) => row.element), texts(rows, (row) => clean(row.cause)), texts(rows, (row) => row.type),
        texts(rows, (row) => row.target), texts(rows, (row) => row.data), texts(rows, (row) => row.status), bigints(rows, (row) => row.decidedAt), bigints(rows, (row) => row.leavesAt),
        bigints(rows, (row) => row.leftAt), bigints(rows, (row) => row.deliveredAt), texts(rows, (row) => row.note),
      ],
    ))
  }
  return statements
}

/** Causes name a source and an id with NUL between them, which Postgres does not take. */
function clean(cause: string): string {
  return cause.replaceAll('\u0000', ' ')
}
