/**
 * Work that is done again whenever there may be some: woken by commits that may have brought it, and by a timer for what only time brings. One
 * pass runs at a time; wakes that come meanwhile are one more pass. A pass that fails is told and tried again by the timer, so nothing here ends
 * a loop but stop(), which waits for the pass that runs.
 */
import type { Committed, Progress } from '../store/progress.js'

export interface LoopOptions {
  readonly progress: Progress
  /** Whether a commit may have brought work. */
  readonly wokenBy: (committed: Committed) => boolean
  /** A pass at least this often. */
  readonly everyMs: number
  /** Wakes closer together than this are one: commits come hundreds of times a second. */
  readonly settleMs: number
  readonly onError: (error: unknown) => void
}

export class Loop {
  #timer: NodeJS.Timeout | undefined
  #dueAt = Number.POSITIVE_INFINITY
  #running: Promise<void> | undefined
  #wokenMeanwhile = false
  #started = false
  #unwatch: (() => void) | undefined

  constructor(private readonly pass: () => Promise<void>, private readonly options: LoopOptions) {}

  start(): void {
    this.#started = true
    this.#unwatch = this.options.progress.watch((committed) => {
      if (this.options.wokenBy(committed)) this.wake()
    })
    this.#schedule(0)
  }

  wake(): void {
    if (!this.#started) return
    if (this.#running !== undefined) this.#wokenMeanwhile = true
    else this.#schedule(this.options.settleMs)
  }

  async stop(): Promise<void> {
    this.#started = false
    this.#unwatch?.()
    clearTimeout(this.#timer)
    await this.#running
  }

  /** An earlier appointment stands. */
  #schedule(afterMs: number): void {
    const dueAt = performance.now() + afterMs
    if (dueAt >= this.#dueAt) return
    clearTimeout(this.#timer)
    this.#dueAt = dueAt
    this.#timer = setTimeout(() => {
      this.#dueAt = Number.POSITIVE_INFINITY
      this.#running = this.#run()
    }, afterMs)
  }

  async #run(): Promise<void> {
    this.#wokenMeanwhile = false
    try {
      await this.pass()
    } catch (error) {
      this.options.onError(error)
    }
    this.#running = undefined
    if (this.#started) this.#schedule(this.#wokenMeanwhile ? this.options.settleMs : this.options.everyMs)
  }
}
