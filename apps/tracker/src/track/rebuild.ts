/**
 * State folded again from the log, beside the tables in use, by a second tracker; when it has come as far as the live one, that pauses, and the
 * tables are swapped at once. Progress stands in the row of the job: after a restart or a pause it goes on where the fresh tables stand, which is
 * at most what a backlog holds behind where it was.
 *
 * Where the log has been trimmed it begins from the newest snapshot that was found right, as if that had been folded.
 *
 * It is quicker than following was: what happens to a unit is held back and written together (backlog.ts), into tables that have no indexes but
 * those that folding needs; the others are made at the end.
 */
import type { Logger } from 'pino'
import { TrackerError } from '../problem.js'
import type { Database } from '../store/database.js'
import { analyzeFreshTables, dropFreshTables, freshTables, haveFreshTables, makeFreshTables, REBUILD_SCHEMA } from '../store/rebuild/fresh-tables.js'
import { beginRebuilding, setRebuildStatus, tellProgress, type RebuildJob } from '../store/rebuild/job.js'
import { dropLateIndexes, makeLateIndexes } from '../store/rebuild/late-indexes.js'
import { swapTables } from '../store/rebuild/swap.js'
import { reaches } from '../store/reaches.js'
import { ensureShards } from '../store/shards.js'
import type { Snapshot } from '../store/snapshot/files.js'
import { loadSnapshot } from '../store/snapshot/load.js'
import { usableSnapshots } from '../store/snapshot/sound.js'
import { readModelVersions } from '../store/write/model-versions.js'
import { readShards } from '../store/write/shards.js'
import { foldBeside, type Surroundings } from './beside.js'

export interface RebuildContext extends Surroundings {
  readonly db: Database
  readonly logger: Logger
  /** Machine time. */
  readonly now: () => number
  /** Of this program: state that another one began to fold is folded again. */
  readonly version: string
  /** Where snapshots are kept. */
  readonly snapshotDir?: string
}

type Outcome = 'done' | 'cancelled' | 'paused' | 'stopped'

/** Resolves when it is done, failed (the job says why), cancelled or paused, or when the signal says stop: then it goes on after the next start. */
export async function rebuild(context: RebuildContext, job: RebuildJob): Promise<void> {
  const { db, logger, now, signal } = context
  try {
    const outcome = job.status === 'cancelling' ? 'cancelled' as const : await foldAgain(context, job)
    if (outcome === 'stopped' || outcome === 'paused') return
    if (outcome === 'cancelled') {
      await dropFreshTables(db)
      await setRebuildStatus(db, job.id, outcome, now())
    }
    logger.info({ job: job.id, outcome }, 'a rebuild has ended')
  } catch (error) {
    if (signal.aborted) return
    if (error instanceof TrackerError && error.code === 'fenced') return logger.warn({ job: job.id }, 'another process goes on with the rebuild')
    logger.error({ err: error, job: job.id }, 'a rebuild failed; the tables in use are as they were')
    await dropFreshTables(db).catch(() => undefined)
    await setRebuildStatus(db, job.id, 'failed', now(), { error: error instanceof Error ? error.message.slice(0, 1_000) : String(error) })
  }
}

async function foldAgain(context: RebuildContext, job: RebuildJob): Promise<Outcome> {
  const { db, log, now, version } = context
  const base = (await reaches(log, 1n)) ? undefined : await newestSnapshot(context)
  const resumed = job.status === 'running' && job.version === version && (await haveFreshTables(db))
  if (!(await beginRebuilding(db, job.id, now(), version))) return 'stopped'
  const fresh = resumed ? freshTables(db) : base === undefined ? await makeFreshTables(db) : await loadSnapshot(db, base, REBUILD_SCHEMA)
  await dropLateIndexes(db, REBUILD_SCHEMA)
  await ensureShards(fresh, (await readShards(db)).length, log)
  return foldBeside<'cancelled' | 'paused' | 'stopped'>(context, {
    db: fresh,
    tell: async (done, total) => {
      const status = await tellProgress(db, job.id, done, total, now())
      // Whatever else it is, somebody else has ended it.
      return status === 'running' ? undefined : status === 'cancelling' ? 'cancelled' : status === 'paused' ? 'paused' : 'stopped'
    },
    isLevel: async () => (await readModelVersions(fresh)).every(({ status }) => status !== 'catchingUp'),
    prepare: async () => {
      await makeLateIndexes(db, REBUILD_SCHEMA)
      await analyzeFreshTables(db)
    },
    finish: (apart) => swapTables(db, REBUILD_SCHEMA, { apart, also: (tx) => setRebuildStatus(tx, job.id, 'done', now()) }),
  })
}

/** What a log that was trimmed is folded again from. */
async function newestSnapshot({ log, logger, snapshotDir }: RebuildContext): Promise<Snapshot> {
  const [newest] = snapshotDir === undefined ? [] : await usableSnapshots(snapshotDir, log)
  if (newest === undefined) {
    throw new TrackerError(
      'logTrimmed', 409, `The log begins at ${log.stats().first}: what was before it has been trimmed, and there is no snapshot from which the state could be folded again.`)
  }
  logger.info({ snapshot: newest.name }, 'the log has been trimmed: the state is folded again from a snapshot')
  return newest
}
