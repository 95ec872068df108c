/** Events with several triggers that stand at a border, or of which one is a timer. */
import { describe, expect, it } from 'vitest'
import type { Binding, Trigger } from '../../model.js'
import { readProcesses } from '../../read/read-processes.js'
import { processOf, Scenario } from '../../testing/scenario.js'

const message = { trigger: { kind: 'message' } } as const
const hour = { kind: 'duration', text: 'PT1H', mode: 'self' } as const
const bound = (...events: readonly string[]): { bindings: readonly Binding[] } => ({ bindings: events.map((event) => ({ event, phase: 'occur', from: 'name' })) })
/** A task that two triggers at its border may take the token from, or leave it there; and the same around a sub-process. */
const bordered = (trigger: Trigger, interrupting = true, events = ['cancelled', 'paidBack']) => processOf({
  elements: {
    start: message, host: { bindings: [{ event: 'host.begun', phase: 'start', from: 'name' }, { event: 'host', phase: 'end', from: 'name' }] }, b: {}, end: {},
    border: { kind: 'boundaryEvent', attachedTo: 'host', interrupting, trigger, ...bound(...events) }, handle: {}, endHandled: {}, xor1: {}, xor2: {},
  },
  flows: ['start > xor1', 'xor1 > host > xor2', 'xor2 > b > end', 'xor2 > xor1', 'border > handle > endHandled'],
})

function given(process: ReturnType<typeof processOf>, ...types: readonly string[]): Scenario {
  return types.reduce((scenario, type, index) => scenario.event(type, `PT${index + 1}M`), new Scenario(process).event('start', 'PT0S'))
}

describe('a timer among several triggers', () => {
  it('fires by itself when it is due, on the way and at a border', () => {
    const waiting = processOf({
      elements: { start: message, wait: { kind: 'intermediateCatchEvent', trigger: { kind: 'multiple', timer: hour }, ...bound('answered') }, b: {}, end: {} },
      flows: ['start > wait > b > end'],
    })
    expect(given(waiting).tokens('PT2H')).toEqual(['b'])
    expect(given(waiting, 'answered').tokens()).toEqual(['b'])
    expect(given(waiting, 'b').deviations()).toEqual(['skipped wait'])
    const border = bordered({ kind: 'multiple', timer: hour })
    expect(given(border).tokens('PT2H')).toEqual(['handle'])
    expect(given(border, 'host.begun').tokens('PT2H')).toEqual(['handle'])
    expect(given(border, 'host.begun', 'paidBack').tokens()).toEqual(['handle'])
    expect(given(border, 'host.begun', 'host', 'b').instance('PT2H').view).toMatchObject({ status: 'completed', deviations: [] })
  })

  it('starts an event sub-process, as its other triggers do', () => {
    const process = processOf({
      elements: {
        start: message, a: {}, end: {}, es: { kind: 'subProcess', triggeredByEvent: true, bindings: [] },
        startEs: { parent: 'es', interrupting: true, trigger: { kind: 'multiple', timer: hour }, ...bound('cancelled') }, undo: { parent: 'es' }, endEs: { parent: 'es' },
      },
      flows: ['start > a > end', 'startEs > undo > endEs'],
    })
    expect(given(process).tokens('PT2H')).toContain('undo')
    expect(given(process, 'cancelled').tokens()).toContain('undo')
    expect(given(process, 'a').instance('PT2H').view).toMatchObject({ status: 'completed', deviations: [] })
  })

  it('is read from the model, and is ours although the others are bound', async () => {
    const xml = `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"><message id="M" name="order.paid"/><process id="P"><startEvent id="s"/><task id="t"/>
      <sequenceFlow id="f" sourceRef="s" targetRef="t"/><boundaryEvent id="x" attachedToRef="t"><messageEventDefinition id="d1" messageRef="M"/>
      <timerEventDefinition id="d2"><timeDuration>PT1H</timeDuration></timerEventDefinition></boundaryEvent></process></definitions>`
    const event = (await readProcesses(xml)).processes[0]?.elements.find(({ id }) => id === 'x')
    expect(event).toMatchObject({ trigger: { kind: 'multiple', timer: hour }, bindings: expect.arrayContaining([expect.objectContaining({ event: 'order.paid' })]) })
    const wrong = await readProcesses(xml.replace('PT1H', 'soon'))
    expect(wrong.findings.map(({ code, elementId }) => [code, elementId])).toContainEqual(['badDuration', 'x'])
  })
})

describe('an event at a border that waits for several together', () => {
  const both = { kind: 'parallelMultiple', parts: 2 } as const

  it('takes the token when all have come, in any order, and not before', () => {
    for (const order of [['cancelled', 'paidBack'], ['paidBack', 'host.begun', 'cancelled'], ['host.begun', 'cancelled', 'paidBack']]) {
      expect(given(bordered(both), ...order.slice(0, -1)).tokens()).toEqual(['host'])
      expect(given(bordered(both), ...order).tokens()).toEqual(['handle'])
      expect(given(bordered(both), ...order, 'handle').instance().view).toMatchObject({ status: 'completed', deviations: [] })
    }
  })

  it('is forgotten when the host is left before', () => {
    expect(given(bordered(both), 'host.begun', 'cancelled', 'host', 'b').instance().view).toMatchObject({ status: 'completed', deviations: [] })
    const again = given(bordered(both), 'cancelled', 'host.begun', 'host', 'host.begun', 'paidBack', 'host', 'b')
    expect(again.instance().view).toMatchObject({ status: 'completed', deviations: [] })
    expect(given(bordered(both), 'host.begun', 'cancelled', 'host', 'host.begun', 'paidBack').tokens()).toEqual(['host'])
  })

  it('starts a way beside where it does not interrupt, each time that all have come', () => {
    const beside = given(bordered(both, false), 'cancelled', 'paidBack')
    expect(beside.tokens()).toEqual(['handle', 'host'])
    expect(beside.event('handle', 'PT10M').event('paidBack', 'PT11M').tokens()).toEqual(['host'])
    expect(beside.event('cancelled', 'PT12M').tokens()).toEqual(['handle', 'host'])
  })

  it('misses what was not seen', () => {
    expect(given(bordered(both), 'cancelled', 'handle').deviations()).toEqual(['skipped border'])
  })

  it('starts an event sub-process only together', () => {
    const process = processOf({
      elements: {
        start: message, a: {}, end: {}, es: { kind: 'subProcess', triggeredByEvent: true, bindings: [] },
        startEs: { parent: 'es', interrupting: true, trigger: both, ...bound('cancelled', 'paidBack') }, undo: { parent: 'es' }, endEs: { parent: 'es' },
      },
      flows: ['start > a > end', 'startEs > undo > endEs'],
    })
    expect(given(process, 'paidBack').tokens()).toEqual(['a'])
    expect(given(process, 'paidBack', 'cancelled').tokens()).toContain('undo')
    expect(given(process, 'paidBack', 'a').instance().view).toMatchObject({ status: 'completed', deviations: [] })
  })
})
