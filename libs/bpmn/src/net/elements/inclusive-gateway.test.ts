import { describe, expect, it } from 'vitest'
import type { ProcessModel } from '../../model.js'
import { processOf, Scenario } from '../../testing/scenario.js'

const message = { trigger: { kind: 'message' } } as const

/** Three branches between an inclusive split and its join, then `d`. */
const three = processOf({
  elements: { start: message, or1: {}, a: {}, b: {}, c: {}, or2: {}, d: {}, end: {} },
  flows: ['start > or1', 'or1 > a > or2', 'or1 > b > or2', 'or1 > c > or2', 'or2 > d > end'],
})

/** Events a minute apart, after the start. */
function given(process: ProcessModel, ...types: readonly string[]): Scenario {
  const scenario = new Scenario(process).event('start', 'PT0S')
  types.forEach((type, index) => scenario.event(type, `PT${index + 1}M`))
  return scenario
}

describe('an inclusive gateway', () => {
  it('waits where its branches are not known, as one token', () => {
    expect(given(three).tokens()).toEqual(['or1'])
  })

  it.each([
    [['a'], ['or2']],
    [['b', 'a'], ['or2', 'or2']],
    [['c', 'a', 'b'], ['d']],
  ])('lets any of its branches be taken: %j', (branches, tokens) => {
    expect(given(three, ...branches).tokens()).toEqual(tokens)
    expect(given(three, ...branches, 'd').instance().view).toMatchObject({ status: 'completed', deviations: [] })
  })

  it('has no place for a branch once its join was passed', () => {
    expect(given(three, 'a', 'd', 'b').deviations()).toEqual(['afterEnd b'])
    expect(given(three, 'a', 'a').deviations()).toEqual(['repeated a'])
  })

  it('misses one branch where none was seen', () => {
    expect(given(three, 'd').deviations()).toEqual(['skipped a'])
  })

  it('takes the default flow alone', () => {
    const process = processOf({
      elements: { start: message, or1: { defaultFlow: 'or1>c' }, a: {}, b: {}, c: {}, or2: {}, d: {}, end: {} },
      flows: ['start > or1', 'or1 > a > or2', 'or1 > b > or2', 'or1 > c > or2', 'or2 > d > end'],
    })
    expect(given(process, 'c').tokens()).toEqual(['d'])
    expect(given(process, 'a', 'c').deviations()).toEqual(['unexpected c'])
    expect(given(process, 'a', 'b').tokens()).toEqual(['d'])
  })

  it('decides on data as soon as all conditions are known', () => {
    const process = processOf({
      elements: { start: message, or1: { defaultFlow: 'or1>c' }, a: {}, b: {}, c: {}, or2: {}, d: {}, end: {} },
      flows: ['start > or1', 'or1 > a if x > 1', 'or1 > b if y > 1', 'or1 > c', 'a > or2', 'b > or2', 'c > or2', 'or2 > d > end'],
    })
    const on = (patch: Record<string, unknown>) => new Scenario(process).event('start', 'PT0S', { patch })
    expect(on({ x: 2, y: 2 }).tokens()).toEqual(['a', 'b'])
    expect(on({ x: 0, y: 2 }).tokens()).toEqual(['b'])
    expect(on({ x: 0, y: 0 }).tokens()).toEqual(['c'])
    expect(on({ x: 0 }).tokens()).toEqual(['or1'])
    expect(on({ x: 2, y: 2 }).event('a', 'PT1M').event('d', 'PT2M').deviations()).toEqual(['decisionMismatch or1'])
    expect(on({ x: 2, y: 0 }).event('a', 'PT1M').tokens()).toEqual(['d'])
    const against = on({ x: 2, y: 0 }).event('a', 'PT1M').event('b', 'PT2M').event('d', 'PT3M')
    expect(against.deviations()).toEqual(['decisionMismatch or1'])
    expect(against.instance().view.status).toBe('completed')
  })

  it('joins again when a token that it waited for dies', () => {
    const process = processOf({
      elements: {
        start: message, and1: {}, a: {}, b: {}, or2: {}, d: {}, end: {}, cancel: { kind: 'boundaryEvent', attachedTo: 'b', interrupting: true, ...message }, endCancel: {},
      },
      flows: ['start > and1', 'and1 > a > or2', 'and1 > b > or2', 'or2 > d > end', 'cancel > endCancel'],
    })
    expect(given(process, 'a').tokens()).toEqual(['b', 'or2'])
    expect(given(process, 'a', 'cancel').tokens()).toEqual(['d'])
    expect(given(process, 'a', 'd').deviations()).toEqual(['skipped b'])
  })

  it('joins what an exclusive gateway has split, and what comes round again', () => {
    const process = processOf({
      elements: { start: message, or0: { kind: 'inclusiveGateway' }, a: {}, xor1: {}, b: {}, end: {} }, flows: ['start > or0', 'or0 > a > xor1', 'xor1 > or0', 'xor1 > b > end'],
    })
    expect(given(process, 'a', 'a', 'b').instance().view).toMatchObject({ status: 'completed', deviations: [] })
  })

  it('takes eight branches in any order without a deviation, and says at once what is missing', () => {
    const names = [...'abcdefgh']
    const process = processOf({
      elements: { start: message, or1: {}, ...Object.fromEntries(names.map((name) => [name, {}])), or2: {}, z: {}, end: {} },
      flows: ['start > or1', ...names.map((name) => `or1 > ${name} > or2`), 'or2 > z > end'],
    })
    expect(given(process, 'h', 'c', 'a', 'z').instance().view).toMatchObject({ status: 'completed', deviations: [], approximate: false })
    expect(given(process, 'z').instance().view).toMatchObject({ status: 'completed', approximate: false })
  })
})

