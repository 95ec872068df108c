/** How times without an offset, and dates of two-digit ambiguity, are read. */
export interface TimeReading {
  /** IANA zone; absent: UTC. */
  readonly timeZone?: string
  readonly dateOrder?: 'dmy' | 'mdy'
}

/**
 * Epoch milliseconds of a time as logs write it: ISO 8601 and its relatives (`2012-01-30 06:24:00+02:00`, `2012/01/30 06:24`),
 * `30.01.2012 06:24`, `30/01/2012`, and epoch seconds or milliseconds. Digits beyond the millisecond are dropped. A string answers why not.
 */
export function parseTime(text: string, reading: TimeReading = {}): number | string {
  const trimmed = text.trim()
  const parts = split(trimmed, reading)
  if (typeof parts !== 'object') return parts ?? `"${excerpt(trimmed)}" is no time that can be read`
  const localMs = Date.UTC(parts.year, parts.month - 1, parts.day, parts.hour, parts.minute, parts.second, parts.ms)
  const back = new Date(localMs)
  if (back.getUTCDate() !== parts.day || back.getUTCMonth() !== parts.month - 1 || parts.hour > 23 || parts.minute > 59 || parts.second > 60) {
    return `"${excerpt(trimmed)}" is no moment of the calendar`
  }
  if (parts.offsetMinutes !== undefined) return localMs - parts.offsetMinutes * 60_000
  return reading.timeZone === undefined || reading.timeZone === 'UTC' ? localMs : inZone(localMs, reading.timeZone)
}

/** True where the zone is known to this machine. */
export function isTimeZone(zone: string): boolean {
  try {
    formatterOf(zone)
    return true
  } catch {
    return false
  }
}

interface Parts {
  year: number; month: number; day: number; hour: number; minute: number; second: number; ms: number
  offsetMinutes?: number
}

const yearFirst = /^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ]+(.*))?$/
const yearLast = /^(\d{1,2})([-/.])(\d{1,2})\2(\d{4})(?:[T ,]+(.*))?$/
const ofDay = /^(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?\s*(?:([AaPp])\.?[Mm]\.?)?\s*(Z|z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?$/
const epoch = /^(\d{10}|\d{13})(?:\.\d+)?$/

function split(text: string, reading: TimeReading): Parts | string | undefined {
  const counted = epoch.exec(text)
  if (counted !== null) return utcParts(counted[1]?.length === 10 ? Number(counted[1]) * 1000 : Number(counted[1]))
  const first = yearFirst.exec(text)
  if (first !== null) return withTime(Number(first[1]), Number(first[2]), Number(first[3]), first[4])
  const last = yearLast.exec(text)
  if (last === null) return undefined
  const [a, b, year] = [Number(last[1]), Number(last[3]), Number(last[4])]
  // A dot is written where the day comes first; a slash may mean either, unless one of the two is too large for a month.
  const order = reading.dateOrder ?? (last[2] === '.' || a > 12 ? 'dmy' : b > 12 ? 'mdy' : undefined)
  if (order === undefined) return `"${excerpt(text)}" can be read as day/month or month/day: say which with --date-order dmy or mdy`
  return order === 'dmy' ? withTime(year, b, a, last[5]) : withTime(year, a, b, last[5])
}

function withTime(year: number, month: number, day: number, rest: string | undefined): Parts | undefined {
  const date = { year, month, day }
  if (rest === undefined || rest === '') return { ...date, hour: 0, minute: 0, second: 0, ms: 0 }
  const match = ofDay.exec(rest)
  if (match === null) return undefined
  const [, hour, minute, second, fraction, half, zone] = match
  const parts: Parts = {
    ...date, hour: hour24(Number(hour), half), minute: Number(minute), second: Number(second ?? 0),
    ms: fraction === undefined ? 0 : Number(fraction.slice(0, 3).padEnd(3, '0')),
  }
  if (zone !== undefined) parts.offsetMinutes = offsetOf(zone)
  return parts
}

function hour24(hour: number, half: string | undefined): number {
  if (half === undefined) return hour
  return (hour % 12) + (half.toLowerCase() === 'p' ? 12 : 0)
}

function offsetOf(zone: string): number {
  if (!/^[+-]/.test(zone)) return 0
  const digits = zone.slice(1).replace(':', '').padEnd(4, '0')
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2))
  return zone.startsWith('-') ? -minutes : minutes
}

function utcParts(ms: number): Parts {
  const date = new Date(ms)
  return {
    year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate(),
    hour: date.getUTCHours(), minute: date.getUTCMinutes(), second: date.getUTCSeconds(), ms: date.getUTCMilliseconds(), offsetMinutes: 0,
  }
}

/** The offset is asked at the guess and, as that may lie across a change of the clocks, once more at the answer. */
function inZone(localMs: number, zone: string): number {
  const guess = localMs - zoneOffsetMs(localMs, zone)
  return localMs - zoneOffsetMs(guess, zone)
}

function zoneOffsetMs(atMs: number, zone: string): number {
  const parts: Record<string, number> = {}
  for (const { type, value } of formatterOf(zone).formatToParts(atMs)) parts[type] = Number(value)
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(atMs / 1000) * 1000
}

/** Bounded by the zones one command names: one. */
const formatters = new Map<string, Intl.DateTimeFormat>()

function formatterOf(zone: string): Intl.DateTimeFormat {
  const known = formatters.get(zone)
  if (known !== undefined) return known
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone: zone, hourCycle: 'h23', era: undefined,
    year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric',
  })
  formatters.set(zone, made)
  return made
}

function excerpt(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}...` : text
}
