/**
 * The live tracker, and the rebuild that is asked for now and then: whoever follows the log looks once a second whether one is, since it may be
 * another process that was asked. While tables are swapped the live tracker is stopped; a new one goes on from where the new tables stand.
 */
import { TrackerError } from '../problem.js'
import type { Progress } from '../store/progress.js'
import { readRebuild, type RebuildStatus } from '../store/rebuild/job.js'
import { rebuild, type RebuildContext } from './rebuild.js'
import { Tracker, type TrackerOptions } from './tracker.js'

const LOOK_MS = 1_000
const UNDER_WAY: ReadonlySet<RebuildStatus> = new Set(['asked', 'running', 'cancelling'])

export class Following {
  readonly #options: TrackerOptions & Pick<RebuildContext, 'now' | 'version'>
  readonly #progress: Progress
  readonly #stop = new AbortController()
  #tracker: Tracker
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> = Promise.resolve()

  constructor(options: TrackerOptions & Pick<RebuildContext, 'now' | 'version'>) {
    this.#options = options
    this.#progress = options.progress
    this.#tracker = new Tracker(options)
  }

  /** Why it stopped by itself, if it did. */
  get failure(): Error | undefined {
    return this.#tracker.failure
  }

  async start(): Promise<void> {
    await this.#tracker.start()
    this.#look(0)
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    clearTimeout(this.#timer)
    await this.#looking
    await this.#tracker.stop()
  }

  #look(afterMs: number): void {
    if (this.#stop.signal.aborted) return
    this.#timer = setTimeout(() => {
      this.#looking = this.#rebuildIfAsked().catch((error: unknown) => {
        this.#options.logger.warn({ err: error }, 'whether a rebuild is asked for could not be seen')
      }).then(() => this.#look(LOOK_MS))
    }, afterMs)
    this.#timer.unref()
  }

  async #rebuildIfAsked(): Promise<void> {
    const { db, log, logger, now, version, alertChannels, clockScale } = this.#options
    const job = await readRebuild(db)
    if (job === undefined || !UNDER_WAY.has(job.status) || this.#stop.signal.aborted) return
    await rebuild({
      db, log, logger, now, version, signal: this.#stop.signal,
      tracker: { log, logger, alertChannels, ...(clockScale === undefined ? {} : { clockScale }) },
      position: () => this.#progress.position,
      whilePaused: (run) => this.#whilePaused(run),
    }, job)
  }

  async #whilePaused(run: () => Promise<void>): Promise<void> {
    const { failure } = this.#tracker
    if (failure instanceof TrackerError && failure.code === 'fenced') throw failure
    await this.#tracker.stop()
    try {
      await run()
    } finally {
      this.#tracker = new Tracker(this.#options)
      if (!this.#stop.signal.aborted) await this.#tracker.start()
    }
  }
}
