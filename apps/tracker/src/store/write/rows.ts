/** What the statements of a commit share. */
export type Statements = Promise<unknown>[]

/** Rows are written in the order of their keys: then two writers cannot wait for each other. */
export function compare(a: string | bigint, b: string | bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}
