import { describe, expect, it } from 'vitest'
import { processOf, Scenario } from '../testing/scenario.js'
import type { CorrectionPatch, CorrectionType } from './corrections.js'

const message = { trigger: { kind: 'message' } } as const
const sequence = processOf({ elements: { start: message, a: {}, b: {}, c: {}, d: {}, e: {}, f: {}, end: {} }, flows: ['start > a > b > c > d > e > f > end'] })
const begun = () => new Scenario(sequence).event('start', 'PT0S').event('a', 'PT1M')

/** What a person says then. */
function says(given: Scenario, type: CorrectionType, at: string, patch: CorrectionPatch & { readonly element?: string } = {}): Scenario {
  const { element, ...rest } = patch
  return given.entry({ kind: 'operation', type, by: 'ada', ...(element === undefined ? {} : { element }), patch: { instance: given.shown()[0]?.id ?? '', ...rest } }, at)
}
const readings = (given: Scenario) => given.instance().view.events.map(({ reading }) => reading)

describe('a deviation that a person accepts', () => {
  const skipping = () => begun().event('c', 'PT2M')

  it('is still shown, and counts no more', () => {
    const given = says(skipping(), 'acceptDeviation', 'PT3M', { kind: 'skipped', element: 'b' })
    expect(given.instance('PT1H').view.deviations).toMatchObject([{ kind: 'skipped', element: 'b', accepted: true }])
    expect(given.instance('PT1H').view.conditions).toEqual([])
    expect(skipping().instance('PT1H').view.conditions).toMatchObject([{ kind: 'deviation', detail: 'skipped' }])
  })

  it('is one of its kind at its element, in its instance', () => {
    expect(says(skipping(), 'acceptDeviation', 'PT3M', { kind: 'skipped', element: 'a' }).instance().view.deviations).toMatchObject([{ accepted: false }])
    expect(says(skipping(), 'acceptDeviation', 'PT3M', { kind: 'repeated' }).instance().view.deviations).toMatchObject([{ accepted: false }])
    expect(says(skipping(), 'acceptDeviation', 'PT3M', { kind: 'skipped' }).instance().view.deviations).toMatchObject([{ accepted: true }])
    const two = skipping().event('d', 'PT3M').event('e', 'PT4M').event('f', 'PT5M').event('start', 'PT1H').event('c', 'PT2H')
    says(two, 'acceptDeviation', 'PT3H', { kind: 'skipped' })
    expect(two.shown().map(({ view }) => view.deviations.map((deviation) => deviation.accepted))).toEqual([[true], [false]])
  })
})

describe('an event that a person sets aside', () => {
  const stray = () => begun().event('f', 'PT2M', { patch: { amount: 5 } }).event('b', 'PT3M')

  it('is as if it had not come, but for being shown', () => {
    const given = says(stray(), 'setAside', 'PT4M', { source: '/test', id: 'f-3' })
    expect(given.tokens()).toEqual(['c'])
    expect(given.deviations()).toEqual([])
    expect(given.instance().view.variables).toEqual({})
    expect(readings(given)).toEqual(['fits', 'fits', 'fits', 'noted', 'noted'])
  })

  it('comes back where that is set aside in its turn', () => {
    const given = says(stray(), 'setAside', 'PT4M', { source: '/test', id: 'f-3' })
    says(given, 'setAside', 'PT5M', { source: '/tidemark', id: '5' })
    expect(given.deviations()).toEqual(stray().deviations())
    expect(given.instance().view.variables).toEqual({ amount: 5 })
  })

  it('may be the one that began the instance, or one that comes only later', () => {
    const first = says(new Scenario(sequence).event('b', 'PT0S').event('start', 'PT1M'), 'setAside', 'PT2M', { source: '/test', id: 'b-1' })
    expect(first.deviations()).toEqual([])
    expect(first.tokens()).toEqual(['a'])
    const early = says(begun(), 'setAside', 'PT2M', { source: '/test', id: 'f-4' }).event('f', 'PT3M')
    expect(early.deviations()).toEqual([])
    expect(early.tokens()).toEqual(['b'])
  })
})

describe('a step that a person says was done', () => {
  it('moves the token on; what must have come before is no deviation, however much that is', () => {
    const given = says(begun(), 'assertStep', 'PT2M', { element: 'e' })
    expect(given.tokens()).toEqual(['f'])
    expect(given.deviations()).toEqual([])
    expect(given.event('f', 'PT3M').instance().view.status).toBe('completed')
  })

  it('joins at the time that is stated, before what came since', () => {
    const given = begun().event('c', 'PT3M')
    expect(given.deviations()).toEqual(['skipped b'])
    says(given, 'assertStep', 'PT2M', { element: 'b' })
    expect(given.deviations()).toEqual([])
    expect(given.tokens()).toEqual(['d'])
  })

  it('without effect where it cannot be reached, or is no step of the model', () => {
    for (const element of ['a', 'nothing']) {
      const given = says(begun(), 'assertStep', 'PT2M', { element })
      expect(given.tokens(), element).toEqual(['b'])
      expect(readings(given)).toEqual(['fits', 'fits', 'noted'])
    }
  })
})

