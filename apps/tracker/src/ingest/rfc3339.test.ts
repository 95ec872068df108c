import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseTimestamp } from './rfc3339.js'

test('agrees with Date on every moment that both can write', () => {
  fc.assert(
    fc.property(fc.date({ min: new Date('0000-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true }), (date) => {
      expect(parseTimestamp(date.toISOString())).toBe(date.getTime())
    }),
    { numRuns: 2_000 },
  )
})

test.each([
  ['2026-03-01T12:00:00Z', Date.UTC(2026, 2, 1, 12)],
  ['2026-03-01t12:00:00z', Date.UTC(2026, 2, 1, 12)],
  ['2026-03-01T12:00:00+02:00', Date.UTC(2026, 2, 1, 10)],
  ['2026-03-01T00:30:00+05:45', Date.UTC(2026, 1, 28, 18, 45)],
  ['2026-12-31T23:30:00-01:00', Date.UTC(2027, 0, 1, 0, 30)],
  ['2026-03-01T12:00:00.1Z', Date.UTC(2026, 2, 1, 12, 0, 0, 100)],
  ['2026-03-01T12:00:00.123456789Z', Date.UTC(2026, 2, 1, 12, 0, 0, 123)],
  ['2016-12-31T23:59:60.5Z', Date.UTC(2017, 0, 1)],
  ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29)],
])('%s is read', (text, expected) => {
  expect(parseTimestamp(text)).toBe(expected)
})

test.each([
  '', 'yesterday', '2026-03-01', '2026-03-01T12:00:00', '2026-03-01T12:00Z', '2026-3-1T12:00:00Z', '2026-02-30T00:00:00Z', '2025-02-29T00:00:00Z', '2026-13-01T00:00:00Z',
  '2026-00-01T00:00:00Z', '2026-01-01T24:00:00Z', '2026-01-01T00:60:00Z', '2026-01-01T00:00:61Z', '2026-01-01T00:00:00.Z', '2026-01-01T00:00:00+2:00', '2026-01-01T00:00:00+24:00',
  '2026-01-01T00:00:00Zulu', '+002026-01-01T00:00:00Z', 'Sun, 01 Mar 2026 12:00:00 GMT', '1772366400', '２026-01-01T00:00:00Z',
])('%j is refused', (text) => {
  expect(parseTimestamp(text)).toBeUndefined()
})
