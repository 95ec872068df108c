import { setTimeout as pause } from 'node:timers/promises'
import type { Status } from '@tidemark/api'
import { WrongUse } from './output.js'

/**
 * An import must not make people wait: what they do is an entry of the same log, behind everything that was imported before. So the
 * sender pauses while the tracker is more than a second behind, and goes on when it has caught up by half.
 */
const MAX_LAG_SECONDS = 1
const MAX_LAG_ENTRIES = 20_000
/** A lag in seconds alone says nothing where hardly anything is queued (the tracker may just have slept). */
const NEGLIGIBLE_ENTRIES = 1_000
const ASK_EVERY_MS = 200
/** A tracker that follows nothing for so long needs a person. */
const STALLED_AFTER_MS = 10 * 60_000

export interface LagGateOptions {
  readonly status: () => Promise<Status>
  readonly onWait?: (status: Status) => void
  /** Monotonic milliseconds. */
  readonly now?: () => number
}

export class LagGate {
  readonly #options: LagGateOptions
  readonly #now: () => number
  #askedAt = -Infinity
  #asking: Promise<void> | undefined

  constructor(options: LagGateOptions) {
    this.#options = options
    this.#now = options.now ?? (() => performance.now())
  }

  /** Resolves when more may be sent. Asks the tracker now and then, not each time. */
  async pass(): Promise<void> {
    if (this.#now() - this.#askedAt < ASK_EVERY_MS) return
    this.#asking ??= this.#wait().finally(() => {
      this.#askedAt = this.#now()
      this.#asking = undefined
    })
    await this.#asking
  }

  /** Resolves when everything up to the position has been followed. */
  async caughtUp(position: bigint): Promise<void> {
    await this.#until((status) => BigInt(status.folded) >= position)
  }

  async #wait(): Promise<void> {
    const status = await this.#options.status()
    if (!lags(status, 1)) return
    this.#options.onWait?.(status)
    await this.#until((later) => !lags(later, 0.5))
  }

  async #until(done: (status: Status) => boolean): Promise<void> {
    let folded = ''
    let movedAt = this.#now()
    for (;;) {
      const status = await this.#options.status()
      if (done(status)) return
      this.#options.onWait?.(status)
      if (status.folded !== folded) {
        folded = status.folded
        movedAt = this.#now()
      } else if (this.#now() - movedAt > STALLED_AFTER_MS) {
        throw new WrongUse(
          `the tracker has stood at position ${folded} for ${STALLED_AFTER_MS / 60_000} minutes, ${status.lagEntries} entries behind. ` +
          'What was acknowledged is safe; look at its log, then run the same command again.',
        )
      }
      await pause(ASK_EVERY_MS)
    }
  }
}

/** @param share of the bounds that counts as lagging */
function lags(status: Status, share: number): boolean {
  const machineSeconds = status.lagSeconds / Math.max(status.clockScale, 1)
  const late = machineSeconds > MAX_LAG_SECONDS * share && status.lagEntries > NEGLIGIBLE_ENTRIES * share
  return late || status.lagEntries > MAX_LAG_ENTRIES * share
}
