/** Tables beside the ones in use: the same names in a schema of their own, in which a second tracker folds the log. */
import type { Database } from '../database.js'
import { migrate } from '../migrate.js'

export const REBUILD_SCHEMA = 'tidemark_rebuild'

/** What is not a function of the log stays as it is. See docs/ARCHITECTURE.md. */
export const KEPT_TABLES: readonly string[] = ['job', 'member', 'schema_migration', 'setting']

/** The same database as seen from that schema. Closing it closes nothing. */
export function freshTables(db: Database, schema = REBUILD_SCHEMA): Database {
  const within: Database['transaction'] = (run, options) => db.transaction(async (tx) => {
    // Not awaited by itself: it goes ahead of the statements behind it, and if it fails they do.
    const [, result] = await Promise.all([tx.query(`set local search_path to ${schema}`), run(tx)])
    return result
  }, options)
  return { embedded: db.embedded, query: (sql, params) => within((tx) => tx.query(sql, params)), transaction: within, close: async () => undefined }
}

/** Empty tables, whatever was there before. */
export async function makeFreshTables(db: Database, schema = REBUILD_SCHEMA): Promise<Database> {
  await dropFreshTables(db, schema)
  await db.query(`create schema ${schema}`)
  const fresh = freshTables(db, schema)
  await migrate(fresh)
  return fresh
}

export async function dropFreshTables(db: Database, schema = REBUILD_SCHEMA): Promise<void> {
  await db.query(`drop schema if exists ${schema} cascade`)
}

export async function haveFreshTables(db: Database, schema = REBUILD_SCHEMA): Promise<boolean> {
  return (await db.query(`select 1 from pg_tables where schemaname = $1 and tablename = 'shard'`, [schema])).length > 0
}

/** Without them the next plan is many times slower. Of JSON nothing could be said, and reading it takes most of the time: where it is text, its column has no target. */
export async function analyzeFreshTables(db: Database, schema = REBUILD_SCHEMA): Promise<void> {
  const tables = await db.query<{ name: string; columns: string }>(
    `select c.relname as name, string_agg(quote_ident(a.attname), ', ') as columns from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     where c.relnamespace = to_regnamespace($1) and c.relkind = 'r' and a.attstattarget is distinct from 0 and a.atttypid not in ('json'::regtype, 'jsonb'::regtype)
     group by c.relname order by c.relname`, [schema])
  await sideBySide(db, tables.map(({ name, columns }) => `analyze ${schema}."${name}" (${columns})`))
}

/** In any order, by two sessions where there is more than one. Throws what failed first, when none is under way any more. */
export async function sideBySide(db: Database, statements: readonly string[]): Promise<void> {
  const left = [...statements]
  const session = async () => {
    for (let sql = left.shift(); sql !== undefined; sql = left.shift()) await db.query(sql)
  }
  const ended = await Promise.allSettled(db.embedded ? [session()] : [session(), session()])
  for (const one of ended) if (one.status === 'rejected') throw one.reason
}
