/** Rows as arrays of columns, for statements over `unnest`. */
export type Statements = Promise<unknown>[]

type Cell = string | number | bigint | boolean | null

/**
 * One column of all rows, as the text of a Postgres array. pg would make the same of a plain array, at several times the cost: it escapes
 * every value, of which few need it.
 */
export function column<Row>(rows: readonly Row[], value: (row: Row) => Cell): string {
  let text = '{'
  for (let index = 0; index < rows.length; index++) {
    const cell = value(rows[index] as Row)
    if (index > 0) text += ','
    if (typeof cell === 'string') text += PLAIN.test(cell) && !IS_NULL.test(cell) ? cell : `"${SPECIAL.test(cell) ? cell.replace(EACH_SPECIAL, '\\$&') : cell}"`
    else text += cell === null ? 'NULL' : String(cell)
  }
  return `${text}}`
}

const PLAIN = /^[\w.:-]+$/
const IS_NULL = /^null$/i
const SPECIAL = /["\\]/
const EACH_SPECIAL = /["\\]/g

/** Rows are written in the order of their keys: then two writers cannot wait for each other. */
export function compare(a: string | bigint, b: string | bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}
