import { describe, expect, it } from 'vitest'
import { Binder } from '../bind/correlate.js'
import type { MessageFlow, ProcessModel } from '../model.js'
import { readProcesses } from '../read/read-processes.js'
import { processOf, Scenario } from '../testing/scenario.js'

const message = { trigger: { kind: 'message' } } as const
const flow = (direction: 'in' | 'out'): MessageFlow => ({
  id: 'm1', name: 'the order', direction, element: direction === 'out' ? 'send' : 'receive',
  other: direction === 'out' ? { process: 'shop', element: 'receive', name: 'Receive' } : { process: 'customer', element: 'send', name: 'Send' },
  sentBy: [{ event: 'send', phase: 'end', from: 'name' }], receivedBy: [{ event: 'receive', phase: 'occur', from: 'name' }], stuckAfter: 'PT1H', sla: { duration: 'PT30M', severity: 'critical' },
})
const customer = processOf({ id: 'customer', elements: { start: message, send: { kind: 'sendTask' }, end: {} }, flows: ['start > send > end'], messages: [flow('out')] })
const shop = processOf({
  id: 'shop', elements: { start: message, receive: { kind: 'intermediateCatchEvent', ...message }, pack: {}, end: {} }, flows: ['start > receive > pack > end'], messages: [flow('in')],
})
const inTransit = (given: Scenario, at?: string) => given.instance(at).view.messages.map(({ flow: { id }, since, late }) => `${id} ${new Date(since).toISOString().slice(11, 16)}${late ? ' late' : ''}`)

describe('a message between two pools', () => {
  it('is on its way from when it was sent until it was received, for both', () => {
    for (const process of [customer, shop]) {
      const given = new Scenario(process).event('start', 'PT0S')
      expect(inTransit(given)).toEqual([])
      expect(inTransit(given.event('send', 'PT1M'))).toEqual(['m1 00:01'])
      expect(inTransit(given.event('receive', 'PT2M'))).toEqual([])
      expect(given.deviations()).toEqual([])
    }
  })

  it('is late by the promise of who should receive it, and somebody is called for the sender alone', () => {
    const sender = new Scenario(customer).event('start', 'PT0S').event('send', 'PT1M')
    expect(sender.instance('PT31M30S').view).toMatchObject({ status: 'completed', late: true, conditions: [{ kind: 'late', element: 'send', severity: 'critical' }] })
    expect(sender.instance('PT10M').view.nextAt).toBe(sender.deadlines()[0]?.dueAt)
    expect(sender.instance('PT2H').view.conditions.map(({ kind }) => kind)).toEqual(['late', 'stuck'])
    expect(inTransit(sender, 'PT2H')).toEqual(['m1 00:01 late'])
    const receiver = new Scenario(shop).event('start', 'PT0S').event('send', 'PT1M')
    expect(inTransit(receiver, 'PT2H')).toEqual(['m1 00:01 late'])
    expect(receiver.instance('PT2H').view.conditions).toEqual([])
  })

  it('that seems to be received before it was sent is one, where only clocks differ', () => {
    expect(inTransit(new Scenario(customer).event('start', 'PT0S').event('receive', 'PT1M').event('send', 'PT1M1S'))).toEqual([])
    expect(inTransit(new Scenario(customer).event('start', 'PT0S').event('receive', 'PT1M').event('send', 'PT2M'))).toEqual(['m1 00:02'])
  })

  it('depends on no order of arrival', () => {
    const given = new Scenario(shop).event('receive', 'PT2M', { arrives: 'PT9M' }).event('send', 'PT1M', { arrives: 'PT9M' }).event('start', 'PT0S', { arrives: 'PT9M' })
    expect(inTransit(given)).toEqual([])
    expect(given.deviations()).toEqual([])
  })

  it('says nothing of an instance that is not there, and begins none', () => {
    expect(new Scenario(shop).event('send', 'PT1M').shown()).toEqual([])
  })
})

describe('the pools of a file', () => {
  const pool = (id: string, body: string): string => `<bpmn:process id="${id}">${body}</bpmn:process>`
  const read = async (messageFlows: string, named = 'order.received') => (await readProcesses(`<?xml version="1.0"?>
    <bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="urn:test"><bpmn:collaboration id="c">
      <bpmn:participant id="p1" processRef="customer"/><bpmn:participant id="p2" processRef="shop"/><bpmn:participant id="p3" name="Bank"/>${messageFlows}</bpmn:collaboration>
    ${pool('customer', '<bpmn:startEvent id="s"/><bpmn:sendTask id="send" name="order.sent"/><bpmn:endEvent id="e"/><bpmn:sequenceFlow id="f1" sourceRef="s" targetRef="send"/><bpmn:sequenceFlow id="f2" sourceRef="send" targetRef="e"/>')}
    ${pool('shop', `<bpmn:startEvent id="s2" name="${named}"><bpmn:messageEventDefinition id="d"/></bpmn:startEvent><bpmn:task id="pack" name="order.packed"/><bpmn:endEvent id="e2"/><bpmn:sequenceFlow id="f3" sourceRef="s2" targetRef="pack"/><bpmn:sequenceFlow id="f4" sourceRef="pack" targetRef="e2"/>`)}
    </bpmn:definitions>`)).processes as readonly ProcessModel[]

  it('know the messages that are seen at both ends', async () => {
    const [sender, receiver] = await read('<bpmn:messageFlow id="m" name="the order" sourceRef="send" targetRef="s2"/>')
    expect(sender?.messages).toMatchObject([{ id: 'm', name: 'the order', direction: 'out', element: 'send', other: { process: 'shop', element: 's2' } }])
    expect(receiver?.messages).toMatchObject([{ id: 'm', direction: 'in', element: 's2', other: { process: 'customer', element: 'send' } }])
    const said = new Binder(sender as ProcessModel).messagesIn({ id: '1', source: '/shop', type: 'order.received', time: 0, subject: 'k' })
    expect(said).toEqual({ says: ['received m'], keys: [{ name: 'key', value: 'k' }] })
  })

  it.each([
    ['lead to a pool that nothing is seen of', '<bpmn:messageFlow id="m" sourceRef="send" targetRef="p3"/>', 'order.received'],
    ['are one event for both ends', '<bpmn:messageFlow id="m" sourceRef="send" targetRef="s2"/>', 'order.sent'],
    ['lead nowhere', '<bpmn:messageFlow id="m" sourceRef="send"/>', 'order.received'],
  ])('say nothing of messages that %s', async (_what, flows, named) => {
    expect((await read(flows, named)).map(({ messages }) => messages)).toEqual([undefined, undefined])
  })
})
