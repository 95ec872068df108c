import { expect, it } from 'vitest'
import { BACKSLASH, nextInText, QUOTE, viewOf } from './json-text.js'

it('finds the next quote or backslash from every place of bytes of every kind, also where they lie within a larger buffer', () => {
  let state = 7
  const draw = (below: number) => ((state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) >>> 8) % below
  // The neighbours of both, with and without their high bits, are what four at a time could be mistaken about.
  const kinds = [QUOTE, BACKSLASH, QUOTE - 1, QUOTE + 1, BACKSLASH - 1, BACKSLASH + 1, QUOTE | 0x80, BACKSLASH | 0x80, 0, 1, 0x7f, 0x80, 0xff, 0x61]
  let found = 0
  for (let round = 0; round < 3_000; round++) {
    const whole = Buffer.from(Array.from({ length: draw(24) }, () => (draw(3) === 0 ? kinds[draw(kinds.length)] : kinds[2 + draw(kinds.length - 2)]) as number))
    const bytes = whole.subarray(draw(whole.length + 1))
    for (let from = 0; from <= bytes.length + 1; from++) {
      const behind = bytes.findIndex((byte, at) => at >= from && (byte === QUOTE || byte === BACKSLASH))
      if (behind >= 0) found++
      expect(nextInText(bytes, viewOf(bytes), from)).toBe(behind >= 0 ? behind : Math.max(from, bytes.length))
    }
  }
  expect(found).toBeGreaterThan(1_000)
})
