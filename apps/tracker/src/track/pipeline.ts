/**
 * Batches on their way through the tracker, overlapping: while the database commits one, the next is folded and its rows are made here, and the
 * one after it is loaded and planned. They are folded and committed one after the other, in the order in which they came, and each as soon as it
 * can be: none waits for the one behind it. So that somebody who waits for more to come hears of it, {@link broken} aborts when one goes wrong.
 *
 * A batch that is ready long before its turn could have been larger, and larger ones cost less for each of their events: {@link ready} says when to
 * take the next, so that it is ready when the one before it is committed.
 */
import type { Batch, Prepared } from './batch.js'
import { Lately } from './lately.js'
import { sleep } from './waits.js'

/** Makes ready what a folded batch writes, while the one before it is still being committed; what it answers commits it, in its turn. */
export type Commit = (batch: Batch) => () => Promise<void>

/** Timers are no finer. */
const LEAST_WAIT_MS = 1

export class Pipeline {
  readonly #fold: (prepared: Prepared) => Promise<Batch>
  /** Until the last that was pushed is folded and being committed. */
  #folding: Promise<void> = Promise.resolve()
  #committing: Promise<void> = Promise.resolve()
  #committingSince = 0
  /** Milliseconds until a batch that is taken can be committed, without what it waits for others, and from there until it is. */
  readonly #preparation = new Lately()
  readonly #commitment = new Lately()
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
   * @param since when it was taken, by `performance.now()`; absent where nobody waits for {@link ready}
   */
  async push(prepared: Prepared, commit: Commit, since?: number): Promise<void> {
    const before = this.#folding
    const fault = this.#fault
    const loadedMs = since === undefined ? undefined : performance.now() - since
    this.#folding = before.then(() => this.#advance(prepared, commit, fault, loadedMs))
    heard(this.#folding, fault)
    await before
  }

  /** Until everything that was pushed is folded and being committed, and what is left of that is likely to take no longer than preparing another. */
  async ready(): Promise<void> {
    await this.#folding
    const [preparation, commitment] = [this.#preparation.value, this.#commitment.value]
    if (preparation === undefined || commitment === undefined) return
    const leftMs = this.#committingSince + commitment - preparation - performance.now()
    if (leftMs < LEAST_WAIT_MS) return
    const wait = new AbortController()
    // What goes wrong is told by the next push or flush.
    await Promise.race([sleep(leftMs, wait.signal), this.#committing.catch(() => undefined)])
    wait.abort()
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

  async #advance(prepared: Prepared, commit: Commit, fault: AbortController, loadedMs: number | undefined): Promise<void> {
    fault.signal.throwIfAborted()
    const began = performance.now()
    const send = await this.#make(prepared, commit, fault)
    if (loadedMs !== undefined) this.#preparation.note(loadedMs + performance.now() - began)
    await this.#committing
    fault.signal.throwIfAborted()
    this.#committingSince = performance.now()
    this.#committing = send().then(() => this.#commitment.note(performance.now() - this.#committingSince))
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
  work.catch((error: unknown) => fault.abort(error))
}
