/**
 * State folded again from the log, beside the tables in use, by a second tracker; when it has come as far as the live one, that pauses, and the
 * tables are swapped at once. Progress stands in the row of the job: after a restart it goes on where the fresh tables stand.
 */
import type { Log } from '@tidemark/log'
import type { Logger } from 'pino'
import { TrackerError } from '../problem.js'
import type { Database } from '../store/database.js'
import { Progress } from '../store/progress.js'
import { dropFreshTables, freshTables, haveFreshTables, makeFreshTables } from '../store/rebuild/fresh-tables.js'
import { setRebuildStatus, tellProgress, type RebuildJob } from '../store/rebuild/job.js'
import { analyzeFreshTables, swapTables } from '../store/rebuild/swap.js'
import { ensureShards } from '../store/shards.js'
import { readModelVersions } from '../store/write/model-versions.js'
import { readShards } from '../store/write/shards.js'
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
}

const LOOK_MS = 250

/** Resolves when it is done, failed (the job says why) or cancelled, or when the signal says stop: then it goes on after the next start. */
export async function rebuild(context: RebuildContext, job: RebuildJob): Promise<void> {
  const { db, logger, now, version, signal } = context
  try {
    const resumed = job.status === 'running' && job.version === version && (await haveFreshTables(db))
    await setRebuildStatus(db, job.id, job.status === 'cancelling' ? 'cancelling' : 'running', now(), { version })
    const fresh = resumed ? freshTables(db) : await makeFreshTables(db)
    const outcome = await foldAgain(context, job, fresh)
    if (outcome === 'stopped') return
    if (outcome === 'cancelled') await dropFreshTables(db)
    await setRebuildStatus(db, job.id, outcome, now())
    logger.info({ job: job.id, outcome }, 'a rebuild has ended')
  } catch (error) {
    if (signal.aborted) return
    logger.error({ err: error, job: job.id }, 'a rebuild failed; the tables in use are as they were')
    await dropFreshTables(db).catch(() => undefined)
    await setRebuildStatus(db, job.id, 'failed', now(), { error: error instanceof Error ? error.message.slice(0, 1_000) : String(error) })
  }
}

async function foldAgain(context: RebuildContext, job: RebuildJob, fresh: Database): Promise<'done' | 'cancelled' | 'stopped'> {
  const { db, log, now, signal } = context
  const { first } = log.stats()
  if (first > 1n) {
    throw new TrackerError('logTrimmed', 409, `The log begins at ${first}: what was before it has been trimmed, so the state cannot be folded again from it.`)
  }
  await ensureShards(fresh, (await readShards(db)).length, log)
  const progress = new Progress()
  const tracker = new Tracker({ ...context.tracker, db: fresh, progress })
  await tracker.start()
  const reach = async (enough: () => boolean | Promise<boolean>): Promise<'reached' | 'cancelled' | 'stopped'> => {
    for (;;) {
      if (tracker.failure !== undefined) throw tracker.failure
      if (signal.aborted) return 'stopped'
      const behind = log.entriesAfter(progress.position)
      const status = await tellProgress(db, job.id, Math.max(log.stats().entries - behind, 0), log.stats().entries, now())
      if (status === 'cancelling') return 'cancelled'
      if (await enough()) return 'reached'
      await sleep(LOOK_MS, signal)
    }
  }
  try {
    const outcome = await reach(async () => progress.position >= context.position() && (await readModelVersions(fresh)).every(({ status }) => status !== 'catchingUp'))
    if (outcome !== 'reached') return outcome
    await analyzeFreshTables(db)
    let swapped: 'done' | 'cancelled' | 'stopped' = 'done'
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

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done, { once: true })
  })
}
