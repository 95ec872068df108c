/** Rows as arrays of columns, for statements over `unnest`. */
export type Statements = Promise<unknown>[]

export function column<Row, Value>(rows: readonly Row[], value: (row: Row) => Value): Value[] {
  return rows.map(value)
}

/** Rows are written in the order of their keys: then two writers cannot wait for each other. */
export function compare(a: string | bigint, b: string | bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}
