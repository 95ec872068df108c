import { TrackerError } from '../problem.js'

/** Opaque to clients: the sort values of the last row of a page. */
export function encodeCursor(values: readonly string[]): string {
  return Buffer.from(JSON.stringify(values)).toString('base64url')
}

/** What each value of a cursor must look like: it came from us, but it comes back from outside. */
export const cursorPart = {
  number: /^-?\d{1,18}$/,
  uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
  text: /^[^\0]{1,255}$/su,
} as const

export function decodeCursor(cursor: string, parts: readonly RegExp[]): string[] {
  const values = parseJson(Buffer.from(cursor, 'base64url').toString())
  const valid = Array.isArray(values) && values.length === parts.length
    && parts.every((part, i) => typeof values[i] === 'string' && part.test(values[i]))
  if (!valid) throw new TrackerError('invalidCursor', 400, 'The cursor is not one that this list gave: leave it out to begin at the start.')
  return values as string[]
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A page from rows that were read with one more than `limit`: the surplus row says that there is a next page. */
export function pageOfRows<Row, Item>(
  rows: readonly Row[], limit: number, toItem: (row: Row) => Item, cursorOf: (last: Row) => readonly string[],
): { items: Item[]; nextCursor?: string } {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  const items = shown.map(toItem)
  return rows.length > limit && last !== undefined ? { items, nextCursor: encodeCursor(cursorOf(last)) } : { items }
}
