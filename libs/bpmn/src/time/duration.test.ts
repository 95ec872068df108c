import { describe, expect, test } from 'vitest'
import { addDuration, addDurations, durationMs, isZone, parseDuration } from './duration.js'

const at = (iso: string): number => Date.parse(iso)
const plus = (from: string, duration: string, zone = 'UTC'): string => new Date(addDuration(at(from), duration, zone)).toISOString()

describe('a duration after a moment', () => {
  test('is exact for hours, minutes and seconds in every zone', () => {
    expect(plus('2026-03-28T12:00:00Z', 'PT24H', 'Europe/Berlin')).toBe('2026-03-29T12:00:00.000Z')
    expect(plus('2026-03-28T12:00:00Z', 'PT1M1.5S')).toBe('2026-03-28T12:01:01.500Z')
  })

  test('keeps the time of day over the nights when clocks change', () => {
    expect(plus('2026-03-28T12:00:00Z', 'P1D', 'Europe/Berlin')).toBe('2026-03-29T11:00:00.000Z')
    expect(plus('2026-10-24T12:00:00Z', 'P1D', 'Europe/Berlin')).toBe('2026-10-25T13:00:00.000Z')
    expect(plus('2026-03-28T12:00:00Z', 'P1D')).toBe('2026-03-29T12:00:00.000Z')
  })

  test('ends a month later on the last day where the day does not exist', () => {
    expect(plus('2026-01-31T10:00:00Z', 'P1M')).toBe('2026-02-28T10:00:00.000Z')
    expect(plus('2024-02-29T10:00:00Z', 'P1Y')).toBe('2025-02-28T10:00:00.000Z')
  })

  test('counts repeated months from the start, not from the clamped month before', () => {
    expect(new Date(addDurations(at('2026-01-31T00:00:00Z'), 'P1M', 3, 'UTC')).toISOString()).toBe('2026-04-30T00:00:00.000Z')
    expect(new Date(addDurations(at('2026-01-31T00:00:00Z'), 'P1M', 2, 'UTC')).toISOString()).toBe('2026-03-31T00:00:00.000Z')
  })

  test('takes calendar units before exact ones', () => {
    expect(plus('2026-01-31T10:00:00Z', 'P1M1DT2H')).toBe('2026-03-01T12:00:00.000Z')
    expect(plus('2026-01-01T00:00:00Z', 'P2W')).toBe('2026-01-15T00:00:00.000Z')
  })

  test('is not a number where the text or the zone means nothing', () => {
    expect(addDuration(0, 'soon', 'UTC')).toBeNaN()
    expect(addDuration(0, 'P1D', 'Middle/Earth')).toBeNaN()
  })
})

describe('a duration', () => {
  test.each(['', 'P', 'PT', 'P1', '1D', 'P-1D', '-P1D', 'P1.5D', 'PT1H1', 'P1DT', 'P1M1Y', 'P999999999Y', '${wait}'])('is not %j', (text) => {
    expect(parseDuration(text).ok).toBe(false)
  })

  test('says what it should look like', () => {
    expect(parseDuration('14 days')).toEqual({ ok: false, error: '"14 days" is no ISO 8601 duration such as PT15M, P2D or P1M' })
  })

  test('of a policy has days of 24 hours', () => {
    expect(durationMs('PT30S')).toBe(30_000)
    expect(durationMs('P1DT0.25S')).toBe(86_400_250)
    expect(durationMs('PT0S')).toBe(0)
    expect(durationMs('never')).toBeNaN()
  })
})

test('zones are those of the time zone database', () => {
  expect(isZone('Europe/Berlin')).toBe(true)
  expect(isZone('UTC')).toBe(true)
  expect(isZone('Europe/Atlantis')).toBe(false)
})
