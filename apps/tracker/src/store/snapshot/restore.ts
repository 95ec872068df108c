/**
 * A snapshot takes the place of the tables in use, in one transaction, or stands in for a database that is empty; what the log has said since is then
 * followed. What is not in the log is kept as the tables in use have it; the snapshot has what an empty database lacks.
 */
import type { Database, Transaction } from '../database.js'
import { dropFreshTables } from '../rebuild/fresh-tables.js'
import { makeLateIndexes } from '../rebuild/late-indexes.js'
import { swapTables } from '../rebuild/swap.js'
import type { Snapshot } from './files.js'
import { loadSnapshot } from './load.js'
import { usableSnapshots, type LogOfSnapshots } from './sound.js'
import { TrackerError } from '../../problem.js'

export const RESTORE_SCHEMA = 'tidemark_restore'
/** Any fixed number will do. */
const RESTORE_LOCK = 7_433_626

export async function restoreSnapshot(db: Database, snapshot: Snapshot, onRows?: (rows: number) => void): Promise<void> {
  try {
    await loadSnapshot(db, snapshot, RESTORE_SCHEMA, onRows)
    await makeLateIndexes(db, RESTORE_SCHEMA)
    await swapTables(db, RESTORE_SCHEMA, { also: takeKept })
  } catch (error) {
    await dropFreshTables(db, RESTORE_SCHEMA).catch(() => undefined)
    throw error
  }
}

/**
 * Where nothing is folded yet, the newest snapshot that is sound is where following begins. Answers it; undefined where there is none, or the tables
 * are not empty. `because`: told of each that could not be used.
 */
export async function beginFromSnapshot(db: Database, log: LogOfSnapshots, dir: string, because: (name: string, reason: string) => void): Promise<Snapshot | undefined> {
  if (!(await isEmpty(db))) return undefined
  if (db.embedded) return newestThatLoads(db, log, dir, because)
  // Processes that start at once: one does it, and the others find it done.
  return db.transaction(async (tx) => {
    await tx.query(`select pg_advisory_xact_lock(${RESTORE_LOCK})`)
    return (await isEmpty(db)) ? newestThatLoads(db, log, dir, because) : undefined
  })
}

async function isEmpty(db: Database): Promise<boolean> {
  return (await db.query(`select 1 from shard limit 1`)).length === 0
}

async function newestThatLoads(db: Database, log: LogOfSnapshots, dir: string, because: (name: string, reason: string) => void): Promise<Snapshot | undefined> {
  for (const snapshot of await usableSnapshots(dir, log, because)) {
    try {
      await restoreSnapshot(db, snapshot)
      return snapshot
    } catch (error) {
      if (!(error instanceof TrackerError) || (error.code !== 'snapshotDamaged' && error.code !== 'snapshotNewer')) throw error
      because(snapshot.name, error.detail)
    }
  }
  return undefined
}

async function takeKept(tx: Transaction, home: string): Promise<void> {
  await tx.query(`insert into ${home}.job select * from ${RESTORE_SCHEMA}.job on conflict (id) do nothing`)
  await tx.query(`insert into ${home}.setting select * from ${RESTORE_SCHEMA}.setting on conflict (name) do nothing`)
  // How many shards there are is a matter of the tables that come.
  await tx.query(`update ${home}.setting as own set value = its.value from ${RESTORE_SCHEMA}.setting as its where own.name = 'shards' and its.name = 'shards'`)
}
