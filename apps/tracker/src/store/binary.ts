/**
 * Rows in Postgres's binary format, as parameters and for COPY: a column of all rows as an array, for statements over `unnest`; whole rows for COPY.
 * https://www.postgresql.org/docs/current/sql-copy.html, Binary Format.
 */
import { Values, type ElementType } from './binary-values.js'

type Column<Value> = <Row>(rows: readonly Row[], value: (row: Row) => Value) => Buffer

/** A column of the rows, as a parameter for `$1::uuid[]`. */
export const uuids = columnOf<string | null>('uuid', (values, value) => values.uuid(value))
/** For `$1::text[]`. */
export const texts = columnOf<string | null>('text', (values, value) => values.text(value))
/** For `$1::text[]`, to be cast: of each value the text that JSON.stringify makes of it. */
export const jsons = columnOf<unknown>('text', (values, value) => values.json(value))
/** For `$1::int[]`. */
export const ints = columnOf<number | null>('int', (values, value) => values.int(value))
/** For `$1::bigint[]`. */
export const bigints = columnOf<number | bigint | null>('bigint', (values, value) => values.bigint(value))
/** For `$1::boolean[]`. */
export const booleans = columnOf<boolean | null>('boolean', (values, value) => values.boolean(value))

function columnOf<Value>(type: ElementType, write: (values: Values, value: Value) => void): Column<Value> {
  return (rows, value) => {
    const values = new Values(rows.length * BYTES_OF_A_VALUE).arrayOf(type, rows.length)
    for (const row of rows) write(values, value(row))
    return values.written
  }
}

/** What `copy table (columns) from stdin (format binary)` reads: the columns' values of each row, in the types that they have. */
export function copyRows<Row>(rows: readonly Row[], columns: number, write: (values: Values, row: Row) => void): Buffer {
  const values = new Values(rows.length * columns * BYTES_OF_A_VALUE).bytes(COPY_HEAD)
  for (const row of rows) write(values.row(columns), row)
  return values.row(NO_MORE_ROWS).written
}

/** What most need, with their length. */
const BYTES_OF_A_VALUE = 20
/** Its signature, then no flags and no extension. */
const COPY_HEAD = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1')
const NO_MORE_ROWS = -1
