import { setTimeout as pause } from 'node:timers/promises'
import type { Log } from '@tidemark/log'
import type { Clock } from '../clock.js'
import type { Settings } from '../config.js'
import { TrackerError } from '../problem.js'
import type { Database } from '../store/database.js'
import { lagOf } from '../store/lag.js'
import type { Progress } from '../store/progress.js'
import { readHeartbeat } from '../store/read/totals.js'
import { readSnapshotJob } from '../store/snapshot/job.js'
import type { WaysIn } from '../store/ways-in.js'

/** A database that answers later than this does not answer. */
const DATABASE_TIMEOUT_MS = 2_000
/** Behind by more than this, what is shown is not what is. */
const READY_LAG_SECONDS = 30

export interface HealthContext {
  readonly db: Database
  readonly log: Log
  readonly progress: Progress
  readonly clock: Clock
  readonly settings: Pick<Settings, 'follows'>
  readonly waysIn: WaysIn
}

/** A way in that does not work keeps nobody from using the others, and a snapshot that failed nobody from reading: it is told, and the service stays ready. */
export interface Readiness {
  status: 'ready'
  lagSeconds: number
  failing?: { name: string; error: string }[]
  /** What had to be done at start to have tables at all. */
  recovered?: readonly string[]
}

/** Ready: the database answers and following, where it is switched on, keeps up. Otherwise 503 with the reason. */
export async function checkReady({ db, log, progress, clock, settings, waysIn }: HealthContext): Promise<Readiness> {
  await answersInTime(readHeartbeat(db))
  const { failure, recovered } = progress.standing
  if (settings.follows && failure !== undefined) throw new TrackerError('notReady', 503, failure.detail)
  const { seconds } = lagOf(log, progress, clock)
  if (settings.follows && seconds > READY_LAG_SECONDS) {
    throw notReady(`Following is ${Math.round(seconds)} seconds behind the log: what is shown is that old. It catches up by itself.`)
  }
  const failing = waysIn.list().flatMap(({ name, error }) => (error === undefined ? [] : [{ name, error }]))
  const snapshot = await readSnapshotJob(db)
  if (snapshot?.status === 'failed') failing.push({ name: 'snapshots', error: snapshot.error ?? 'the last one failed' })
  return { status: 'ready', lagSeconds: seconds, ...(failing.length === 0 ? {} : { failing }), ...(recovered.length === 0 ? {} : { recovered }) }
}

async function answersInTime(answer: Promise<void>): Promise<void> {
  const limit = new AbortController()
  const late = pause(DATABASE_TIMEOUT_MS, undefined, { signal: limit.signal, ref: false }).then(
    () => { throw notReady(`The database has not answered within ${DATABASE_TIMEOUT_MS / 1_000} seconds.`) },
    () => undefined,
  )
  try {
    await Promise.race([answer, late])
  } finally {
    limit.abort()
  }
}

function notReady(detail: string): TrackerError {
  return new TrackerError('notReady', 503, detail, undefined, { retryAfterSeconds: 5 })
}
