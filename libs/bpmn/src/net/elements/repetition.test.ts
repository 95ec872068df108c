import { describe, expect, it } from 'vitest'
import type { Binding, LoopDefinition } from '../../model.js'
import { processOf, Scenario } from '../../testing/scenario.js'

const message = { trigger: { kind: 'message' } } as const
const both: readonly Binding[] = [{ event: 'begin', phase: 'start', from: 'name' }, { event: 'done', phase: 'end', from: 'name' }]

/** `a` with this loop marker, then `b`. */
function withLoop(loop: LoopDefinition, bindings?: readonly Binding[]): ReturnType<typeof processOf> {
  return processOf({ elements: { start: message, a: { loop, ...(bindings === undefined ? {} : { bindings }) }, b: {}, end: {} }, flows: ['start > a > b > end'] })
}

function given(process: ReturnType<typeof processOf>, ...types: readonly string[]): Scenario {
  return types.reduce((scenario, type, index) => scenario.event(type, `PT${index + 1}M`), new Scenario(process).event('start', 'PT0S'))
}

describe.each(['standard', 'sequential', 'parallel'] as const)('a %s repeated task', (kind) => {
  it('happens as often as it happens', () => {
    expect(given(withLoop({ kind }), 'a', 'a', 'a', 'b').instance().view).toMatchObject({ status: 'completed', deviations: [] })
    expect(given(withLoop({ kind }), 'a', 'a').instance().view.tokens).toMatchObject([{ element: 'a', instances: { done: 2 } }])
    expect(given(withLoop({ kind }), 'a', 'a').instance().view.visits.get('a')).toBe(2)
  })

  it('happens once at least', () => {
    expect(given(withLoop({ kind }), 'b').deviations()).toEqual(['skipped a'])
    expect(given(withLoop({ kind }), 'a', 'b', 'a').deviations()).toEqual(['repeated a'])
  })

  it('is over when the number of instances is known and reached', () => {
    const counted = kind === 'standard' ? { kind, maximum: 3 } : { kind, cardinality: '= size' }
    const scenario = (...types: readonly string[]) => types.reduce((one, type, index) => one.event(type, `PT${index + 1}M`),
      new Scenario(withLoop(counted)).event('start', 'PT0S', { patch: { size: 3 } }))
    expect(scenario('a', 'a').tokens()).toEqual(['a'])
    if (kind !== 'standard') expect(scenario('a', 'a').instance().view.tokens).toMatchObject([{ instances: { done: 2, of: 3 } }])
    expect(scenario('a', 'a', 'a').tokens()).toEqual(['b'])
    expect(scenario('a', 'a', 'a', 'b').instance().view).toMatchObject({ status: 'completed', deviations: [] })
    expect(scenario('a', 'a', 'a', 'a', 'b').deviations()).toEqual(['decisionMismatch a'])
    if (kind !== 'standard') expect(scenario('a', 'b').deviations()).toEqual(['decisionMismatch a'])
  })
})

describe('what data says of repetitions', () => {
  it('one instance per item of a collection, none for an empty one', () => {
    const over = (items: readonly string[]) => new Scenario(withLoop({ kind: 'parallel', collection: '= order.items' })).event('start', 'PT0S', { patch: { order: { items } } })
    expect(over([]).tokens()).toEqual(['b'])
    expect(over(['x']).event('a', 'PT1M').tokens()).toEqual(['b'])
    expect(over(['x', 'y']).event('a', 'PT1M').instance().view.tokens).toMatchObject([{ element: 'a', instances: { done: 1, of: 2 } }])
  })

  it('a completion condition ends it early', () => {
    const process = withLoop({ kind: 'parallel', cardinality: '5', completion: '= approved = true' })
    const scenario = new Scenario(process).event('start', 'PT0S').event('a', 'PT1M', { patch: { approved: false } })
    expect(scenario.tokens()).toEqual(['a'])
    expect(scenario.event('a', 'PT2M', { patch: { approved: true } }).tokens()).toEqual(['b'])
  })

  it('a loop goes on while its condition holds, and may not begin at all', () => {
    const loop = { kind: 'standard', condition: '= open > 0', testBefore: true } as const
    const scenario = (open: number) => new Scenario(withLoop(loop)).event('start', 'PT0S', { patch: { open } })
    expect(scenario(0).tokens()).toEqual(['b'])
    expect(scenario(2).event('a', 'PT1M', { patch: { open: 1 } }).tokens()).toEqual(['a'])
    expect(scenario(2).event('a', 'PT1M', { patch: { open: 0 } }).tokens()).toEqual(['b'])
    expect(given(withLoop({ kind: 'standard', testBefore: true }), 'b').deviations()).toEqual([])
  })
})

describe('instances that report their start and their end', () => {
  it('overlap where they are parallel, as many as there are', () => {
    const many = Array.from({ length: 6 }, () => 'begin')
    const scenario = given(withLoop({ kind: 'parallel' }, both), ...many, ...many.map(() => 'done'), 'b')
    expect(scenario.instance().view).toMatchObject({ status: 'completed', deviations: [] })
    expect(given(withLoop({ kind: 'parallel' }, both), 'begin', 'begin', 'done', 'b').deviations()).toEqual(['skipped a'])
  })

  it('come one after another where they are sequential', () => {
    expect(given(withLoop({ kind: 'sequential' }, both), 'begin', 'done', 'begin', 'done', 'b').deviations()).toEqual([])
    expect(given(withLoop({ kind: 'sequential' }, both), 'begin', 'begin', 'done', 'b').deviations()).toHaveLength(1)
  })
})

describe.each(['standard', 'sequential', 'parallel'] as const)('a %s repeated sub-process', (kind) => {
  const process = (loop: LoopDefinition = { kind }) => processOf({
    elements: {
      start: message, sub: { kind: 'subProcess', loop }, startIn: { parent: 'sub' }, x: { parent: 'sub' }, y: { parent: 'sub' }, endIn: { parent: 'sub' }, b: {}, end: {},
      cancel: { kind: 'boundaryEvent', attachedTo: 'sub', interrupting: true, ...message }, endCancel: {},
    },
    flows: ['start > sub > b > end', 'startIn > x > y > endIn', 'cancel > endCancel'],
  })

  it('runs again', () => {
    expect(given(process(), 'x', 'y', 'x', 'y', 'b').instance().view).toMatchObject({ status: 'completed', deviations: [] })
    expect(given(process(), 'x', 'y', 'x', 'b').deviations()).toEqual(['skipped y'])
  })

  it('overlaps only where it is parallel', () => {
    const overlapping = given(process(), 'x', 'x', 'x', 'x', 'y', 'y', 'y', 'y', 'b')
    if (kind === 'parallel') expect(overlapping.instance().view).toMatchObject({ status: 'completed', deviations: [] })
    else expect(overlapping.deviations().length).toBeGreaterThan(0)
  })

  it('is interrupted with all that runs in it', () => {
    expect(given(process(), 'x', 'cancel').instance().view).toMatchObject({ status: 'completed', deviations: [] })
    expect(given(process(), 'x', 'y', 'x', 'cancel').instance().view).toMatchObject({ status: 'completed', deviations: [] })
  })

  it('counts', () => {
    const counted = process(kind === 'standard' ? { kind, maximum: 2 } : { kind, cardinality: '2' })
    expect(given(counted, 'x', 'y').tokens()).toContain('sub')
    expect(given(counted, 'x', 'y', 'x', 'y').tokens()).toEqual(['b'])
    if (kind === 'parallel') expect(given(counted, 'x', 'x', 'y', 'y').tokens()).toEqual(['b'])
  })
})
