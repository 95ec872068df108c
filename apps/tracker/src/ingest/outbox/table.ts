/** What an outbox table looks like, and the statements that read it. Its shape is the one of Debezium's outbox router, by whatever names. */
import type { Client } from 'pg'
import { escapeIdentifier } from 'pg'
import { type OutboxRole, outboxRoles } from '../../config.js'
import { MAX_EVENTS_BYTES } from '../../http/body-limits.js'
import { TrackerError } from '../../problem.js'
import type { OutboxPosition } from './position.js'

/** The names under which a column is looked for, unless TIDEMARK_OUTBOX_COLUMNS says another. */
const usualNames = {
  id: ['id'],
  type: ['type'],
  aggregatetype: ['aggregatetype'],
  aggregateid: ['aggregateid'],
  payload: ['payload'],
  timestamp: ['timestamp', 'created_at'],
  tracing: ['tracing', 'traceparent', 'tracingspancontext'],
  /** Of type xid8, filled by `default pg_current_xact_id()`. */
  transaction: ['transaction', 'tx'],
  /** The order of rows within a transaction. */
  order: ['order', 'sequence'],
} as const satisfies Record<OutboxRole, readonly string[]>

const REQUIRED: readonly OutboxRole[] = ['id', 'type']

export interface OutboxTable {
  /** Quoted where it must be. */
  readonly name: string
  readonly columns: Readonly<Partial<Record<OutboxRole, { readonly name: string; readonly type: string }>>>
}

/** Finds the columns. Throws `outboxUnusable` with what is missing. */
export async function describeTable(client: Client, table: string, chosen: Readonly<Partial<Record<OutboxRole, string>>>): Promise<OutboxTable> {
  const found = await client.query<{ table: string; column: string; type: string }>(
    `select a.attrelid::regclass::text as table, a.attname as column, format_type(a.atttypid, null) as type
     from pg_attribute a where a.attrelid = to_regclass($1) and a.attnum > 0 and not a.attisdropped`,
    [table],
  )
  const name = found.rows[0]?.table
  if (name === undefined) throw unusable(`there is no table ${table} that this user may see`)
  const types = new Map(found.rows.map(({ column, type }) => [column, type]))
  const columns: Partial<Record<OutboxRole, { name: string; type: string }>> = {}
  for (const role of outboxRoles) {
    const wanted = chosen[role]
    const column = wanted === undefined ? (usualNames[role] as readonly string[]).find((one) => types.has(one) && fits(role, types.get(one)!)) : wanted
    if (column === undefined) continue
    const type = types.get(column)
    if (type === undefined) throw unusable(`the table ${table} has no column ${column} (${role}); its columns are ${[...types.keys()].join(', ')}`)
    if (!fits(role, type)) throw unusable(`the column ${column} of ${table} is ${type}; that of the transaction must be xid8 (default pg_current_xact_id())`)
    columns[role] = { name: column, type }
  }
  const missing = REQUIRED.filter((role) => columns[role] === undefined)
  if (missing.length > 0) {
    const all = [...types.keys()].join(', ')
    throw unusable(`the table ${table} has no column for ${missing.join(' and ')}: name it in TIDEMARK_OUTBOX_COLUMNS; its columns are ${all}`)
  }
  return { name, columns }
}

function fits(role: OutboxRole, type: string): boolean {
  return role !== 'transaction' || type === 'xid8'
}

export interface OutboxRow {
  readonly transaction: string
  /** As Postgres writes it; null where commit times are not kept, or not of this one. */
  readonly committed: string | null
  readonly id: string | null
  readonly type: string | null
  readonly aggregatetype: string | null
  readonly aggregateid: string | null
  /** Text as Postgres writes it, base64 of bytes; null where there is none, or where it is too large. */
  readonly payload: string | null
  readonly payload_bytes: number
  readonly timestamp: string | null
  readonly tracing: string | null
}

/** What the database says of itself when a read transaction begins. */
export interface OutboxMoment {
  /** What is visible now. */
  readonly snapshot: string
  readonly keepsCommitTimes: boolean
}

const SNAPSHOT = /^\d+:\d+:[\d,]*$/
const COMMITTED = /^(?:-infinity|\d{4,}-[\d :.+-]+)$/

/**
 * Reads a set of rows in the order in which their transactions committed, whole transactions one after the other. Commit times are used where
 * the server keeps them (`track_commit_timestamp`), else the order within one set is that in which the transactions began to write.
 *
 * Without a column for the transaction it is taken from the row's own `xmin`, which may be that of a part of a transaction (a savepoint): such
 * ids cannot be compared with a snapshot, only with its lower end. That is why `target` is only that end then (see {@link targetOf}); and
 * no index helps to find the rows.
 */
