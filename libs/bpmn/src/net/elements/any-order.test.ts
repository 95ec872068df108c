import { describe, expect, it } from 'vitest'
import { processOf, Scenario } from '../../testing/scenario.js'
import { readProcesses } from '../../read/read-processes.js'

const message = { trigger: { kind: 'message' } } as const

function given(process: ReturnType<typeof processOf>, ...types: readonly string[]): Scenario {
  return types.reduce((scenario, type, index) => scenario.event(type, `PT${index + 1}M`), new Scenario(process).event('start', 'PT0S'))
}

describe('a complex gateway', () => {
  const process = processOf({
    elements: { start: message, and1: {}, a: {}, b: {}, c: {}, join: { kind: 'complexGateway', bindings: [] }, d: {}, end: {} },
    flows: ['start > and1', 'and1 > a > join', 'and1 > b > join', 'and1 > c > join', 'join > d > end'],
  })

  it('may go on after any of its branches, and takes in the others', () => {
    for (const order of [['a', 'd', 'b', 'c'], ['c', 'b', 'd', 'a'], ['a', 'b', 'c', 'd']]) {
      expect(given(process, ...order).instance().view).toMatchObject({ status: 'completed', deviations: [] })
    }
    expect(given(process, 'a').tokens()).toEqual(['b', 'c', 'join'])
    expect(given(process, 'd').deviations()).toHaveLength(1)
  })

  it('splits into any of its flows', () => {
    const split = processOf({
      elements: { start: message, split: { kind: 'complexGateway', bindings: [] }, a: {}, b: {}, c: {}, end: {} },
      flows: ['start > split', 'split > a > end', 'split > b > end', 'split > c > end'],
    })
    expect(given(split, 'c', 'a').instance().view).toMatchObject({ status: 'completed', deviations: [] })
    expect(given(split).tokens()).toEqual(['split'])
  })
})

describe('an ad-hoc sub-process', () => {
  const adHoc = (settings: { readonly sequential?: true; readonly completion?: string } = {}) => processOf({
    elements: {
      start: message, sub: { kind: 'adHocSubProcess', bindings: [], adHoc: settings }, a: { parent: 'sub' }, b: { parent: 'sub' }, c: { parent: 'sub' }, d: {}, end: {},
      cancel: { kind: 'boundaryEvent', attachedTo: 'sub', interrupting: true, ...message }, endCancel: {},
    },
    flows: ['start > sub > d > end', 'a > b', 'cancel > endCancel'],
  })

  it('lets its activities come in any order and number, but for what flows say', () => {
    expect(given(adHoc(), 'c', 'a', 'c', 'b', 'a', 'b', 'd').instance().view).toMatchObject({ status: 'completed', deviations: [] })
    expect(given(adHoc(), 'b', 'd').deviations()).toEqual(['skipped a'])
    expect(given(adHoc(), 'c', 'd', 'c').deviations()).toEqual(['repeated c'])
  })

  it('is open until something says that it is over, and not over before it began', () => {
    expect(given(adHoc(), 'c').tokens()).toEqual(['sub'])
    expect(given(adHoc(), 'd').deviations()).toHaveLength(1)
    expect(given(adHoc(), 'c', 'cancel').instance().view).toMatchObject({ status: 'completed', deviations: [] })
  })

  it('is over when its completion condition is true', () => {
    const scenario = new Scenario(adHoc({ completion: '= ready' })).event('start', 'PT0S', { patch: { ready: false } }).event('c', 'PT1M')
    expect(scenario.tokens()).toEqual(['sub'])
    expect(scenario.event('c', 'PT2M', { patch: { ready: true } }).tokens()).toEqual(['d'])
  })

  it('has one activity at a time where it is sequential', () => {
    expect(given(adHoc({ sequential: true }), 'a', 'c', 'd').deviations()).toEqual(['skipped b'])
    expect(given(adHoc(), 'a', 'c', 'b', 'd').deviations()).toEqual([])
  })
})

describe('events with several triggers', () => {
  const waiting = (kind: 'multiple' | 'parallelMultiple') => processOf({
    elements: {
      start: message, wait: { kind: 'intermediateCatchEvent', trigger: kind === 'multiple' ? { kind } : { kind, parts: 2 }, bindings: ['paid', 'packed'].map((event) => ({ event, phase: 'occur', from: 'name' })) },
      d: {}, end: {},
    },
    flows: ['start > wait > d > end'],
  })

  it('wait for one of them', () => {
    expect(given(waiting('multiple'), 'packed', 'd').instance().view).toMatchObject({ status: 'completed', deviations: [] })
    expect(given(waiting('multiple'), 'd').deviations()).toEqual(['skipped wait'])
  })

  it('or for all of them, in any order', () => {
    expect(given(waiting('parallelMultiple'), 'packed').tokens()).toEqual(['wait'])
    for (const order of [['packed', 'paid'], ['paid', 'packed']]) expect(given(waiting('parallelMultiple'), ...order, 'd').instance().view).toMatchObject({ status: 'completed', deviations: [] })
    expect(given(waiting('parallelMultiple'), 'paid', 'd').deviations()).toEqual(['skipped wait'])
  })

  it('are bound to each message that they name', async () => {
    const xml = `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"><message id="M" name="order.paid"/><message id="N" name="order.packed"/><process id="P">
      <startEvent id="Event_1" parallelMultiple="true"><messageEventDefinition id="d1" messageRef="M"/><messageEventDefinition id="d2" messageRef="N"/></startEvent></process></definitions>`
    const [start] = (await readProcesses(xml)).processes[0]?.elements ?? []
    expect(start).toMatchObject({ trigger: { kind: 'parallelMultiple', parts: 2 }, bindings: [{ event: 'order.paid' }, { event: 'order.packed' }] })
  })
})

describe('a process that begins by all events of a gateway', () => {
  const process = processOf({
    elements: { race1: { awaitsAll: true }, a: { kind: 'receiveTask' }, b: { kind: 'receiveTask' }, and1: {}, c: {}, end: {} },
    flows: ['race1 > a > and1', 'race1 > b > and1', 'and1 > c > end'],
  })

  it('needs all of them, in any order', () => {
    const scenario = new Scenario(process).event('b', 'PT0S')
    expect(scenario.tokens()).toEqual(['a', 'and1'])
    expect(scenario.event('a', 'PT1M').event('c', 'PT2M').instance().view).toMatchObject({ status: 'completed', deviations: [] })
  })
})
