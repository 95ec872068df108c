import { describe, expect, test } from 'vitest'
import type { Binding, Element, ProcessModel } from '../model.js'
import { readProcesses } from '../read/read-processes.js'
import { parseMapping } from './mapping.js'

const file = (process: string, attributes = '', root = ''): string => `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:t="urn:tidemark:bpmn:1" xmlns:z="http://camunda.org/schema/zeebe/1.0" ${root}>
  <message id="M" name="payment.received"><extensionElements><z:subscription correlationKey="=order.id"/></extensionElements></message>
  <message id="N" name="order.placed"/><signal id="S" name="stock.empty"/>
  <process id="P" ${attributes}>${process}</process></definitions>`
const noZeebe = (xml: string): string => xml.replace(/<extensionElements><z:.*?<\/extensionElements>/, '').replace(/xmlns:z="[^"]*"/, '')
const read = async (xml: string, mapping?: string): Promise<ProcessModel> => {
  const parsed = mapping === undefined ? undefined : parseMapping(mapping).mapping
  const result = await readProcesses(xml, parsed === undefined ? {} : { mapping: parsed })
  expect(result.findings.filter(({ severity }) => severity === 'error')).toEqual([])
  return result.processes[0] as ProcessModel
}
const first = (process: ProcessModel): Element => process.elements[0] as Element
const events = ({ bindings }: Element): string[] => bindings.map(({ event }) => event)

describe('by name', () => {
  const named = async (xml: string): Promise<string[]> => events(first(await read(noZeebe(file(xml)))))

  test('a task is bound to the end of what it is called, by name and by an id that a person chose', async () => {
    expect(first(await read(noZeebe(file('<userTask id="approve-invoice" name="Approve&#10;invoice"/>')))).bindings).toEqual([
      { event: 'Approve invoice', phase: 'end', from: 'name' }, { event: 'approve-invoice', phase: 'end', from: 'name' },
    ])
  })

  test.each(['Activity_10ved6i', 'Task_1x2y3z', 'sid-5FBB6CB3-8A7C-42B5-9024-15BB2684EC57', 'id84e780e0-445f-44a8-b942-6ae4c388b135', '_19',
    'UserTask_1', '_-7WFpbWZEeaTvLEWv0tJ7A'])('an id that a tool made means nothing: %s', async (id) => {
    expect(await named(`<task id="${id}" name="Pay"/>`)).toEqual(['Pay'])
    expect(await named(`<task id="${id}"/>`)).toEqual([])
  })

  test('Send_ and Receive_ are left out', async () => {
    expect(await named('<task id="Receive_PaymentReceived"/>')).toEqual(['Receive_PaymentReceived', 'PaymentReceived'])
    expect(await named('<endEvent id="Send_OrderDone"/>')).toEqual(['Send_OrderDone', 'OrderDone'])
  })

  test('message and signal events by the name of what they carry', async () => {
    expect(await named('<startEvent id="Event_1" name="Placed"><messageEventDefinition id="d" messageRef="N"/></startEvent>')).toEqual(['order.placed', 'Placed'])
    expect(await named('<intermediateThrowEvent id="Event_1"><signalEventDefinition id="d" signalRef="S"/></intermediateThrowEvent>')).toEqual(['stock.empty'])
    expect(await named('<receiveTask id="Task_1" messageRef="N"/>')).toEqual(['order.placed'])
  })

  test('plain start and end events only where the name is one of an event', async () => {
    expect(await named('<startEvent id="begin" name="Order received"/>')).toEqual([])
    expect(await named('<startEvent id="Event_1" name="order.received"/>')).toEqual(['order.received'])
  })

  test('timers, gateways and sub-processes are silent', async () => {
    expect(await named('<intermediateCatchEvent id="a" name="b"><timerEventDefinition id="d"/></intermediateCatchEvent>')).toEqual([])
    expect(await named('<exclusiveGateway id="a" name="b"/>')).toEqual([])
    expect(await named('<subProcess id="a" name="b"/>')).toEqual([])
  })
})

