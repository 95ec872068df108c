/**
 * The derived tables as text, for comparing two databases row by row. What is no state is left out: see state-tables.ts.
 */
import type { Queryable } from '../../apps/tracker/src/store/database.js'
import { STATE_TABLES } from '../../apps/tracker/src/store/state-tables.js'

/** Differences that are told: one cause often shows in thousands of rows. */
const MAX_TOLD = 12

/** By table: its rows as JSON with sorted keys, sorted. */
export async function readTables(db: Queryable): Promise<Map<string, string[]>> {
  const tables = new Map<string, string[]>()
  for (const [table, { without = [], unless }] of Object.entries(STATE_TABLES)) {
    const rows = await db.query<{ row: string }>(
      `select (to_jsonb(t) - $1::text[])::text as row from ${table} t ${unless === undefined ? '' : `where not (${unless})`}`, [without])
    tables.set(table, rows.map(({ row }) => row).sort())
  }
  return tables
}

/** What one has and the other has not, per table; empty where both say the same. */
export function differences(a: ReadonlyMap<string, readonly string[]>, b: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = []
  for (const [table, rows] of a) {
    const other = b.get(table) ?? []
    const [ours, theirs] = [new Set(rows), new Set(other)]
    for (const row of rows) if (!theirs.has(row)) found.push(`${table}: only the first has ${row}`)
    for (const row of other) if (!ours.has(row)) found.push(`${table}: only the second has ${row}`)
    if (rows.length !== other.length) found.push(`${table}: ${rows.length} rows and ${other.length}`)
  }
  return found.length <= MAX_TOLD ? found : [...found.slice(0, MAX_TOLD), `and ${found.length - MAX_TOLD} more`]
}

/** An empty database again, in a fraction of the time that a new one takes. */
export async function emptyTables(db: Queryable): Promise<void> {
  const tables = await db.query<{ name: string }>(
    `select tablename as name from pg_tables where schemaname = current_schema() and tablename <> 'schema_migration'`)
  await db.query(`truncate ${tables.map(({ name }) => `"${name}"`).join(', ')}`)
}
