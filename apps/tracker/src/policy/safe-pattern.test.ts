import { describe, expect, it, test } from 'vitest'
import { safePattern } from './safe-pattern.js'

describe('A pattern', () => {
  test.each([
    ['^[A-Z]{2}-\\d+$', 'DE-42', 'de-42'],
    ['^(placed|paid)$', 'paid', 'lost'],
    ['^[^@]+@[^@]+\\.[^@]+$', 'a@b.example', 'nobody'],
    ['^\\p{L}+$', 'Größe', '12'],
    ['^(?<year>\\d{4})-(?:0[1-9]|1[0-2])$', '2026-12', '2026-13'],
    ['^[\\]a]*$', ']a]', 'b'],
    ['^(https?://)?[a-z.]+$', 'http://x.y', 'X'],
    ['b', 'abc', 'ac'],
  ])('%s is tried as it stands', (source, match, other) => {
    const pattern = safePattern(source, 'u')
    expect([pattern.test(match), pattern.test(other)]).toEqual([true, false])
  })

  test.each([
    ['(a+)+$', /repeats a group/], ['^(a|a)*$', /repeats a group/], ['^(a?){30}b', /repeats a group/], ['^(.*,){11}P', /repeats a group/],
    ['(a)\\1', /refers back/], ['^(?<x>a)\\k<x>$', /refers back/], ['^(?=a+)b', /looks ahead/], ['(?<!a)b', /looks ahead or behind/],
    ['a*a*a*a*a*a*b', /too long/], ['a'.repeat(501), /at most 500/], [`^${'a?'.repeat(40)}$`, /too long/],
  ])('%s is refused', (source, reason) => {
    expect(() => safePattern(source, 'u')).toThrow(reason)
  })

  it('answers in time to the longest text that it is tried on', () => {
    for (const source of ['a*a*b', '^.*.*.*x$', '[a-z]+[a-z0-9]*[a-z]+!', '^[a-z]{1,40}[a-z]{1,40}[a-z]{1,40}!$']) {
      const pattern = safePattern(source, 'u')
      const begun = process.cpuUsage()
      expect(pattern.test('a'.repeat(pattern.maxCharacters))).toBe(false)
      expect(process.cpuUsage(begun).user / 1_000, source).toBeLessThan(2_000)
    }
  })

  it('matches no text beyond that', () => {
    const pattern = safePattern('^a+$', 'u')
    expect(pattern.test('a'.repeat(pattern.maxCharacters))).toBe(true)
    expect(pattern.test('a'.repeat(pattern.maxCharacters + 1))).toBe(false)
  })
})
