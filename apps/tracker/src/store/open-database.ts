import { join } from 'node:path'
import type { Settings } from '../config.js'
import type { Database } from './database.js'
import { migrate } from './migrate.js'
import { openPglite } from './pglite/open-pglite.js'
import { openPostgres } from './postgres/open-postgres.js'

/**
 * Opens the database the settings name and brings its schema up to date. The embedded one lives in `<dataDir>/db`; whoever opens it must own
 * the data directory (the log's lock says so): two processes on it would destroy it.
 */
export async function openDatabase(settings: Pick<Settings, 'dataDir' | 'databaseUrl'>): Promise<Database> {
  const database =
    settings.databaseUrl === undefined ? await openPglite(join(settings.dataDir, 'db')) : await openPostgres(settings.databaseUrl)
  try {
    await migrate(database)
  } catch (error) {
    await database.close()
    throw error
  }
  return database
}
