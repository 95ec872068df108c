/** The tracker's write side alone, on a log and a database that a test holds: folds to the head, in whatever cuts, with restarts in between. */
import type { Log, ReadOptions } from '@tidemark/log'
import { pino } from 'pino'
import type { Database } from '../../apps/tracker/src/store/database.js'
import { Progress, type Committed } from '../../apps/tracker/src/store/progress.js'
import { ensureShards } from '../../apps/tracker/src/store/shards.js'
import type { BacklogBounds } from '../../apps/tracker/src/track/backlog.js'
import { Tracker } from '../../apps/tracker/src/track/tracker.js'

const SHARDS = 4
/** How long a busy machine may take between two commits. */
const PATIENCE_MS = 60_000

export interface Follower {
  readonly progress: Progress
  readonly tracker: Tracker
  /** All of the log is folded, all models have caught up, and no deadline is left that the clock has passed. */
  settled(): Promise<void>
  stop(): Promise<void>
}

export async function follow(db: Database, log: Log, holdsBack?: BacklogBounds): Promise<Follower> {
  await ensureShards(db, SHARDS, log)
  const progress = new Progress()
  const tracker = new Tracker({ db, log, progress, logger: pino({ level: 'silent' }), alertChannels: [], ...(holdsBack && { holdsBack }) })
  await tracker.start()
  return {
    progress, tracker,
    async settled() {
      for (;;) {
        const next = nextCommit(progress, tracker)
        if (tracker.failure !== undefined) throw tracker.failure
        if (progress.position >= log.stats().last && (await isQuiet(db, progress.clock))) return next.forget()
        await next.committed
      }
    },
    stop: () => tracker.stop(),
  }
}

/** Entries in a batch, commits after which another tracker takes over, and what is held back; absent: as the tracker reads, never, and nothing. */
export interface Cut {
  readonly batch?: number
  readonly restartAfter?: number
  readonly holdsBack?: BacklogBounds
}

/**
 * Folds a whole log, in batches of so many entries; a new tracker takes over after every `restartAfter` commits, as if the one before had
 * died behind a commit. Nothing of it is handed over but the tables.
 */
export async function foldAll(db: Database, log: Log, cut: Cut = {}): Promise<void> {
  const cutLog = cut.batch === undefined ? log : inBatchesOf(log, cut.batch)
  for (;;) {
    const follower = await follow(db, cutLog, cut.holdsBack)
    try {
      if (cut.restartAfter === undefined || !(await isInterrupted(follower, cutLog, cut.restartAfter))) return await follower.settled()
    } finally {
      await follower.stop()
    }
  }
}

async function isInterrupted({ progress, tracker }: Follower, log: Log, commits: number): Promise<boolean> {
  for (let count = 0; count < commits; count++) {
    if (progress.position >= log.stats().last) return false
    await nextCommit(progress, tracker).committed
  }
  return progress.position < log.stats().last
}

export async function isQuiet(db: Database, clock: number): Promise<boolean> {
  const [row] = await db.query<{ open: boolean }>(
    `select exists (select 1 from model_version where status = 'catchingUp') or exists (select 1 from deadline where at <= $1::bigint) as open`, [clock])
  return row?.open === false
}

function nextCommit(progress: Progress, tracker: Tracker): { readonly committed: Promise<void>; readonly forget: () => void } {
  let done: () => void = () => undefined
  const committed = new Promise<void>((resolve, reject) => {
    const patience = setTimeout(() => {
      unwatch()
      reject(tracker.failure ?? new Error(`nothing was committed for ${PATIENCE_MS / 1_000} seconds; folded up to ${progress.position}`))
    }, PATIENCE_MS)
    done = () => {
      clearTimeout(patience)
      unwatch()
      resolve()
    }
    const unwatch = progress.watch((_committed: Committed) => done())
  })
  return { committed, forget: done }
}

/** A log that gives so many entries at a time. */
export function inBatchesOf(log: Log, batchSize: number): Log {
  return new Proxy(log, {
    get(target, name) {
      if (name === 'read') return (options: ReadOptions) => target.read({ ...options, batchSize })
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}
