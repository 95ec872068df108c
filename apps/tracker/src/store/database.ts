/**
 * The database as the rooms see it: Postgres or PGlite, the same SQL on both. Opened in open-database.ts.
 * bigint columns arrive as strings, jsonb as parsed values, uuid as text, arrays as arrays.
 */
export interface Queryable {
  /** Parameters are `$1`, `$2`...; arrays become Postgres arrays (cast them in SQL: `$1::uuid[]`), objects are passed as JSON text (`$1::jsonb`). */
  query<Row extends object = Record<string, unknown>>(sql: string, params?: readonly unknown[]): Promise<Row[]>
}

export interface Database extends Queryable {
  /** Rolls back and rethrows when the function throws. Inside it only the given handle may be used. */
  transaction<T>(run: (tx: Queryable) => Promise<T>, options?: { readonly synchronousCommit?: boolean }): Promise<T>
  readonly embedded: boolean
  close(): Promise<void>
}
