import { describe, expect, it } from 'vitest'
import { briefDurationText, countdownText, durationText, momentTitle, relativeText, scaleText, fromLocalText, localText } from './times.js'

const hour = 3_600_000
const day = 24 * hour

describe('a duration in words', () => {
  it.each([
    [0, '0 ms'],
    [412, '412 ms'],
    [3_240, '3.2 s'],
    [3_000, '3 s'],
    [59_999, '59 s'],
    [12 * 60_000, '12 min'],
    [3 * hour + 12 * 60_000, '3 h 12 min'],
    [3 * hour, '3 h'],
    [4 * day + 2 * hour, '4 d 2 h'],
    [38 * day + 5 * hour, '38 d'],
    [700 * day, '700 d'],
    [1_200 * day, '3.3 y'],
  ])('says %i ms as "%s"', (ms, text) => {
    expect(durationText(ms)).toBe(text)
  })

  it('never says a negative length', () => {
    expect(durationText(-5)).toBe('0 ms')
  })
})

it.each([
  [8 * hour + 28 * 60_000, '8.5 h'],
  [12 * hour + 40 * 60_000, '13 h'],
  [1.5 * day, '1.5 d'],
  [29 * day, '29 d'],
  [380, '380 ms'],
  [90_000, '1.5 min'],
])('says %i ms on a diagram as "%s"', (ms, text) => expect(briefDurationText(ms)).toBe(text))

describe('a moment beside the clock of the tracker', () => {
  const now = Date.UTC(2026, 2, 12)

  it('is ago before it, in after it, and now within a second', () => {
    expect(relativeText(now - 2 * hour, now)).toBe('2 h ago')
    expect(relativeText(now + 4 * day, now)).toBe('in 4 d')
    expect(relativeText(now - 400, now)).toBe('now')
  })

  it('counts a deadline down and then says how much it is over', () => {
    expect(countdownText(now + 90 * 60_000, now)).toBe('in 1 h 30 min')
    expect(countdownText(now - 2 * hour, now)).toBe('2 h over')
  })

  it('names the zone and UTC in the hover', () => {
    expect(momentTitle('2026-03-12T14:03:22.120Z')).toContain('2026-03-12T14:03:22.120Z UTC')
    expect(momentTitle('no time')).toBe('no time')
  })
})

it('tells how fast the clock of a demo runs', () => {
  expect(scaleText(86_400)).toBe('a day passes in a second')
  expect(scaleText(7_200)).toBe('2 h pass in a second')
})

it('a moment in a field for date and time is the moment that was put there, to the second', () => {
  for (const moment of ['2026-03-12T14:03:22.000Z', '2026-07-01T00:00:00.000Z']) expect(fromLocalText(localText(moment))).toBe(moment)
  for (const typed of ['', '0002-01-01T00:00', 'x']) expect(fromLocalText(typed)).toBeUndefined()
  expect(localText('yesterday')).toBe('')
})
