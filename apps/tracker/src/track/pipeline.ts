/**
 * Batches on their way through the tracker, overlapping: while the database commits one, the next is folded here and the one after it has been
 * loaded. They are folded and committed one after the other, in the order in which they came.
 */
import type { Batch, Prepared } from './batch.js'

export type Commit = (batch: Batch) => Promise<void>

export class Pipeline {
  readonly #fold: (prepared: Prepared) => Promise<Batch>
  #next: { readonly prepared: Prepared; readonly commit: Commit } | undefined
  #committing: Promise<void> = Promise.resolve()

  constructor(fold: (prepared: Prepared) => Promise<Batch>) {
    this.#fold = fold
  }

  /** Takes a batch that is being loaded, and folds the one before it. Throws what went wrong with any before: then nothing after that was committed. */
  async push(prepared: Prepared, commit: Commit): Promise<void> {
    const before = this.#next
    this.#next = { prepared, commit }
    if (before !== undefined) await this.#advance(before.prepared, before.commit)
  }

  /** Until everything that was pushed is committed. */
  async flush(): Promise<void> {
    const last = this.#next
    this.#next = undefined
    if (last !== undefined) await this.#advance(last.prepared, last.commit)
    await this.#committing
  }

  /** Forgets what is not being committed, and waits for what is. */
  async abandon(): Promise<void> {
    this.#next = undefined
    await this.#committing.catch(() => undefined)
    this.#committing = Promise.resolve()
  }

  async #advance(prepared: Prepared, commit: Commit): Promise<void> {
    const batch = await this.#fold(prepared)
    await this.#committing
    this.#committing = commit(batch)
    // The next step hears of a fault; until then nobody listens, and Node would end the process.
    this.#committing.catch(() => undefined)
  }
}