describe('how often an activity happens', () => {
  const loop = async (inside: string, root = ''): Promise<Element['loop']> => first(await read(file(`<userTask id="a" name="Pay">${inside}</userTask>`, '', root))).loop

  test('as the standard says it', async () => {
    expect(await loop('<standardLoopCharacteristics testBefore="true" loopMaximum="3"><loopCondition>=open</loopCondition></standardLoopCharacteristics>'))
      .toEqual({ kind: 'standard', condition: '=open', testBefore: true, maximum: 3 })
    expect(await loop('<multiInstanceLoopCharacteristics isSequential="true"><loopCardinality>5</loopCardinality><completionCondition>=done</completionCondition></multiInstanceLoopCharacteristics>'))
      .toEqual({ kind: 'sequential', cardinality: '5', completion: '=done' })
  })

  test('as Camunda says it', async () => {
    expect(await loop('<multiInstanceLoopCharacteristics><extensionElements><z:loopCharacteristics inputCollection="=items"/></extensionElements></multiInstanceLoopCharacteristics>'))
      .toEqual({ kind: 'parallel', collection: '=items' })
    expect(await loop('<multiInstanceLoopCharacteristics c:collection="${items}"/>', 'xmlns:c="http://camunda.org/schema/1.0/bpmn"')).toEqual({ kind: 'parallel', collection: 'items' })
  })
})

describe('Zeebe', () => {
  test('the message name is the event, its correlation key a path into the data, whatever the prefix', async () => {
    const caught = '<intermediateCatchEvent id="a" name="Paid"><messageEventDefinition id="d" messageRef="M"/></intermediateCatchEvent>'
    expect(first(await read(file(caught))).bindings).toEqual([
      { event: 'payment.received', phase: 'occur', key: { name: 'id', value: 'data.order.id' }, from: 'zeebe' },
    ])
  })

  test('the job type is the name of a completion, the called process that of the call', async () => {
    const job = '<serviceTask id="a" name="Pay"><extensionElements><z:taskDefinition type="payment-service"/></extensionElements></serviceTask>'
    expect(first(await read(file(job))).bindings).toEqual([{ event: 'payment-service', phase: 'end', from: 'zeebe' }])
    const call = '<callActivity id="a"><extensionElements><z:calledElement processId="billing"/></extensionElements></callActivity>'
    expect(first(await read(file(call))).calledElement).toBe('billing')
  })
})

test('Camunda 7: the topic of an external task', async () => {
  const xml = noZeebe(file('<serviceTask id="a" name="Pay" c:type="external" c:topic="pay"/>', '',
    'xmlns:c="http://camunda.org/schema/1.0/bpmn"'))
  expect(first(await read(xml)).bindings).toEqual([{ event: 'pay', phase: 'end', from: 'camunda' }])
})

