/**
 * A number for the rows of a table, in whatever order: the sum of a hash of each. Two tables with the same number hold the same rows (60 bits, not
 * against somebody who wants to deceive). And which tables of two schemas are the same state, where each was folded in its own way.
 */
import type { Database, Queryable } from '../database.js'
import { STATE_TABLES, type StateTable } from '../state-tables.js'

export interface Digest {
  readonly rows: number
  readonly digest: string
}

/** Of a table in one statement: some 64 MB of rows, which take a second or two. */
const PORTION_BLOCKS = 8_192

/** @param condition which rows; the session must be in UTC, where times are among the columns */
export async function digestOf(db: Queryable, table: string, condition: string): Promise<Digest> {
  return digestOfRows(db, `select to_jsonb(t)::text as row from ${table} as t where ${condition}`)
}

/** Of a whole table, in portions, so that others have their turn and no statement takes long. */
export async function digestOfTable(db: Database, table: string): Promise<Digest> {
  return inPortions(db, table, async (within) => {
    const [, digest] = await db.transaction((tx) => Promise.all([tx.query(`set local timezone to 'UTC'`), digestOf(tx, table, within)]))
    return digest
  })
}

export function sumOf(digests: readonly Digest[]): Digest {
  return { rows: digests.reduce((sum, { rows }) => sum + rows, 0), digest: String(digests.reduce((sum, { digest }) => sum + BigInt(digest), 0n)) }
}

/** Blocks that a table has. */
export async function blocksOf(db: Queryable, table: string): Promise<number> {
  const [row] = await db.query<{ blocks: string }>(`select pg_relation_size(to_regclass($1)) / current_setting('block_size')::int as blocks`, [table])
  return Number(row?.blocks ?? 0)
}

/** A condition: the rows of so many blocks from one on. */
export function blocksFrom(block: number, count: number): string {
  return `ctid >= '(${block},0)' and ctid < '(${block + count},0)'`
}

async function inPortions(db: Queryable, table: string, digestWithin: (condition: string) => Promise<Digest>): Promise<Digest> {
  const digests: Digest[] = []
  for (let block = 0, blocks = await blocksOf(db, table); block < blocks; block += PORTION_BLOCKS) digests.push(await digestWithin(blocksFrom(block, PORTION_BLOCKS)))
  return sumOf(digests)
}

async function digestOfRows(db: Queryable, rows: string): Promise<Digest> {
  const [row] = await db.query<{ rows: string; digest: string }>(
    `select count(*)::text as rows, coalesce(sum(('x' || left(md5(row), 15))::bit(60)::bigint), 0)::text as digest from (${rows}) as t`)
  return { rows: Number(row?.rows ?? 0), digest: row?.digest ?? '0' }
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

function stateDigest(db: Queryable, table: string, shown: StateTable): Promise<Digest> {
  return inPortions(db, table, (within) => digestOfRows(db, rowsOf(table, shown, within)))
}

/** What is kept as text may be spelled otherwise: Postgres itself has written what is older than the step of the schema that made text of it. */
function rowsOf(table: string, { without = [], json = [], unless }: StateTable, within = 'true'): string {
  const left = without.map((column) => ` - '${column}'`).join('')
  const read = json.length === 0 ? '' : ` || jsonb_build_object(${json.map((column) => `'${column}', t.${column}::jsonb`).join(', ')})`
  return `select (to_jsonb(t)${left}${read})::text as row from ${table} as t where ${within}${unless === undefined ? '' : ` and not (${unless})`}`
}
