import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { factOf, processOf, Scenario, START } from '../testing/scenario.js'
import { compareFacts, type Fact } from './fact.js'

const message = { trigger: { kind: 'message' } } as const
const sequence = processOf({ elements: { start: message, a: {}, b: {}, end: {} }, flows: ['start > a > b > end'] })
const fact = (position: number, time: number, source: string, sequenceNumber?: string): Fact => (
  factOf(sequence, BigInt(position), 'a', START + time, { source, ...(sequenceNumber === undefined ? {} : { sequence: sequenceNumber }) })
)

describe('the order in which entries are folded', () => {
  it('is event time, then source, then who numbers its events after who does not, then the number, then the position', () => {
    const inOrder = [
      fact(9, 0, '/z'), fact(8, 1, '/a'), fact(1, 1, '/b'), fact(2, 1, '/b'), fact(7, 1, '/b', '001'), fact(5, 1, '/b', '002'), fact(6, 1, '/b', '002'), fact(3, 1, '/c'), fact(4, 2, '/a'),
    ]
    fc.assert(fc.property(fc.shuffledSubarray(inOrder, { minLength: inOrder.length }), (shuffled) => {
      expect([...shuffled].sort(compareFacts)).toEqual(inOrder)
    }), { seed: 1, numRuns: 200 })
  })

  it('is a total one: whatever is compared with whatever', () => {
    const any = fc.record({ position: fc.integer({ min: 1, max: 50 }), time: fc.integer({ min: 0, max: 2 }), source: fc.constantFrom('/a', '/b'), number: fc.option(fc.constantFrom('1', '2'), { nil: undefined }) })
      .map(({ position, time, source, number }) => fact(position, time, source, number))
    fc.assert(fc.property(any, any, any, (a, b, c) => {
      expect(Math.sign(compareFacts(a, b))).toBe(-Math.sign(compareFacts(b, a)) + 0)
      if (compareFacts(a, b) < 0 && compareFacts(b, c) < 0) expect(compareFacts(a, c)).toBeLessThan(0)
    }), { seed: 2, numRuns: 1_000 })
  })

  it('lets the position decide only within one source: of two sources with one time the order of arrival says nothing', () => {
    const told = (first: string, second: string) => {
      const given = new Scenario(sequence).event('start', 'PT0S', { source: '/shop' })
      for (const type of [first, second]) given.event(type, 'PT1H', { source: type === 'a' ? '/pay' : '/store' })
      return [given.deviations(), given.tokens()]
    }
    expect(told('b', 'a')).toEqual(told('a', 'b'))
    const within = (first: string, second: string) => new Scenario(sequence).event('start', 'PT0S').event(first, 'PT1H').event(second, 'PT1H').deviations()
    expect(within('a', 'b')).toEqual([])
  })
})

describe('tokens on one place', () => {
  it('are counted up to three: each that comes back is a step, a fourth adds nothing', () => {
    const forked = processOf({
      elements: { start: message, and1: {}, a: {}, b: {}, c: {}, d: {}, xor1: {}, last: {}, end: {} },
      flows: ['start > and1', 'and1 > a > xor1', 'and1 > b > xor1', 'and1 > c > xor1', 'and1 > d > xor1', 'xor1 > last > end'],
    })
    const given = new Scenario(forked).event('start', 'PT0S')
    for (const [index, type] of ['a', 'b', 'c'].entries()) given.event(type, `PT${index + 1}M`)
    expect(given.tokens()).toEqual(['d', 'last', 'last', 'last'])
    given.event('last', 'PT5M').event('last', 'PT6M').event('last', 'PT7M').event('d', 'PT8M').event('last', 'PT9M')
    expect([given.instance().view.status, given.deviations()]).toEqual(['completed', []])
  })
})
