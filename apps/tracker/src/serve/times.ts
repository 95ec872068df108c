import { TrackerError } from '../problem.js'

/** RFC 3339 UTC with milliseconds, from epoch milliseconds as the database or the clock gives them. */
export function rfc3339(ms: string | number | bigint): string {
  return new Date(Number(ms)).toISOString()
}

/** The same, absent for null. */
export function rfc3339OrAbsent(ms: string | number | null): string | undefined {
  return ms === null ? undefined : rfc3339(ms)
}

const rfc3339Shape = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/i

/** A moment that the tracker's clock has passed; undefined where none is asked for. */
export function parsePast(text: string | undefined, clock: number): number | undefined {
  const at = parseTime(text, 'at')
  if (at === undefined || at <= clock) return at
  throw new TrackerError('invalidRequest', 400, `at lies in the future: the tracker's clock says ${rfc3339(clock)}.`, [{ attribute: 'at', message: 'later than now' }])
}

/** Epoch milliseconds of a time in a query; `attribute` names it in the refusal. */
export function parseTime(text: string | undefined, attribute: string): number | undefined {
  if (text === undefined) return undefined
  const ms = rfc3339Shape.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(ms)) {
    throw new TrackerError('invalidRequest', 400, `${attribute} is not a time: write it as 2026-01-31T09:00:00Z.`, [
      { attribute, message: 'not an RFC 3339 time' },
    ])
  }
  return ms
}
