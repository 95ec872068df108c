/** Answers to those who wait for a write or a sync. */
import type { Appended, LogError } from '../log.js'

/** One promise for all who wait for the same frame: each gets its own result when it is kept, all the same error when it is not. */
export class Answer {
  #promise: Promise<void> | undefined
  #resolve: (() => void) | undefined
  #reject: ((error: LogError) => void) | undefined
  readonly #results: Appended[] = []
  #given = 0
  /** One function for all: reactions to a promise run in the order in which they were asked for. */
  readonly #next = (): Appended => this.#results[this.#given++]!

  get isAwaited(): boolean {
    return this.#promise !== undefined
  }

  /** Resolves with the result once {@link resolve} is called. */
  for(result: Appended): Promise<Appended> {
    this.#promise ??= new Promise<void>((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.#results.push(result)
    return this.#promise.then(this.#next)
  }

  resolve(): void {
    this.#resolve?.()
  }

  reject(error: LogError): void {
    this.#reject?.(error)
  }
}

/** Weight of the newest of the measured times. */
const NEWEST = 0.2

/**
 * Answers that may be given, one per turn of the event loop: whoever is answered mostly appends again at once, and between two answers
 * the log can put what came on its way to the disk.
 */
export class DueAnswers {
  #due: Answer[] = []
  #isGiving = false
  #givenAt = 0
  #eachMs = 0

  get count(): number {
    return this.#due.length
  }

  /** Milliseconds that one answer takes, with all that those who are answered do at once; 0 as long as nobody knows. */
  get eachMs(): number {
    return this.#eachMs
  }

  /** The first one is given at once. */
  add(answers: readonly Answer[]): void {
    this.#due.push(...answers)
    if (!this.#isGiving) this.#give()
  }

  /** Gives all of them now. */
  flush(): void {
    for (const answer of this.#due.splice(0)) answer.resolve()
  }

  #give(): void {
    this.#due.shift()?.resolve()
    this.#isGiving = this.#due.length > 0
    if (!this.#isGiving) return
    this.#givenAt = performance.now()
    setImmediate(() => {
      const tookMs = performance.now() - this.#givenAt
      this.#eachMs = this.#eachMs === 0 ? tookMs : this.#eachMs + (tookMs - this.#eachMs) * NEWEST
      this.#give()
    })
  }
}

interface Repetition {
  readonly position: number
  readonly result: Appended
  readonly resolve: (result: Appended) => void
  readonly reject: (error: LogError) => void
}

/** Those who repeat what is not on disk yet. */
export class Repetitions {
  #waiting: Repetition[] = []

  get count(): number {
    return this.#waiting.length
  }

  /** Resolves with the result when the position is on disk. */
  wait(position: number, result: Appended): Promise<Appended> {
    return new Promise((resolve, reject) => this.#waiting.push({ position, result, resolve, reject }))
  }

  /** Positions up to this one are on disk. */
  resolve(durable: number): void {
    if (this.#waiting.length === 0) return
    const kept = this.#waiting.filter((it) => it.position <= durable)
    this.#waiting = this.#waiting.filter((it) => it.position > durable)
    for (const { resolve, result } of kept) resolve(result)
  }

  /** Positions from this one on will not be. */
  reject(error: LogError, from = 0): void {
    const lost = this.#waiting.filter((it) => it.position >= from)
    this.#waiting = this.#waiting.filter((it) => it.position < from)
    for (const { reject } of lost) reject(error)
  }
}
