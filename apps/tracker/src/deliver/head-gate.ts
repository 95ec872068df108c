import type { Log, Position } from '@tidemark/log'
import type { Clock } from '../clock.js'
import type { Progress } from '../store/progress.js'

/** Behind by more than this, the tracker does not know enough to act: what looks late may have been done. */
const MAX_LAG_MS = 5_000

/**
 * Says when something may leave the house. Never before everything is folded that was in the log at start: it may say that the thing has left
 * already. And nothing new is decided to leave while the tracker is behind, or before what was appended last time is folded.
 */
export class HeadGate {
  #head: Position
  #appended: Position = 0n

  constructor(private readonly log: Log, private readonly progress: Progress, private readonly clock: Clock) {
    this.#head = log.stats().last
  }

  /** What left before the last stop is known. */
  get knowsThePast(): boolean {
    return this.progress.position >= this.#head
  }

  /** New decisions may leave. */
  get isOpen(): boolean {
    if (!this.knowsThePast || this.progress.position < this.#appended) return false
    const { last, lastAppendTime } = this.log.stats()
    return last <= this.progress.position || lastAppendTime - this.progress.clock < MAX_LAG_MS * this.clock.scale
  }

  /** Closes until this is folded: the tables do not show yet what it says. */
  waitFor(position: Position): void {
    this.#appended = position
  }
}
