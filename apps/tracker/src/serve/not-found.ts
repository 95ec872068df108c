import { TrackerError } from '../problem.js'
import { cursorPart } from './cursor.js'

/** The row, or 404 with what to do. */
export function found<T>(row: T | undefined, what: string, id: string, listAt: string): T {
  if (row === undefined) throw new TrackerError(`${what}NotFound`, 404, `There is no ${what} ${JSON.stringify(id.slice(0, 100))}: GET ${listAt} lists them.`)
  return row
}

/** The id if it can be one of ours, undefined otherwise: so that no malformed id reaches the database. */
export function uuidOrUndefined(id: string): string | undefined {
  return cursorPart.uuid.test(id) ? id.toLowerCase() : undefined
}
