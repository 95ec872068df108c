/**
 * When deadlines have to be looked at: no sooner than the first of them is due. What the tables say of it is remembered, and what batches bring is told here
 * when they are folded, before it is in the tables. The tables are asked again now and then, since people have what was suspended tried again through them.
 */
import type { Queryable } from '../store/database.js'
import { firstDeadline } from '../store/write/load-units.js'

/** Of the domain clock, where it runs as in life. */
const ASK_AGAIN_MS = 1_000

export class NextDue {
  readonly #againMs: number
  /** No deadline of ours is earlier. */
  #at = -Infinity
  #askedAt = -Infinity

  /** @param clockScale domain milliseconds that pass in a real one */
  constructor(clockScale: number) {
    this.#againMs = ASK_AGAIN_MS * clockScale
  }

  /** Nothing is known: there may be some at once. */
  forget(): void {
    this.#at = -Infinity
  }

  tell(deadlines: readonly { readonly at: number }[]): void {
    for (const { at } of deadlines) if (at < this.#at) this.#at = at
  }

  /** All that were due at this clock are about to be passed; everything before it is in the tables. */
  async passing(db: Queryable, shards: readonly number[], clock: number): Promise<void> {
    this.#at = Infinity
    this.#askedAt = clock
    this.tell([{ at: (await firstDeadline(db, shards, clock)) ?? Infinity }])
  }

  /** Whether some may be due that no batch under way brings, or that one has brought. */
  async mayBe(db: Queryable, shards: readonly number[], clock: number): Promise<boolean> {
    if (this.#at > clock && clock >= this.#askedAt + this.#againMs) {
      this.#askedAt = clock
      this.tell([{ at: (await firstDeadline(db, shards, -1)) ?? Infinity }])
    }
    return this.#at <= clock
  }
}
