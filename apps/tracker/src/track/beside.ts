/**
 * A second tracker that folds the log into tables of its own, which nobody reads yet. Rebuilds and shadows fold until they are where the live one
 * stands; then that pauses, and what remains is done.
 */
import type { Log } from '@tidemark/log'
import type { Database } from '../store/database.js'
import { patiently } from '../store/patiently.js'
import { isTransient } from '../store/postgres/transient.js'
import { Progress } from '../store/progress.js'
import type { BacklogBounds } from './backlog.js'
import { sparingly } from './heap.js'
import { Tracker, type TrackerOptions } from './tracker.js'

export interface Surroundings {
  readonly log: Log
  readonly tracker: Omit<TrackerOptions, 'db' | 'progress' | 'log'> & { readonly holdsBack: BacklogBounds }
  readonly signal: AbortSignal
  /** Where the live tracker stands. */
  readonly position: () => bigint
  /** Stops the live tracker while this runs, and starts it again on what is there then. */
  readonly whilePaused: <Answer>(run: () => Promise<Answer>) => Promise<Answer>
  /** Whether what belongs to all that share the log is still this process's to do. */
  readonly leads: () => boolean
}

export interface Errand<Ended> {
  /** Where it folds. */
  readonly db: Database
  /** Told how many entries have been read, of how many, several times a second; answers why it is to end before it is there, or undefined. */
  readonly tell: (done: number, total: number) => Promise<Ended | undefined>
  /** Whether everything that is followed stands where the shards do. */
  readonly isLevel: () => Promise<boolean>
  /** What takes a while, before the live tracker pauses. Like the two before it it may be done again, and is where it fails for a passing reason. */
  readonly prepare?: () => Promise<void>
  /**
   * While the live tracker of this process stands still, and what is folded apart has come as far. What fails for a passing reason before that is stopped is
   * tried again, when everybody has followed on for a while.
   */
  readonly finish: (apart: Apart) => Promise<void>
}

/** What is folded apart, at its end. Trackers of other processes may still follow. */
export interface Apart {
  /** Until it has come to a position. Throws where it is to end before, or does not come there soon. */
  readonly upTo: (position: bigint) => Promise<void>
  /** Nothing of it is on its way any more. */
  readonly stop: () => Promise<void>
}

class EndsBefore extends Error {}

/** Trackers of other processes wait while the last entries are folded. */
const SOON_MS = 2_000
/** Where the database could not do it, everybody follows on for so long before the next try, and twice as long before each further one, up to the longest. */
const AGAIN_MS = { first: 2_000, most: 60_000 }

/** Where such a tracker is: what it has read, and what of that is committed. */
export interface Standing {
  readonly taken: bigint
  readonly committed: bigint
  /** Of what is committed. */
  readonly clock: number
}

/** Looks again whenever something was committed, and now and then, until it is answered something; `stopped` where the signal said so. */
export type Until = <Answer>(look: (at: Standing) => Promise<Answer | undefined>) => Promise<Answer | 'stopped'>

const LOOK_MS = 250

/** The tracker runs as long as this does; `stop` ends it before. */
export function foldApart<Result>(
  { log, tracker: options, signal }: Pick<Surroundings, 'log' | 'tracker' | 'signal'>, db: Database, run: (until: Until, stop: () => Promise<void>) => Promise<Result>,
): Promise<Result> {
  return sparingly(async () => {
    const progress = new Progress()
    const tracker = new Tracker({ ...options, log, db, progress })
    await tracker.start()
    try {
      return await run(async (look) => {
        for (;;) {
          if (tracker.failure !== undefined) throw tracker.failure
          if (signal.aborted) return 'stopped'
          const answer = await look({ taken: tracker.taken, committed: progress.position, clock: progress.clock })
          if (answer !== undefined) return answer
          await progressed(progress, LOOK_MS, signal)
        }
      }, () => tracker.stop())
    } finally {
      await tracker.stop()
    }
  })
}

/** Answers why it has ended: what `tell` said, `stopped` where the signal did, or `done`. */
export async function foldBeside<Ended>(around: Surroundings, { db, tell, isLevel, prepare, finish }: Errand<Ended>): Promise<Ended | 'stopped' | 'done'> {
  const { log, tracker: { logger }, position, whilePaused, leads } = around
  return foldApart(around, db, async (until, stop) => {
    let isOver = false
    // While others wait for it, what fails for a passing reason gives way.
    let othersWait = false
    const calmly = <Answer>(work: () => Promise<Answer>) => (othersWait ? work() : patiently('work on tables that are folded beside', logger, work, around.signal))
    const said = (taken: bigint) => {
      const total = log.stats().entries
      return calmly(() => tell(Math.max(total - log.entriesAfter(taken), 0), total))
    }
    const reach = (goal = position, before = Infinity) => until<Ended | 'there' | 'stopped'>(async ({ taken, committed }) => {
      const there = committed >= goal() && (await calmly(isLevel))
      if (!there && (isOver || performance.now() > before)) return 'stopped'
      return (await said(taken)) ?? (there ? 'there' : undefined)
    })
    const ended = await reach()
    if (ended !== 'there') return ended
    if (prepare !== undefined) await calmly(prepare)
    const bringIn = async (): Promise<Ended | 'there' | 'stopped' | 'busy'> => {
      let ends: Ended | 'stopped' | undefined
      othersWait = true
      try {
        const last = await reach()
        if (last !== 'there') return last
        if (!leads()) return 'stopped'
        await finish({
          upTo: async (least) => {
            const there = await reach(() => least, performance.now() + SOON_MS)
            if (there === 'there') return
            ends = there
            throw new EndsBefore()
          },
          stop: async () => {
            isOver = true
            await stop()
          },
        })
        return 'there'
      } catch (error) {
        if (error instanceof EndsBefore && ends !== undefined) return ends === 'stopped' && !isOver ? 'busy' : ends
        if (isOver || !isTransient(error)) throw error
        logger.warn({ err: error }, 'what was folded beside cannot be brought in yet: that is tried again')
        return 'busy'
      } finally {
        othersWait = false
      }
    }
    for (let waitMs = AGAIN_MS.first; ; waitMs = Math.min(waitMs * 2, AGAIN_MS.most)) {
      const last = await whilePaused(bringIn)
      if (last !== 'busy') return last === 'there' ? 'done' : last
      const again = performance.now() + waitMs
      const rest = await until<Ended | 'again' | 'stopped'>(async ({ taken }) => (await said(taken)) ?? (performance.now() < again ? undefined : 'again'))
      if (rest !== 'again') return rest
      const level = await reach()
      if (level !== 'there') return level
    }
  })
}

/** Until something was committed, a while has passed, or the signal says stop. */
function progressed(progress: Progress, ms: number, signal: AbortSignal): Promise<void> {
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