describe('tokens that a person moves', () => {
  it('are there from then on, back or forth, and the story goes on from there', () => {
    const given = says(begun().event('b', 'PT2M').event('c', 'PT3M'), 'moveTokens', 'PT4M', { elements: ['b'] })
    expect(given.tokens()).toEqual(['b'])
    expect(given.instance().view.tokens[0]?.since).toBe(Date.UTC(2026, 0, 1, 0, 4))
    given.event('b', 'PT5M')
    expect(given.deviations()).toEqual([])
    expect(given.tokens()).toEqual(['c'])
    says(given, 'moveTokens', 'PT6M', { elements: ['f'] })
    expect(given.event('f', 'PT7M').instance().view.status).toBe('completed')
    expect(given.deviations()).toEqual([])
  })

  it('may be within a sub-process, on two branches; one that stays keeps when it came', () => {
    const process = processOf({
      elements: {
        start: message, sub: { kind: 'subProcess' }, startIn: { kind: 'startEvent', parent: 'sub' }, and1: { parent: 'sub' }, and2: { parent: 'sub' }, x: { parent: 'sub' }, y: { parent: 'sub' },
        z: { parent: 'sub' }, endIn: { kind: 'endEvent', parent: 'sub' }, a: {}, end: {},
      },
      flows: ['start > sub > a > end', 'startIn > and1', 'and1 > x > z > and2', 'and1 > y > and2', 'and2 > endIn'],
    })
    const given = new Scenario(process).event('start', 'PT0S')
    expect(given.tokens()).toEqual(['sub', 'x', 'y'])
    says(given, 'moveTokens', 'PT1M', { elements: ['z', 'y'] })
    expect(given.instance().view.tokens.map(({ element, since }) => `${element} ${(since - Date.UTC(2026, 0, 1)) / 60_000}`).sort()).toEqual(['sub 0', 'y 0', 'z 1'])
    expect(given.event('y', 'PT2M').event('z', 'PT3M').tokens()).toEqual(['a'])
    expect(given.deviations()).toEqual([])
  })

  it('change history only before the moment that is stated', () => {
    const given = says(begun(), 'moveTokens', 'PT10M', { elements: ['d'] })
    given.event('c', 'PT5M', { arrives: 'PT20M' })
    expect(given.tokens()).toEqual(['d'])
    expect(given.deviations()).toEqual(['skipped b'])
  })

  it('not where the model has no such element', () => {
    expect(says(begun(), 'moveTokens', 'PT2M', { elements: ['nothing'] }).tokens()).toEqual(['b'])
  })
})

describe('an instance that a person ends', () => {
  it('is terminated; what comes after it came after the cancellation, and a start begins the next one', () => {
    const given = says(begun(), 'endInstance', 'PT2M')
    expect(given.instance().view).toMatchObject({ status: 'terminated', tokens: [], endedAt: Date.UTC(2026, 0, 1, 0, 2) })
    expect(given.event('b', 'PT3M').deviations()).toEqual(['afterCancel b'])
    given.event('start', 'PT1H')
    expect(given.shown().map(({ view }) => view.status)).toEqual(['terminated', 'active'])
  })

  it('is not ended twice, and goes on where that is set aside', () => {
    const given = says(says(begun(), 'endInstance', 'PT2M'), 'endInstance', 'PT3M')
    expect(readings(given)).toEqual(['fits', 'fits', 'fits', 'noted'])
    says(says(given, 'setAside', 'PT4M', { source: '/tidemark', id: '3' }), 'setAside', 'PT4M', { source: '/tidemark', id: '4' })
    expect(given.instance().view).toMatchObject({ status: 'active', tokens: [{ element: 'b' }] })
  })

  it('has no more deadlines, and nothing is sent for it', () => {
    const process = processOf({
      mode: 'manage', elements: {
        start: message, a: { stuckAfter: 'PT1H' }, end: {}, tell: { command: { type: 'tell' } }, endTold: {},
        late: { kind: 'boundaryEvent', attachedTo: 'a', interrupting: false, trigger: { kind: 'timer', timer: { kind: 'duration', text: 'PT1H', mode: 'self' } } },
      },
      flows: ['start > a > end', 'late > tell > endTold'],
    })
    const given = says(new Scenario(process).event('start', 'PT0S'), 'endInstance', 'PT30M')
    expect(given.instance('P1D').commands).toEqual([])
    expect(given.instance('P1D').view).toMatchObject({ stuck: false, conditions: [] })
    expect(given.deadlines('P1D')).toEqual([])
  })
})

it('whatever people say: a fold in another order of arrival comes out the same', () => {
  const build = (order: readonly number[]): Scenario => {
    const given = begun()
    const id = given.instance().id
    const steps = [
      () => given.event('c', 'PT5M', { arrives: 'PT2H', source: '/x' }), () => given.event('d', 'PT6M', { arrives: 'PT2H', source: '/y' }),
      () => given.entry({ kind: 'operation', type: 'moveTokens', by: 'ada', patch: { instance: id, elements: ['c'] } }, 'PT4M'),
      () => given.entry({ kind: 'operation', type: 'assertStep', by: 'ada', element: 'e', patch: { instance: id } }, 'PT7M'),
    ]
    for (const index of order) steps[index]?.()
    return given
  }
  const told = ([[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]] as const).map((order) => [build(order).tokens(), build(order).deviations()])
  expect(told).toEqual([told[0], told[0], told[0]])
  expect(told[0]).toEqual([['f'], []])
})
