import { Standing } from './standing.js'

/** What a commit changed, told to the live channel and to whoever waits for an entry to be folded. */
export interface Committed {
  /** Everything up to here is folded. */
  readonly position: bigint
  /** The clock: append time of the last folded entry, epoch ms of the domain clock. */
  readonly clock: number
  /** In which something changed; `everything`: what changed is not known, and whoever shows anything reads it again. */
  readonly models: readonly string[] | 'everything'
  /** How many instances changed. */
  readonly instances: number
  readonly alerts: boolean
  readonly commands: boolean
  /** A sample of the tokens that moved (at most 200). */
  readonly moves: readonly { readonly model: string; readonly version: number; readonly instance: string; readonly key: string; readonly flows: readonly string[] }[]
}

/** The in-process bus between the write side and whoever watches it. */
export class Progress {
  readonly standing = new Standing()
  #position = 0n
  #clock = 0
  readonly #listeners = new Set<(committed: Committed) => void>()

  /** Last folded position. */
  get position(): bigint {
    return this.#position
  }

  get clock(): number {
    return this.#clock
  }

  /** Called by the tracker once per commit, and once at start with what the database holds. */
  report(committed: Committed): void {
    this.#position = committed.position
    this.#clock = Math.max(this.#clock, committed.clock)
    for (const listener of this.#listeners) listener(committed)
  }

  /** Answers the function that unsubscribes. */
  watch(listener: (committed: Committed) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** True once the position is folded, false when the time is over. */
  async reached(position: bigint, timeoutMs: number): Promise<boolean> {
    if (this.#position >= position) return true
    return new Promise((resolve) => {
      const done = (folded: boolean) => {
        clearTimeout(timer)
        stop()
        resolve(folded)
      }
      const stop = this.watch((committed) => {
        if (committed.position >= position) done(true)
      })
      const timer = setTimeout(() => done(false), timeoutMs)
    })
  }
}