describe('tm: in the model', () => {
  const rich = file(`<sendTask id="a" name="Tell" t:stuckAfter="PT1H"><extensionElements>
      <t:observe event="told" source="mail" filter="data.ok" key="data.mail.orderId"/><t:observe event="told.*" phase="start"/>
      <t:command type="customer.tell" target="mail">={ order: key }</t:command><t:sla duration="P2D" severity="critical" name="Told in time"/></extensionElements></sendTask>
    <endEvent id="e" t:unwanted="true"/>`,
  't:mode="suggest" t:grace="PT5S" t:tolerance="PT0S" t:zone="Europe/Berlin" t:completion="PT1H" t:stuckAfter="P3D"')
    .replace('t:stuckAfter="P3D">',
      `$&<extensionElements><t:key name="orderId" value="data.orderId"/><t:key name="payment" value="data.paymentId"/>
      <t:sla duration="P10D"/><t:unexpected event="order.frozen" source="bank"/><t:accept kind="skipped" element="a"/></extensionElements>`)

  test('says how a process is followed', async () => {
    const process = await read(rich)
    expect(process).toMatchObject({
      mode: 'suggest', grace: 'PT5S', tolerance: 'PT0S', maxGrace: 'PT10M', zone: 'Europe/Berlin', completion: 'PT1H', stuckAfter: 'P3D',
        effectsMaxAge: 'P1D',
      keys: [{ name: 'orderId', value: 'data.orderId' }, { name: 'payment', value: 'data.paymentId' }],
      sla: { duration: 'P10D', severity: 'warning' }, unexpected: [{ event: 'order.frozen', source: 'bank' }],
      accepted: [{ kind: 'skipped', element: 'a' }],
    })
  })

  test('says what an element means, waits for and sends', async () => {
    const process = await read(rich)
    expect(first(process)).toMatchObject({
      bindings: [
        { event: 'told', source: 'mail', phase: 'end', filter: 'data.ok', key: { name: 'orderId', value: 'data.mail.orderId' },
          from: 'tidemark' },
        { event: 'told.*', phase: 'start', from: 'tidemark' },
      ],
      command: { type: 'customer.tell', target: 'mail', data: '={ order: key }' },
      sla: { duration: 'P2D', severity: 'critical', name: 'Told in time' }, stuckAfter: 'PT1H',
    })
    expect(process.elements[1]?.unwanted).toBe(true)
  })

  test('a managed element is not bound by its name, so that our own command is no evidence', async () => {
    const managed = first(await read(file('<task id="a" name="Cancel"><extensionElements><t:command type="order.cancel"/></extensionElements></task>')))
    expect(managed).toMatchObject({ bindings: [], command: { type: 'order.cancel' } })
    expect(first(await read(file('<task id="a" name="Cancel" t:managed="false"><extensionElements><t:command type="x"/></extensionElements></task>'))))
      .not.toHaveProperty('command')
  })

  test('a bound timer is watched, an unbound one is ours, and tm:timer decides', async () => {
    const timer = async (extensions: string): Promise<string | undefined> => first(await read(file(`<intermediateCatchEvent id="a">
      <extensionElements>${extensions}</extensionElements>
      <timerEventDefinition id="d"><timeDuration>P1D</timeDuration></timerEventDefinition></intermediateCatchEvent>`))).trigger?.timer?.mode
    expect(await timer('')).toBe('self')
    expect(await timer('<t:observe event="reminded"/>')).toBe('watch')
    expect(await timer('<t:observe event="reminded"/><t:timer mode="self"/>')).toBe('self')
  })

  test('another namespace with the prefix tm means nothing', async () => {
    const xml = file('<task id="Task_1"><extensionElements><tm:observe event="x"/></extensionElements></task>', '', 'xmlns:tm="urn:other"')
    expect(first(await read(xml)).bindings).toEqual([])
  })
})

describe('precedence', () => {
  const all = (own: string): string => file(`<serviceTask id="pay" name="Pay"><extensionElements>${own}<z:taskDefinition type="job"/>
    </extensionElements></serviceTask>`)
  const from = async (xml: string, mapping?: string): Promise<(string | Binding['from'])[][]> => (
    first(await read(xml, mapping)).bindings.map((binding) => [binding.event, binding.from])
  )

  test('the mapping wins over tm:, tm: over Zeebe, Zeebe over the name', async () => {
    expect(await from(all('<t:observe event="own"/>'), 'elements: { pay: mapped }')).toEqual([['mapped', 'mapping']])
    expect(await from(all('<t:observe event="own"/>'))).toEqual([['own', 'tidemark']])
    expect(await from(all(''))).toEqual([['job', 'zeebe']])
  })

  test('a mapping that is silent on bindings leaves them; an empty list unbinds', async () => {
    expect(await from(all('<t:observe event="own"/>'), 'elements: { pay: { stuckAfter: PT1H } }')).toEqual([['own', 'tidemark']])
    expect(await from(all('<t:observe event="own"/>'), 'elements: { pay: { observe: [] } }')).toEqual([])
  })
})
