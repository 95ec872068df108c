import type { Writing } from './database.js'
import { giveBack } from './lent-memory.js'

/**
 * Statements that are made before their transaction has begun: their parameters are bytes already when it does. Until they are sent nobody is
 * answered; later ones go straight on.
 */
export class EarlyStatements implements Writing {
  #tx: Writing | undefined
  #waiting: ((tx: Writing) => void)[] = []
  #rows: Uint8Array[] = []

  send(tx: Writing): void {
    this.#tx = tx
    for (const send of this.#waiting) send(tx)
    this.#waiting = []
  }

  /** The transaction is over, and nothing of it is on its way: others may write where its rows stood. */
  end(): void {
    for (const rows of this.#rows) giveBack(rows)
    this.#rows = []
  }

  query<Row extends object>(sql: string, params?: readonly unknown[]): Promise<Row[]> {
    for (const param of params ?? []) if (param instanceof Uint8Array) this.#rows.push(param)
    return this.#issue((tx) => tx.query<Row>(sql, params))
  }

  copy(sql: string, rows: Uint8Array): Promise<void> {
    this.#rows.push(rows)
    return this.#issue((tx) => tx.copy(sql, rows))
  }

  #issue<Answer>(issue: (tx: Writing) => Promise<Answer>): Promise<Answer> {
    if (this.#tx !== undefined) return issue(this.#tx)
    return new Promise((resolve, reject) => this.#waiting.push((tx) => void issue(tx).then(resolve, reject)))
  }
}
