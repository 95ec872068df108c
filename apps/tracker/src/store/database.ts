/**
 * The database as the rooms see it: Postgres or PGlite, the same SQL on both. Opened in open-database.ts.
 * bigint and numeric columns arrive as strings, jsonb as parsed values, uuid as text, timestamptz as Date, arrays as arrays.
 */
export interface Queryable {
  /**
   * One statement. Parameters are `$1`, `$2`...; arrays become Postgres arrays (cast them in SQL: `$1::uuid[]`), so a JSON array is passed as
   * text that the caller made (`JSON.stringify`); objects are passed as JSON text (`$1::jsonb`); bigint values are fine everywhere.
   *
   * Statements need not be awaited one by one: inside a transaction they are sent at once, run in the order they were issued, and cost one
   * round trip together (`await Promise.all([tx.query(...), tx.query(...)])`). After one fails, those behind it fail too.
   */
  query<Row extends object = Record<string, unknown>>(sql: string, params?: readonly unknown[]): Promise<Row[]>
}

/** Where rows are written. */
export interface Writing extends Queryable {
  /** `copy table (columns) from stdin`, as text or `(format binary)`, whose rows copyRows of binary.ts makes. As with {@link query}, it need not be awaited before the next statement. */
  copy(sql: string, rows: Uint8Array): Promise<void>
}

export interface Transaction extends Writing {
  /** The answer of `copy (...) to stdout`, whole: the statement is to bound it. */
  copyOut(sql: string): Promise<Buffer>
}

export interface TransactionOptions {
  /** False: the answer comes before the commit is on disk, for what the log can replay. */
  readonly synchronousCommit?: boolean
  /**
   * All its statements touch a few rows by their keys: they go through the index, also where statistics are older than the rows, and their plans are kept
   * for the next time. They are the same few texts each time, and name the columns that they answer.
   */
  readonly byKey?: boolean
  /** What the session is called while it runs, so that others can end it: letters, digits, blanks. */
  readonly sessionName?: string
  /** The database rolls it back when nothing is heard of it for so long: whoever stands still in it holds up those who took over from them. */
  readonly abandonedAfterMs?: number
  /**
   * The function issues all its statements before it first waits for an answer, and any of them that fails undoes it: begin, all of them and the commit go out
   * together, in one round trip. A statement that it issues later is refused.
   */
  readonly atOnce?: boolean
  /** It only reads: a statement that writes is refused. */
  readonly readsOnly?: boolean
  /** It only reads, and all its statements see the same moment. */
  readonly seesOneMoment?: boolean
}

export interface Database extends Queryable {
  /**
   * Rolls back and rethrows when the function throws. Inside it only the given handle may be used: the embedded database has one session,
   * so a statement of its own would wait for the transaction that waits for it (refused after a minute). Once the function has ended the handle takes
   * nothing more: what it has left running would stand by itself.
   */
  transaction<T>(run: (tx: Transaction) => Promise<T>, options?: TransactionOptions): Promise<T>
  readonly embedded: boolean
  /**
   * What anybody says on a channel (NOTIFY), until the function that it answers is called. A connection that breaks is made anew; what was said
   * meanwhile is not heard. Absent where there is nobody else.
   */
  listen?(channel: string, hear: (payload: string) => void): Promise<() => Promise<void>>
  close(): Promise<void>
}
