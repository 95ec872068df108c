/**
 * Batches on their way through the tracker, overlapping: while the database commits one, the next is folded and its rows are made here, and the
 * one after it is loaded and planned. They are folded and committed one after the other, in the order in which they came, and each as soon as it
 * can be: none waits for the one behind it. So that somebody who waits for more to come hears of it, {@link broken} aborts when one goes wrong.
 */
import type { Batch, Prepared } from './batch.js'

/** Makes ready what a folded batch writes, while the one before it is still being committed; what it answers commits it, in its turn. */
export type Commit = (batch: Batch) => () => Promise<void>

export class Pipeline {
  readonly #fold: (prepared: Prepared) => Promise<Batch>
  /** Until the last that was pushed is folded and being committed. */
  #folding: Promise<void> = Promise.resolve()
  #committing: Promise<void> = Promise.resolve()
  #fault = new AbortController()

  constructor(fold: (prepared: Prepared) => Promise<Batch>) {
    this.#fold = fold
  }

  /** What was pushed has failed, or was given up: nothing after it is committed. Another one after each {@link abandon}. */
  get broken(): AbortSignal {
    return this.#fault.signal
  }

  /**
   * Takes a batch that is being loaded, and resolves when the one before it is being committed: then there is room for another. Throws what went wrong
   * with any before.
   */
  async push(prepared: Prepared, commit: Commit): Promise<void> {
    const before = this.#folding
    const fault = this.#fault
    this.#folding = before.then(() => this.#advance(prepared, commit, fault))
    heard(this.#folding, fault)
    await before
  }

  /** Until everything that was pushed is folded and being committed. */
  async handedOver(): Promise<void> {
    await this.#folding
  }

  /** Until everything that was pushed is committed. */
  async flush(): Promise<void> {
    await this.#folding
    await this.#committing
  }

  /** Gives up what is not being committed, and waits for what is. */
  async abandon(): Promise<void> {
    this.#fault.abort()
    await this.#folding.catch(() => undefined)
    await this.#committing.catch(() => undefined)
    this.#folding = Promise.resolve()
    this.#committing = Promise.resolve()
    this.#fault = new AbortController()
  }

  async #advance(prepared: Prepared, commit: Commit, fault: AbortController): Promise<void> {
    fault.signal.throwIfAborted()
    const send = await this.#make(prepared, commit, fault)
    await this.#committing
    fault.signal.throwIfAborted()
    this.#committing = send()
    heard(this.#committing, fault)
  }

  /** By itself, so that what the rows were made of is let go before their turn has come. */
  async #make(prepared: Prepared, commit: Commit, fault: AbortController): Promise<() => Promise<void>> {
    const batch = await this.#fold(prepared)
    fault.signal.throwIfAborted()
    return commit(batch)
  }
}

/** Whoever comes next is told what went wrong; until then nobody listens, and Node would end the process. */
function heard(work: Promise<void>, fault: AbortController): void {
  work.catch(() => fault.abort())
}
