/** Values of DMN's simple types: what fits a type, and how they come in from JSON and go out to it. */
import { date, dateAndTime, duration, FeelDate, FeelDateTime, FeelDuration, FeelTime, time } from 'feelin'
import type { ValueType } from './decision.js'

/** The type that a reference names, whatever prefix it carries; `any` for types that are not checked. */
export function valueType(reference: string | undefined): ValueType {
  switch ((reference ?? '').replace(/^.*[:.]/, '').replaceAll(/\s/g, '').toLowerCase()) {
    case 'string': return 'string'
    case 'number': case 'integer': case 'long': case 'double': return 'number'
    case 'boolean': return 'boolean'
    case 'date': return 'date'
    case 'time': return 'time'
    case 'datetime': case 'dateandtime': return 'dateTime'
    case 'daytimeduration': case 'yearmonthduration': case 'daysandtimeduration': case 'yearsandmonthsduration': return 'duration'
    default: return 'any'
  }
}

/** Dates and durations come as text in JSON; they become what FEEL compares. Undefined where the value is not of the type. Null is of every type. */
export function ofType(value: unknown, type: ValueType): unknown {
  if (value === null || value === undefined) return null
  switch (type) {
    case 'any': return value
    case 'string': return typeof value === 'string' ? value : undefined
    case 'number': return typeof value === 'number' && Number.isFinite(value) ? value : undefined
    case 'boolean': return typeof value === 'boolean' ? value : undefined
    case 'date': return value instanceof FeelDate ? value : read(value, date)
    case 'time': return value instanceof FeelTime ? value : read(value, time)
    case 'dateTime': return value instanceof FeelDateTime ? value : read(value, dateAndTime)
    case 'duration': return value instanceof FeelDuration ? value : read(value, duration)
  }
}

function read(value: unknown, from: (text: string) => unknown): unknown {
  if (typeof value !== 'string') return undefined
  try {
    return from(value) ?? undefined
  } catch {
    return undefined
  }
}

/** As JSON: dates and durations as the text of ISO 8601. */
export function plainValue(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? (JSON.parse(JSON.stringify(value)) as unknown) : value
}

export function sameValue(a: unknown, b: unknown): boolean {
  return JSON.stringify(plainValue(a)) === JSON.stringify(plainValue(b))
}
