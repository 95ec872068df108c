import { join } from 'node:path'
import type { Settings } from '../config.js'
import type { Database } from './database.js'
import { migrate } from './migrate.js'
import { patiently } from './patiently.js'
import { openPglite, type PgliteOptions } from './pglite/open-pglite.js'
import { openPostgres } from './postgres/open-postgres.js'

/** A step that rewrites a large table takes minutes; no statement of following does. */
const MIGRATION_TIMEOUT_MS = 3_600_000

/**
 * Opens the database the settings name and brings its schema up to date. The embedded one lives in `<dataDir>/db`; whoever opens it must own
 * the data directory (the log's lock says so): two processes on it would destroy it.
 */
export async function openDatabase(settings: Pick<Settings, 'dataDir' | 'databaseUrl'>, options: PgliteOptions = {}): Promise<Database> {
  if (settings.databaseUrl !== undefined) {
    await migrated(await openPostgres(settings.databaseUrl, { queryTimeoutMs: MIGRATION_TIMEOUT_MS })).then((database) => database.close())
    return openPostgres(settings.databaseUrl)
  }
  return migrated(await openPglite(join(settings.dataDir, 'db'), options))
}

async function migrated(database: Database): Promise<Database> {
  try {
    await patiently('bringing the schema up to date', undefined, () => migrate(database))
  } catch (error) {
    await database.close()
    throw error
  }
  return database
}
