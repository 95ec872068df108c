/** Tables beside the ones in use: the same names in a schema of their own, in which a second tracker folds the log from its beginning. */
import type { Database } from '../database.js'
import { migrate } from '../migrate.js'

export const REBUILD_SCHEMA = 'tidemark_rebuild'

/** What is not a function of the log stays as it is. See docs/ARCHITECTURE.md. */
export const KEPT_TABLES: readonly string[] = ['job', 'schema_migration', 'setting']

/** The same database as seen from that schema. Closing it closes nothing. */
export function freshTables(db: Database): Database {
  const within: Database['transaction'] = (run, options) => db.transaction(async (tx) => {
    // Not awaited by itself: it goes ahead of the statements behind it, and if it fails they do.
    const [, result] = await Promise.all([tx.query(`set local search_path to ${REBUILD_SCHEMA}`), run(tx)])
    return result
  }, options)
  return { embedded: db.embedded, query: (sql, params) => within((tx) => tx.query(sql, params)), transaction: within, close: async () => undefined }
}

/** Empty tables, whatever was there before. */
export async function makeFreshTables(db: Database): Promise<Database> {
  await dropFreshTables(db)
  await db.query(`create schema ${REBUILD_SCHEMA}`)
  const fresh = freshTables(db)
  await migrate(fresh)
  return fresh
}

export async function dropFreshTables(db: Database): Promise<void> {
  await db.query(`drop schema if exists ${REBUILD_SCHEMA} cascade`)
}

export async function haveFreshTables(db: Database): Promise<boolean> {
  return (await db.query(`select 1 from pg_tables where schemaname = $1 and tablename = 'shard'`, [REBUILD_SCHEMA])).length > 0
}