export function declareCursor(cursor: string, { name, columns }: OutboxTable, position: OutboxPosition, target: string, now: OutboxMoment): string {
  const { read, within } = position
  for (const snapshot of [read, target, now.snapshot]) if (!SNAPSHOT.test(snapshot)) throw new TypeError(`not a snapshot: ${snapshot}`)
  const transaction = columns.transaction === undefined ? widened('o.xmin', now.snapshot) : `o.${escapeIdentifier(columns.transaction.name)}`
  const committed = now.keepsCommitTimes ? `coalesce(pg_xact_commit_timestamp(t.transaction::xid), '-infinity'::timestamptz)` : undefined
  const behind = within === undefined ? 'true' : behindOf(within, committed)
  const order = [committed, 't.transaction', columned('order', columns), columned('timestamp', columns), 't.part', 't.place'].filter((one) => one !== undefined)
  return `declare ${cursor} no scroll cursor for
    select t.transaction::text as transaction, ${committed === undefined ? 'null' : `${committed}::text`} as committed,
      ${textOf('id', columns)}, ${textOf('type', columns)}, ${textOf('aggregatetype', columns)}, ${textOf('aggregateid', columns)}, ${textOf('tracing', columns)},
      ${payloadOf(columns)}, ${timestampOf(columns)}
    from (select o.*, ${transaction} as transaction, o.tableoid as part, o.ctid as place from ${name} o) t
    where t.transaction >= pg_snapshot_xmin('${read}'::pg_snapshot)
      and pg_visible_in_snapshot(t.transaction, '${target}') and not pg_visible_in_snapshot(t.transaction, '${read}') and ${behind}
    order by ${order.join(', ')}`
}

/** What of a snapshot may be compared with the ids that the table has. */
export function targetOf({ columns }: OutboxTable, snapshot: string): string {
  const [xmin] = snapshot.split(':')
  return columns.transaction === undefined ? `${xmin}:${xmin}:` : snapshot
}

/** A row's own transaction id has 32 bits: the newest id of 64 that ends in them and is not in the future. */
function widened(xmin: string, snapshot: string): string {
  const top = snapshot.split(':')[1]!
  return `greatest(3, ${top}::bigint - ((${top}::bigint - ${xmin}::text::bigint) & 4294967295))::text::xid8`
}

function behindOf({ committed: time, transaction }: NonNullable<OutboxPosition['within']>, committed: string | undefined): string {
  if (!/^\d+$/.test(transaction) || (time !== undefined && !COMMITTED.test(time))) throw new TypeError('not a position of an outbox')
  // Where commit times are kept now and were not then, or the other way round, the set is taken again: the log knows the events by their keys.
  if ((time === undefined) !== (committed === undefined)) return 'true'
  return committed === undefined ? `t.transaction > '${transaction}'::xid8` : `(${committed}, t.transaction) > ('${time}'::timestamptz, '${transaction}'::xid8)`
}

type Columns = OutboxTable['columns']

function columned(role: OutboxRole, columns: Columns): string | undefined {
  const column = columns[role]
  return column === undefined ? undefined : `t.${escapeIdentifier(column.name)}`
}

function textOf(role: OutboxRole, columns: Columns): string {
  const column = columned(role, columns)
  return `${column === undefined ? 'null' : `${column}::text`} as ${role}`
}

function payloadOf(columns: Columns): string {
  const column = columned('payload', columns)
  if (column === undefined) return 'null as payload, 0 as payload_bytes'
  const text = columns.payload?.type === 'bytea' ? `translate(encode(${column}, 'base64'), E'\\n', '')` : `${column}::text`
  return `case when octet_length(${text}) <= ${MAX_EVENTS_BYTES} then ${text} end as payload, coalesce(octet_length(${text}), 0) as payload_bytes`
}

function timestampOf(columns: Columns): string {
  const column = columned('timestamp', columns)
  if (column === undefined) return 'null as timestamp'
  const type = columns.timestamp!.type
  if (!type.startsWith('timestamp') && type !== 'date') return `${column}::text as timestamp`
  const inUtc = type === 'timestamp with time zone' ? `${column} at time zone 'UTC'` : column
  return `to_char(${inUtc}, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as timestamp`
}

export function unusable(what: string): TrackerError {
  return new TrackerError('outboxUnusable', 500, `The outbox cannot be read: ${what}.`)
}
