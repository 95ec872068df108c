import { describe, expect, it } from 'vitest'
import { processOf, Scenario, type ElementDraft } from '../testing/scenario.js'

const message = { trigger: { kind: 'message' } } as const
const shipping = processOf({ id: 'shipping', elements: { shipStart: { kind: 'startEvent', ...message }, pack: {}, hand: {}, endShip: {} }, flows: ['shipStart > pack > hand > endShip'] })
const order = (call: ElementDraft = { bindings: [] }, more: Readonly<Record<string, ElementDraft>> = {}, flows: readonly string[] = []) => processOf({
  id: 'order', elements: { start: message, pay: {}, call: { kind: 'callActivity', calledElement: 'shipping', ...call }, close: {}, end: {}, ...more }, flows: ['start > pay > call > close > end', ...flows],
})
const paid = (given: Scenario) => given.event('start', 'PT0S').event('pay', 'PT1M')

describe('a call of a process that is followed', () => {
  it('waits inside until the called instance has ended', () => {
    const given = paid(new Scenario(order(), [shipping]))
    expect(given.tokens()).toEqual(['call'])
    given.event('shipStart', 'PT2M').event('pack', 'PT3M')
    expect(given.tokens()).toEqual(['call'])
    given.event('hand', 'PT4M')
    expect(given.tokens()).toEqual(['close'])
    expect(given.event('close', 'PT5M').instance().view).toMatchObject({ status: 'completed', deviations: [] })
    expect(given.instance().view.durations.find(([element]) => element === 'call')).toEqual(['call', 180_000])
  })

  it('names the instance that it has called', () => {
    const given = paid(new Scenario(order(), [shipping])).event('shipStart', 'PT2M')
    const [call] = given.instance().calls
    expect(call).toMatchObject({ element: 'call', model: 'shipping' })
    expect(call?.instance).toBe('shipping/k//test/shipStart-3')
  })

  it('does not end with its caller still inside, and is not passed silently', () => {
    const last = processOf({ id: 'order', elements: { start: message, call: { kind: 'callActivity', calledElement: 'shipping', bindings: [] }, end: {} }, flows: ['start > call > end'] })
    const given = new Scenario(last, [shipping]).event('start', 'PT0S')
    expect(given.instance().view).toMatchObject({ status: 'active' })
    expect(given.event('shipStart', 'PT1M').event('pack', 'PT2M').event('hand', 'PT3M').instance().view).toMatchObject({ status: 'completed', deviations: [] })
  })

  it('goes on where the caller does, though the called instance has not been seen to end', () => {
    const given = paid(new Scenario(order(), [shipping])).event('shipStart', 'PT2M').event('close', 'PT5M')
    expect(given.instance().view).toMatchObject({ status: 'completed', deviations: [] })
  })

  it('is found to be over when its caller comes to it late', () => {
    const given = new Scenario(order(), [shipping]).event('start', 'PT0S').event('shipStart', 'PT2M').event('pack', 'PT3M').event('hand', 'PT4M')
    expect(given.tokens()).toEqual(['pay'])
    expect(given.event('pay', 'PT5M').tokens()).toEqual(['close'])
    expect(given.deviations()).toEqual([])
  })

  it('depends on no order of arrival', () => {
    const events = [['start', 'PT0S'], ['pay', 'PT1M'], ['shipStart', 'PT2M'], ['pack', 'PT3M'], ['hand', 'PT4M'], ['close', 'PT5M']] as const
    const backwards = new Scenario(order(), [shipping])
    for (const [type, at] of events.toReversed()) backwards.event(type, at, { arrives: 'PT9M' })
    expect(backwards.instance().view).toMatchObject({ status: 'completed', deviations: [] })
    expect(backwards.instance().calls).toHaveLength(1)
  })

  it('takes one instance for each call', () => {
    const twice = processOf({
      id: 'order', elements: { start: message, xor1: {}, call: { kind: 'callActivity', calledElement: 'shipping', bindings: [] }, check: {}, xor2: {}, close: {}, end: {} },
      flows: ['start > xor1 > call > check > xor2', 'xor2 > close > end', 'xor2 > xor1'],
    })
    const given = new Scenario(twice, [shipping]).event('start', 'PT0S')
    given.event('shipStart', 'PT2M').event('pack', 'PT3M').event('hand', 'PT4M').event('check', 'PT5M')
    expect(given.tokens()).toEqual(['xor2'])
    given.event('shipStart', 'PT6M').event('pack', 'PT7M').event('hand', 'PT8M').event('check', 'PT9M').event('close', 'PT10M')
    expect(given.instance().view).toMatchObject({ status: 'completed', deviations: [] })
  })

  it('may be over by its own event', () => {
    const given = paid(new Scenario(order({ bindings: [{ event: 'shipped', phase: 'end', from: 'mapping' }] }), [shipping]))
    expect(given.tokens()).toEqual(['call'])
    expect(given.event('shipStart', 'PT2M').event('shipped', 'PT3M').tokens()).toEqual(['close'])
    expect(given.deviations()).toEqual([])
  })

  it('may be interrupted at its border while it waits', () => {
    const process = order({ bindings: [] }, { lost: { kind: 'boundaryEvent', attachedTo: 'call', interrupting: true, ...message }, refund: {}, endLost: {} }, ['lost > refund > endLost'])
    const given = paid(new Scenario(process, [shipping])).event('shipStart', 'PT2M').event('lost', 'PT3M')
    expect(given.tokens()).toEqual(['refund'])
    expect(given.event('refund', 'PT4M').instance().view).toMatchObject({ status: 'completed', deviations: [] })
  })
})

describe('a call of a process that is not followed', () => {
  it('is passed where nothing is bound to it', () => {
    const given = paid(new Scenario(order()))
    expect(given.tokens()).toEqual(['close'])
    expect(given.event('close', 'PT2M').instance().view).toMatchObject({ status: 'completed', deviations: [] })
  })

  it('is an activity like any other where events are', () => {
    const given = paid(new Scenario(order({ bindings: [{ event: 'shipped', phase: 'end', from: 'mapping' }] })))
    expect(given.tokens()).toEqual(['call'])
    expect(given.event('close', 'PT2M').deviations()).toEqual(['skipped call'])
  })
})
