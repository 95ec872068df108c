import { Temporal } from 'temporal-polyfill'
import type { Parsed } from './duration.js'

/**
 * An ISO 8601 date or date and time as epoch milliseconds. Without an offset the time is the zone's; a date alone is the start of that
 * day there.
 */
export function parseDate(text: string, zone: string): Parsed<number> {
  const written = text.trim()
  try {
    if (/(?:Z|[+-]\d{2}(?::?\d{2})?)$/i.test(written) && /T/i.test(written)) return moment(Temporal.Instant.from(written))
    if (!/T/i.test(written)) return moment(Temporal.PlainDate.from(written).toZonedDateTime(zone))
    return moment(Temporal.PlainDateTime.from(written).toZonedDateTime(zone))
  } catch {
    return { ok: false, error: `"${text.slice(0, 50)}" is no ISO 8601 date such as 2026-03-01T09:00:00Z` }
  }
}

function moment({ epochMilliseconds }: { epochMilliseconds: number }): Parsed<number> {
  return { ok: true, value: epochMilliseconds }
}
