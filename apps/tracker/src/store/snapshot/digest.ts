/**
 * A number for the rows of a table, in whatever order: the sum of a hash of each. Two tables with the same number hold the same rows (60 bits, not
 * against somebody who wants to deceive). And which tables of two schemas are the same state, where each was folded in its own way.
 */
import type { Queryable } from '../database.js'
import { STATE_TABLES, type StateTable } from '../state-tables.js'

export interface Digest {
  readonly rows: number
  readonly digest: string
}

const OF_ROWS = (row: string) => `count(*)::text as rows, coalesce(sum(('x' || left(md5(${row}), 15))::bit(60)::bigint), 0)::text as digest`

/** @param condition which rows; the session must be in UTC, where times are among the columns */
export async function digestOf(db: Queryable, table: string, condition = 'true'): Promise<Digest> {
  const [row] = await db.query<{ rows: string; digest: string }>(`select ${OF_ROWS('to_jsonb(t)::text')} from ${table} as t where ${condition}`)
  return { rows: Number(row?.rows ?? 0), digest: row?.digest ?? '0' }
}

export function sumOf(digests: readonly Digest[]): Digest {
  return { rows: digests.reduce((sum, { rows }) => sum + rows, 0), digest: String(digests.reduce((sum, { digest }) => sum + BigInt(digest), 0n)) }
}

/** Tables whose state differs, with how many rows each has and one that only one of them has; empty where both say the same. */
export async function differencesOf(db: Queryable, one: string, other: string): Promise<readonly string[]> {
  const told: string[] = []
  for (const [table, shown] of Object.entries(STATE_TABLES)) {
    const [a, b] = [await stateDigest(db, `${one}.${table}`, shown), await stateDigest(db, `${other}.${table}`, shown)]
    if (a.rows === b.rows && a.digest === b.digest) continue
    const [sample] = await db.query<{ row: string }>(
      `(${rowsOf(`${one}.${table}`, shown)} except ${rowsOf(`${other}.${table}`, shown)}) union all (${rowsOf(`${other}.${table}`, shown)} except ${rowsOf(`${one}.${table}`, shown)}) limit 1`)
    told.push(`${table}: ${a.rows} rows and ${b.rows}${sample === undefined ? '' : `; one that only one side has: ${sample.row.slice(0, 400)}`}`)
  }
  return told
}

async function stateDigest(db: Queryable, table: string, shown: StateTable): Promise<Digest> {
  const [row] = await db.query<{ rows: string; digest: string }>(`select ${OF_ROWS('row')} from (${rowsOf(table, shown)}) as t`)
  return { rows: Number(row?.rows ?? 0), digest: row?.digest ?? '0' }
}

function rowsOf(table: string, { without = [], unless }: StateTable): string {
  const left = without.map((column) => ` - '${column}'`).join('')
  return `select (to_jsonb(t)${left})::text as row from ${table} as t${unless === undefined ? '' : ` where not (${unless})`}`
}