describe('conditional flows out of an activity', () => {
  const flows = ['b', 'c', 'd', 'e', 'f']
  const process = processOf({
    elements: { start: message, a: { defaultFlow: 'a>f' }, b: {}, c: {}, d: {}, e: {}, f: {}, end: {} },
    flows: ['start > a', ...flows.slice(0, 4).map((to, index) => `a > ${to} if x > ${index}`), 'a > f', ...flows.map((from) => `${from} > end`)],
  })

  it('may be taken in any combination, or the default alone', () => {
    expect(given(process, 'a', 'e', 'b', 'd').instance().view).toMatchObject({ status: 'completed', deviations: [] })
    expect(given(process, 'a', 'f').instance().view).toMatchObject({ status: 'completed', deviations: [] })
    expect(given(process, 'a', 'f', 'b').deviations()).toEqual(['afterEnd b'])
  })

  it('are decided on data', () => {
    expect(new Scenario(process).event('start', 'PT0S').event('a', 'PT1M', { patch: { x: 2 } }).tokens()).toEqual(['b', 'c'])
    expect(new Scenario(process).event('start', 'PT0S').event('a', 'PT1M', { patch: { x: 0 } }).tokens()).toEqual(['f'])
  })

  it('beside a flow without condition may also all be left', () => {
    const beside = processOf({ elements: { start: message, a: {}, b: {}, c: {}, d: {}, end: {} }, flows: ['start > a', 'a > b > end', 'a > c if x > 1', 'a > d if x > 2', 'c > end', 'd > end'] })
    const after = (x: number) => new Scenario(beside).event('start', 'PT0S').event('a', 'PT1M', { patch: { x } })
    expect(after(0).tokens()).toEqual(['b'])
    expect(after(2).tokens()).toEqual(['b', 'c'])
    expect(after(2).event('b', 'PT2M').instance().view.status).toBe('active')
    expect(given(beside, 'a', 'b').instance().view).toMatchObject({ status: 'completed', deviations: [] })
    expect(given(beside, 'a', 'd', 'b').instance().view).toMatchObject({ status: 'completed', deviations: [] })
  })
})
