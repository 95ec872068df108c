/**
 * Indexes that only readers need are made when the fresh tables are full: made at once over all rows they cost a fraction of what they cost row
 * by row. Which there are to be is what the tables in use have.
 */
import type { Database } from '../database.js'
import { sideBySide } from './fresh-tables.js'

/** What folding itself looks things up by, beside primary keys. */
const NEEDED_BY_FOLDING: readonly string[] = ['instance_unit', 'instance_closed', 'deadline_at']

interface Index {
  readonly name: string
  readonly definition: string
}

export async function dropLateIndexes(db: Database, schema: string): Promise<void> {
  for (const { name } of await indexesOf(db, schema)) {
    if (!NEEDED_BY_FOLDING.includes(name)) await db.query(`drop index ${schema}."${name}"`)
  }
}

/** Those that the tables in use have and the fresh ones do not. Writers of a table wait meanwhile. */
export async function makeLateIndexes(db: Database, schema: string): Promise<void> {
  const [row] = await db.query<{ home: string }>(`select current_schema() as home`)
  const home = row?.home ?? 'public'
  const present = new Set((await indexesOf(db, schema)).map(({ name }) => name))
  const missing = (await indexesOf(db, home)).filter(({ name }) => !present.has(name))
  await sideBySide(db, missing.map(({ definition }) => {
    const table = definition.includes(` ON ONLY ${home}.`) ? ` ON ONLY ${home}.` : ` ON ${home}.`
    return definition.replace(table, ` ON ${schema}.`)
  })).catch(alreadyMade)
}

/** SQLSTATE duplicate_table, unique_violation, lock_not_available. */
const [TAKEN, TAKEN_MEANWHILE, PASSES] = ['42P07', '23505', '55P03']

/** The server goes on with what a session asked for whose connection was lost: who tries again looks when that is made. */
function alreadyMade(error: unknown): never {
  const { code } = error as { readonly code?: unknown }
  if (code !== TAKEN && code !== TAKEN_MEANWHILE) throw error
  throw Object.assign(new Error('an index is made by a session before, whose connection was lost', { cause: error }), { code: PASSES })
}

/** Neither those of constraints, nor those that partitions have from their parent. */
function indexesOf(db: Database, schema: string): Promise<readonly Index[]> {
  return db.query<{ name: string; definition: string }>(
    `select class.relname as name, pg_get_indexdef(index.indexrelid) as definition from pg_index as index join pg_class as class on class.oid = index.indexrelid
     where class.relnamespace = to_regnamespace($1) and not exists (select 1 from pg_constraint where conindid = index.indexrelid)
       and not exists (select 1 from pg_inherits where inhrelid = index.indexrelid) order by 1`, [schema])
}
