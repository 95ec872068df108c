import { Temporal } from 'temporal-polyfill'

/** An ISO 8601 duration. Calendar units stay apart: their length depends on the day and the zone. */
export interface Duration {
  readonly years: number
  readonly months: number
  /** Weeks included. */
  readonly days: number
  /** Hours, minutes and seconds, exact. */
  readonly timeMs: number
}

export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: string }

const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** No business waits a century; beyond it dates leave the range that Date and Postgres share. */
const MAX_DURATION_MS = 100 * 366 * DAY_MS

const PART = String.raw`(\d{1,9}(?:[.,]\d{1,9})?)`
const ISO = new RegExp(`^P(?:${PART}Y)?(?:${PART}M)?(?:${PART}W)?(?:${PART}D)?(T(?:${PART}H)?(?:${PART}M)?(?:${PART}S)?)?$`)

/** Parsed durations: models have few, deadlines ask often. Emptied when full. */
const CACHE_SIZE = 1_000
const cache = new Map<string, Parsed<Duration>>()

/** Reads `P1Y2M3W4DT5H6M7.5S` and its parts. Negative durations are refused: nothing is due before it was armed. */
export function parseDuration(iso: string): Parsed<Duration> {
  let parsed = cache.get(iso)
  if (parsed === undefined) {
    parsed = parse(iso)
    if (cache.size >= CACHE_SIZE) cache.clear()
    cache.set(iso, parsed)
  }
  return parsed
}

/**
 * The moment a duration after another one, in epoch milliseconds. Calendar arithmetic in the zone: over a night when clocks change P1D
 * ends at the same time of day, PT24H 24 hours later; P1M after 31 January is the last of February. NaN where the text is no duration,
 * the zone is unknown, or the result leaves the range of dates.
 */
export function addDuration(fromMs: number, iso: string, zone: string): number {
  const parsed = parseDuration(iso)
  return parsed.ok ? add(fromMs, parsed.value, zone) : Number.NaN
}

/** As addDuration, `times` over: the third of P1M after 31 January is 30 April, not what clamping thrice would give. */
export function addDurations(fromMs: number, iso: string, times: number, zone: string): number {
  const parsed = parseDuration(iso)
  if (!parsed.ok) return Number.NaN
  const { years, months, days, timeMs } = parsed.value
  return add(fromMs, { years: years * times, months: months * times, days: days * times, timeMs: timeMs * times }, zone)
}

/** For policies such as grace, where no calendar matters: a day is 24 hours, a month 30 days, a year 365. NaN where it is no duration. */
export function durationMs(iso: string): number {
  const parsed = parseDuration(iso)
  return parsed.ok ? roughMs(parsed.value) : Number.NaN
}

/** Whether calendar arithmetic can be done there. */
export function isZone(zone: string): boolean {
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(zone)
    return true
  } catch {
    return false
  }
}

function parse(iso: string): Parsed<Duration> {
  const match = ISO.exec(iso.trim())
  const error = `"${iso.slice(0, 50)}" is no ISO 8601 duration such as PT15M, P2D or P1M`
  if (match === null || iso.trim() === 'P' || match[5] === 'T') return { ok: false, error }
  const [years, months, weeks, days, , hours, minutes, seconds] = match.slice(1).map((part) => Number((part ?? '0').replace(',', '.'))) as
    [number, number, number, number, number, number, number, number]
  if (![years, months, weeks, days].every(Number.isInteger)) {
    return { ok: false, error: `"${iso}" has a fraction of a day or more: use hours or minutes for it` }
  }
  const value = {
    years, months, days: weeks * 7 + days, timeMs: Math.round(hours * HOUR_MS + minutes * MINUTE_MS + seconds * SECOND_MS),
  }
  if (roughMs(value) > MAX_DURATION_MS) return { ok: false, error: `"${iso}" is longer than a hundred years` }
  return { ok: true, value }
}

function roughMs({ years, months, days, timeMs }: Duration): number {
  return (years * 365 + months * 30 + days) * DAY_MS + timeMs
}

/** The two short cuts spare the calendar for nearly all timers: exact units anywhere, days in a zone whose days are all alike. */
function add(fromMs: number, duration: Duration, zone: string): number {
  const { years, months, days, timeMs } = duration
  if (years === 0 && months === 0 && days === 0) return fromMs + timeMs
  if (years === 0 && months === 0 && zone === 'UTC') return fromMs + days * DAY_MS + timeMs
  try {
    return Temporal.Instant.fromEpochMilliseconds(fromMs).toZonedDateTimeISO(zone).add({ years, months, days }).epochMilliseconds + timeMs
  } catch {
    return Number.NaN
  }
}
