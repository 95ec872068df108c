import { expect, it } from 'vitest'
import { parseWaiting, waitingText } from './waiting.js'

it.each([
  ['3 d', 'P3D'],
  ['3d', 'P3D'],
  ['2 weeks', 'P2W'],
  ['90min', 'PT90M'],
  ['12 h', 'PT12H'],
  ['30s', 'PT30S'],
  ['P1DT2H', 'P1DT2H'],
  ['p3d', 'P3D'],
  ['', undefined],
  ['soon', undefined],
  ['P', undefined],
  ['PT', undefined],
  ['3 x', undefined],
  ['-3 d', undefined],
])('reads "%s" as %s', (typed, iso) => expect(parseWaiting(typed)).toBe(iso))

it('says a duration as people do, and leaves what it cannot say', () => {
  expect(waitingText('P3D')).toBe('3 d')
  expect(waitingText('PT90M')).toBe('1 h 30 min')
  expect(waitingText('P2M')).toBe('P2M')
})
