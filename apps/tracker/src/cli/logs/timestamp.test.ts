import { describe, expect, test } from 'vitest'
import { isTimeZone, parseTime } from './timestamp.js'

const iso = (text: string, reading = {}): string => {
  const read = parseTime(text, reading)
  return typeof read === 'number' ? new Date(read).toISOString() : read
}

describe('a time as logs write it', () => {
  test('carries its offset, whatever the separator', () => {
    expect(iso('2011-10-11T13:45:40.276+02:00')).toBe('2011-10-11T11:45:40.276Z')
    expect(iso('2012-01-30 06:24:00+0200')).toBe('2012-01-30T04:24:00.000Z')
    expect(iso('2012-01-30T06:24:00Z')).toBe('2012-01-30T06:24:00.000Z')
  })

  test('loses digits beyond the millisecond', () => {
    expect(iso('2024-02-29T10:00:00.123987Z')).toBe('2024-02-29T10:00:00.123Z')
  })

  test('is a whole day where it has no time of day', () => {
    expect(iso('2024-02-29')).toBe('2024-02-29T00:00:00.000Z')
  })

  test('may be counted in seconds or milliseconds', () => {
    expect(iso('1700000000')).toBe('2023-11-14T22:13:20.000Z')
    expect(iso('1700000000123')).toBe('2023-11-14T22:13:20.123Z')
  })

  test('may put the day first, which a dot says and a slash does not', () => {
    expect(iso('03.04.2024 10:15')).toBe('2024-04-03T10:15:00.000Z')
    expect(iso('23/04/2024 10:15:30')).toBe('2024-04-23T10:15:30.000Z')
    expect(iso('03/04/2024')).toContain('--date-order')
    expect(iso('03/04/2024', { dateOrder: 'mdy' })).toBe('2024-03-04T00:00:00.000Z')
    expect(iso('3/4/2024 1:05 PM', { dateOrder: 'dmy' })).toBe('2024-04-03T13:05:00.000Z')
  })

  test('is told from what is no time, and from what no calendar has', () => {
    expect(iso('yesterday')).toContain('no time that can be read')
    expect(iso('2023-02-29')).toContain('no moment of the calendar')
    expect(iso('2023-02-28 25:00')).toContain('no moment of the calendar')
  })
})

describe('a time without offset', () => {
  test('is UTC by default, else of the zone that was named', () => {
    expect(iso('2024-01-15 12:00')).toBe('2024-01-15T12:00:00.000Z')
    expect(iso('2024-01-15 12:00', { timeZone: 'Europe/Amsterdam' })).toBe('2024-01-15T11:00:00.000Z')
    expect(iso('2024-07-15 12:00', { timeZone: 'Europe/Amsterdam' })).toBe('2024-07-15T10:00:00.000Z')
  })

  test('is right on both sides of the night the clocks change', () => {
    expect(iso('2024-03-31 01:59', { timeZone: 'Europe/Amsterdam' })).toBe('2024-03-31T00:59:00.000Z')
    expect(iso('2024-03-31 03:00', { timeZone: 'Europe/Amsterdam' })).toBe('2024-03-31T01:00:00.000Z')
  })

  test('needs a zone that exists', () => {
    expect(isTimeZone('Europe/Amsterdam')).toBe(true)
    expect(isTimeZone('Europe/Atlantis')).toBe(false)
  })
})
