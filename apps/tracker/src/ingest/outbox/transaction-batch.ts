import type { Draft } from '@tidemark/log'
import type { OutboxRow } from './table.js'

/** One append: small enough for a packed message of JetStream, whatever is in it. */
const APPEND_BYTES = 256 * 1024
const APPEND_ROWS = 1_000

/** The last transaction all of whose rows were handed over. */
export interface LastTransaction {
  readonly committed?: string
  readonly transaction: string
}

/** Collects drafts until an append is full, and hands them over with the last transaction that is complete; a part of one has no position. */
export class TransactionBatch {
  #drafts: Draft[] = []
  #bytes = 0
  #row: OutboxRow | undefined
  /** How many of the drafts belong to complete transactions. */
  #complete = 0
  #lastComplete: LastTransaction | undefined

  constructor(private readonly append: (drafts: readonly Draft[], last: LastTransaction | undefined) => Promise<void>) {}

  /** Whether a row belongs to the transaction that was added last. */
  endsWith(row: OutboxRow): boolean {
    return this.#row?.transaction === row.transaction
  }

  /** Without a draft the row counts as read, and leaves nothing. */
  async add(row: OutboxRow, draft: Draft | undefined): Promise<void> {
    if (this.#row !== undefined && !this.endsWith(row)) this.#completeAt(this.#row)
    this.#row = row
    if (draft === undefined) return
    if (this.#drafts.length >= APPEND_ROWS || this.#bytes + draft.payload.length > APPEND_BYTES) await this.#shed()
    this.#drafts.push(draft)
    this.#bytes += draft.payload.length
  }

  /** Everything is complete: the next row belongs to another transaction. */
  async flush(): Promise<void> {
    if (this.#row === undefined) return
    this.#completeAt(this.#row)
    await this.append(this.#drafts, this.#lastComplete)
  }

  /** What is left, without its position, which the caller knows better. */
  take(): readonly Draft[] {
    return this.#drafts
  }

  async #shed(): Promise<void> {
    if (this.#drafts.length === 0) return
    if (this.#lastComplete === undefined || this.#complete === 0) {
      // One transaction is larger than an append. A kill before its end takes this part again, which the log knows by its keys.
      const part = this.#drafts
      this.#keep([])
      return this.append(part, undefined)
    }
    const [whole, part, last] = [this.#drafts.slice(0, this.#complete), this.#drafts.slice(this.#complete), this.#lastComplete]
    this.#keep(part)
    await this.append(whole, last)
  }

  #keep(drafts: Draft[]): void {
    this.#drafts = drafts
    this.#bytes = drafts.reduce((sum, { payload }) => sum + payload.length, 0)
    this.#complete = 0
    this.#lastComplete = undefined
  }

  #completeAt({ committed, transaction }: OutboxRow): void {
    this.#complete = this.#drafts.length
    this.#lastComplete = { transaction, ...(committed === null ? {} : { committed }) }
  }
}
