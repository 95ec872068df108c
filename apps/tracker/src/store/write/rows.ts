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

/** As {@link column}, of numbers, booleans, identities and words of ours: nothing in them needs to be quoted. */
export function plainColumn<Row>(rows: readonly Row[], value: (row: Row) => Cell): string {
  let text = '{'
  for (let index = 0; index < rows.length; index++) text += `${index === 0 ? '' : ','}${value(rows[index] as Row) ?? 'NULL'}`
  return `${text}}`
}

/** As {@link column}, of texts that JSON.stringify made: they hold no control characters, so that JSON quotes them as an array does. */
export function jsonColumn<Row>(rows: readonly Row[], value: (row: Row) => string): string {
  let text = '{'
  for (let index = 0; index < rows.length; index++) text += `${index === 0 ? '' : ','}${JSON.stringify(value(rows[index] as Row))}`
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
