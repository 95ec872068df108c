import { describe, expect, test } from 'vitest'
import { cycleDue, isSilentCycle, parseCycle } from './cycle.js'
import type { Cycle } from './cycle.js'
import { parseDate } from './moment.js'

const cycle = (text: string): Cycle => {
  const parsed = parseCycle(text)
  if (!parsed.ok) throw new Error(parsed.error)
  return parsed.value
}
const dues = (text: string, armed: string, count: number): (string | undefined)[] => Array.from({ length: count }, (_, index) => {
  const due = cycleDue(cycle(text), Date.parse(armed), index + 1, 'UTC')
  return due === undefined ? undefined : new Date(due).toISOString()
})

describe('a cycle', () => {
  test('fires after each duration, as often as it says', () => {
    expect(dues('R2/PT1H', '2026-01-01T00:00:00Z', 3)).toEqual(['2026-01-01T01:00:00.000Z', '2026-01-01T02:00:00.000Z', undefined])
  })

  test('with a start fires first at that start, wherever it was armed', () => {
    expect(dues('R/2026-01-05T09:00:00Z/P1D', '2026-01-01T00:00:00Z', 2)).toEqual(['2026-01-05T09:00:00.000Z', '2026-01-06T09:00:00.000Z'])
  })

  test('with an end fires no more after it', () => {
    expect(dues('R/PT1H/2026-01-01T01:30:00Z', '2026-01-01T00:00:00Z', 2)).toEqual(['2026-01-01T01:00:00.000Z', undefined])
  })

  test('without a count goes on', () => {
    expect(cycle('R/PT5M')).toEqual({ duration: 'PT5M' })
    expect(cycle('R-1/PT5M')).toEqual({ duration: 'PT5M' })
  })

  test('of zero duration is silent', () => {
    expect(isSilentCycle(cycle('R/PT0S'))).toBe(true)
    expect(isSilentCycle(cycle('R/PT1S'))).toBe(false)
  })

  test.each(['', 'R3', 'R3/', 'R/2026-01-01T00:00:00Z', 'PT1H', '0 0 9 * * ?', 'R3/PT1H/PT2H/PT3H', 'Rx/PT1H',
    'R3/then/PT1H'])('is not %j', (text) => {
    expect(parseCycle(text).ok).toBe(false)
  })
})

describe('a date', () => {
  test('with an offset is that moment', () => {
    expect(parseDate('2026-03-01T09:00:00+01:00', 'America/New_York')).toEqual({ ok: true, value: Date.parse('2026-03-01T08:00:00Z') })
  })

  test('without an offset is the time of the zone', () => {
    expect(parseDate('2026-07-01T09:00:00', 'Europe/Berlin')).toEqual({ ok: true, value: Date.parse('2026-07-01T07:00:00Z') })
    expect(parseDate('2026-07-01', 'Europe/Berlin')).toEqual({ ok: true, value: Date.parse('2026-06-30T22:00:00Z') })
  })

  test.each(['', 'tomorrow', '2026-02-30', '2026-13-01T00:00:00Z', '09:00'])('is not %j', (text) => {
    expect(parseDate(text, 'UTC').ok).toBe(false)
  })
})
