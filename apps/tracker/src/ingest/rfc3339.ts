const DAYS_PER_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
const DAY_MS = 86_400_000
const ZERO = 0x30

/**
 * Epoch milliseconds of an RFC 3339 timestamp, undefined where it is none. Offsets count; digits beyond the millisecond are cut; a leap
 * second is the first moment after it. Read by hand, because this is the hot path, and because `Date.parse` takes what is not RFC 3339 and turns
 * the 30th of February into March.
 */
export function parseTimestamp(text: string): number | undefined {
  const year = digits(text, 0, 4)
  const month = digits(text, 5, 2)
  const day = digits(text, 8, 2)
  const hour = digits(text, 11, 2)
  const minute = digits(text, 14, 2)
  const second = digits(text, 17, 2)
  if (text[4] !== '-' || text[7] !== '-' || !'Tt '.includes(text[10] ?? '?') || text[13] !== ':' || text[16] !== ':') return undefined
  if (year < 0 || month < 1 || month > 12 || day < 1 || day > daysOf(year, month)) return undefined
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return undefined
  let at = 19
  let ms = 0
  if (text[at] === '.') {
    const first = (at += 1)
    for (let weight = 100; isDigit(text, at); at += 1, weight = Math.floor(weight / 10)) ms += (text.charCodeAt(at) - ZERO) * weight
    if (at === first) return undefined
  }
  const offsetMinutes = offsetOf(text, at)
  if (offsetMinutes === undefined) return undefined
  const time = ((hour * 60 + minute - offsetMinutes) * 60 + second) * 1_000 + (second === 60 ? 0 : ms)
  return daysSinceEpoch(year, month, day) * DAY_MS + time
}

/** Minutes east of Greenwich, from where the offset begins to the end of the text. */
function offsetOf(text: string, at: number): number | undefined {
  const sign = text[at]
  if (sign === 'Z' || sign === 'z') return text.length === at + 1 ? 0 : undefined
  if ((sign !== '+' && sign !== '-') || text.length !== at + 6 || text[at + 3] !== ':') return undefined
  const hours = digits(text, at + 1, 2)
  const minutes = digits(text, at + 4, 2)
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return undefined
  return (sign === '-' ? -1 : 1) * (hours * 60 + minutes)
}

/** The number that stands there, -1 where not all are digits. */
function digits(text: string, from: number, count: number): number {
  let value = 0
  for (let at = from; at < from + count; at += 1) {
    if (!isDigit(text, at)) return -1
    value = value * 10 + text.charCodeAt(at) - ZERO
  }
  return value
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at)
  return code >= ZERO && code <= ZERO + 9
}

function daysOf(year: number, month: number): number {
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
  return month === 2 && leap ? 29 : DAYS_PER_MONTH[month - 1]!
}

/** Gregorian, with years that begin in March so that the leap day comes last (https://howardhinnant.github.io/date_algorithms.html). */
function daysSinceEpoch(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year
  const era = Math.floor(shifted / 400)
  const yearOfEra = shifted - era * 400
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1
  return era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468
}
