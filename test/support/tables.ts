/**
 * The derived tables as text, for comparing two databases row by row. Left out is what says when and how often something was tried or looked
 * at, which is no state: attempts, times of commits, what a cut in the log made visible for a moment.
 */
import type { Queryable } from '../../apps/tracker/src/store/database.js'

/** Differences that are told: one cause often shows in thousands of rows. */
const MAX_TOLD = 12

interface Shown {
  /** Columns that two folds of one log may differ in. */
  readonly without?: readonly string[]
  /** Rows that mean the same as none. */
  readonly unless?: string
}

const TABLES: Readonly<Record<string, Shown>> = {
  shard: { without: ['epoch', 'owner'] },
  model_version: { without: ['position'] },
  model_shard: { without: ['position'] },
  // Ids that a run had before depend on which of its events were folded together.
  instance: { without: ['shown_at', 'position', 'former_ids'] },
  instance_event: {},
  token: {},
  deadline: {},
  deviation: {},
  instance_key: {},
  waiting_event: {},
  faulted_unit: { without: ['since'] },
  event_fate: {},
  event_type: {},
  model_count: { unless: 'active = 0 and completed = 0 and terminated = 0' },
  element_count: { unless: 'tokens = 0 and stuck = 0 and late = 0 and deviating = 0 and visits = 0' },
  flow_count: { unless: 'count = 0' },
  element_duration: { unless: 'count = 0' },
  // A quiet one was never told of: its cause was there for a moment that another cut may not see.
  alert: { unless: `status = 'quiet'` },
  // The clock of the commit that saw it first: what is said of alerts is always folded behind it.
  alert_member: { without: ['joined_at'] },
  command: { without: ['attempts', 'next_attempt_at', 'error'] },
  operation: {},
  dropped_unit: {},
  dropped_history: {},
}

/** By table: its rows as JSON with sorted keys, sorted. */
export async function readTables(db: Queryable): Promise<Map<string, string[]>> {
  const tables = new Map<string, string[]>()
  for (const [table, { without = [], unless }] of Object.entries(TABLES)) {
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
