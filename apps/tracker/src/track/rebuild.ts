/**
 * State folded again from the log, beside the tables in use, by a second tracker; when it has come as far as the live one, that pauses, and the
 * tables are swapped at once. Progress stands in the row of the job: after a restart or a pause it goes on where the fresh tables stand.
 *
 * Where the log has been trimmed it begins from the newest snapshot that was found right, as if that had been folded.
 *
 * It is quicker than following was: it folds big batches, in which most units are new and touched once, into tables that have no indexes but those
 * that folding needs; the others are made at the end.
 */
import type { Log } from '@tidemark/log'
import type { Logger } from 'pino'
import { TrackerError } from '../problem.js'
import type { Database } from '../store/database.js'
import { Progress } from '../store/progress.js'
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
import { inBigBatches, type BatchBounds } from './big-batches.js'
import { Tracker, type TrackerOptions } from './tracker.js'

export interface RebuildContext {
  readonly db: Database
  readonly log: Log
  readonly logger: Logger
  /** Machine time. */
  readonly now: () => number
  /** Of this program: state that another one began to fold is folded again. */
  readonly version: string
  readonly tracker: Omit<TrackerOptions, 'db' | 'progress'>
  readonly signal: AbortSignal
  /** Where the live tracker stands. */
  readonly position: () => bigint
  /** Stops the live tracker while this runs, and starts it again on what is there then. */
  readonly whilePaused: (run: () => Promise<void>) => Promise<void>
  /** Where snapshots are kept. */
  readonly snapshotDir?: string
}

const LOOK_MS = 250
/**
 * A batch is folded at a stretch and written in one transaction: with the embedded database, which has one session, everybody else waits for
 * that. Bytes are those of payloads, of which three batches are in memory at ten times their size.
 */
export const SERVER_BATCH: BatchBounds = { entries: 40_000, bytes: 16 * 1024 * 1024 }
export const EMBEDDED_BATCH: BatchBounds = { entries: 20_000, bytes: 8 * 1024 * 1024 }

type Outcome = 'done' | 'cancelled' | 'paused' | 'stopped'
type Reached = 'reached' | Exclude<Outcome, 'done'>

/** Resolves when it is done, failed (the job says why), cancelled or paused, or when the signal says stop: then it goes on after the next start. */
export async function rebuild(context: RebuildContext, job: RebuildJob): Promise<void> {
  const { db, logger, now, signal } = context
  try {
    const outcome = job.status === 'cancelling' ? 'cancelled' as const : await foldAgain(context, job)
    if (outcome === 'stopped' || outcome === 'paused') return
    if (outcome === 'cancelled') await dropFreshTables(db)
    await setRebuildStatus(db, job.id, outcome, now())
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
  const { db, log, now, version, signal } = context
  const base = (await reaches(log, 1n)) ? undefined : await newestSnapshot(context)
  const resumed = job.status === 'running' && job.version === version && (await haveFreshTables(db))
  if (!(await beginRebuilding(db, job.id, now(), version))) return 'stopped'
  const fresh = resumed ? freshTables(db) : base === undefined ? await makeFreshTables(db) : await loadSnapshot(db, base, REBUILD_SCHEMA)
  await dropLateIndexes(db, REBUILD_SCHEMA)
  await ensureShards(fresh, (await readShards(db)).length, log)
  const progress = new Progress()
  const tracker = new Tracker({ ...context.tracker, log: inBigBatches(log, db.embedded ? EMBEDDED_BATCH : SERVER_BATCH), db: fresh, progress })
  await tracker.start()
  const reach = async (enough: () => boolean | Promise<boolean>): Promise<Reached> => {
    for (;;) {
      if (tracker.failure !== undefined) throw tracker.failure
      if (signal.aborted) return 'stopped'
      const behind = log.entriesAfter(progress.position)
      const status = await tellProgress(db, job.id, Math.max(log.stats().entries - behind, 0), log.stats().entries, now())
      if (status === 'cancelling') return 'cancelled'
      if (status === 'paused') return 'paused'
      if (await enough()) return 'reached'
      await progressed(progress, LOOK_MS, signal)
    }
  }
  try {
    const outcome = await reach(async () => progress.position >= context.position() && (await readModelVersions(fresh)).every(({ status }) => status !== 'catchingUp'))
    if (outcome !== 'reached') return outcome
    await makeLateIndexes(db, REBUILD_SCHEMA)
    await analyzeFreshTables(db)
    let swapped: Outcome = 'done'
    await context.whilePaused(async () => {
      const last = await reach(() => progress.position >= context.position())
      await tracker.stop()
      if (last === 'reached') await swapTables(db)
      else swapped = last
    })
    return swapped
  } finally {
    await tracker.stop()
  }
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

/** Until something was committed, a while has passed, or the signal says stop. */
export function progressed(progress: Progress, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      unwatch()
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    const unwatch = progress.watch(done)
    signal.addEventListener('abort', done, { once: true })
  })
}
