import { describe, expect, test } from 'vitest'
import type { DomainEvent } from '../event.js'
import type { Binding, Element, KeyExpression, ProcessModel } from '../model.js'
import { Binder, bindEvent } from './correlate.js'

type Rule = Omit<Binding, 'from' | 'phase'> & { phase?: Binding['phase'] }

const process = (bindings: Record<string, Rule[]>, keys: KeyExpression[] = [{ name: 'key', value: '' }]): ProcessModel => ({
  id: 'P', name: '', flows: [], keys, mode: 'observe', tolerance: 'PT2S', grace: 'PT30S', maxGrace: 'PT10M', zone: 'UTC',
    effectsMaxAge: 'P1D', unexpected: [], accepted: [],
  elements: Object.entries(bindings).map(([id, rules]): Element => ({
    id, name: id, kind: 'task', incoming: [], outgoing: [], bindings: rules.map((rule) => ({ phase: 'end', from: 'mapping', ...rule })),
  })),
})
const event = (type: string, more: Partial<DomainEvent> = {}): DomainEvent => ({ id: '1', source: 'shop', type, time: 0, ...more })
const labels = (model: ProcessModel, incoming: DomainEvent): string[] | undefined => (
  bindEvent(model, incoming)?.labels.map(({ element, phase }) => `${element}.${phase}`)
)
const keys = (model: ProcessModel, incoming: DomainEvent): string[] | undefined => bindEvent(model, incoming)?.keys.map(({ name,
  value }) => `${name}=${value}`)

describe('what an event means', () => {
  test('is every element that its type is bound to, in canonical order and once', () => {
    const model = process({ b: [{ event: 'pay' }], a: [{ event: 'pay' }, { event: 'pay', phase: 'start' }, { event: 'pay' }],
      c: [{ event: 'ship' }] })
    expect(labels(model, event('pay'))).toEqual(['a.end', 'a.start', 'b.end'])
    expect(labels(model, event('refund'))).toBeUndefined()
  })

  test('may be said with a trailing star', () => {
    const model = process({ a: [{ event: 'payment.*' }], b: [{ event: '*' }], c: [{ event: 'payment.done' }] })
    expect(labels(model, event('payment.done'))).toEqual(['a.end', 'b.end', 'c.end'])
    expect(labels(model, event('order.done'))).toEqual(['b.end'])
  })

  test('depends on its source where one is given', () => {
    const model = process({ a: [{ event: 'pay', source: 'bank' }] })
    expect(labels(model, event('pay', { source: 'bank' }))).toEqual(['a.end'])
    expect(labels(model, event('pay'))).toBeUndefined()
  })

  test('depends on its filter, and unknown is not true', () => {
    const model = process({ a: [{ event: 'pay', filter: 'data.state = "ok"' }], b: [{ event: 'pay', filter: '=data.state != "ok"' }] })
    expect(labels(model, event('pay', { data: { state: 'ok' } }))).toEqual(['a.end'])
    expect(labels(model, event('pay', { data: { state: 'no' } }))).toEqual(['b.end'])
    expect(labels(model, event('pay', { data: 'text' }))).toBeUndefined()
    expect(labels(process({ a: [{ event: 'pay', filter: 'type = "pay" and source = "shop"' }] }), event('pay'))).toEqual(['a.end'])
  })
})

test('an event over which a filter would run away means nothing that is known: the filter is named', () => {
  const model = process({ a: [{ event: 'pay', filter: 'count(for a in data.xs return for b in data.xs return a) > 1' }], b: [{ event: 'pay' }] })
  expect(bindEvent(model, event('pay', { subject: 'S', data: { xs: Array.from({ length: 3_000 }, () => 1) } }))).toEqual({ labels: [], keys: [], ranAway: expect.stringContaining('count(') })
  expect(labels(model, event('pay', { data: { xs: [1, 2] } }))).toEqual(['a.end', 'b.end'])
})

describe('an event that no element is bound to', () => {
  const all: ProcessModel = { ...process({ a: [{ event: 'pay', source: 'bank' }] }), unexpected: [{ event: '*', source: 'shop', key: { name: 'order', value: 'data.order' } }] }

  test('belongs to the process where that is said, with its key, and has no place in it', () => {
    expect(bindEvent(all, event('appeal', { data: { order: 'A' } }))).toEqual({ labels: [], keys: [{ name: 'key', value: 'A' }] })
    expect(labels(all, event('appeal', { source: 'bank' }))).toBeUndefined()
  })

  test('may be of a type that an element is bound to under conditions', () => {
    expect(labels(all, event('pay', { source: 'bank' }))).toEqual(['a.end'])
    expect(labels(all, event('pay'))).toEqual([])
  })

  test('may be named with a filter', () => {
    const model: ProcessModel = { ...process({}), unexpected: [{ event: 'payment.*', filter: 'data.amount < 0' }] }
    expect(labels(model, event('payment.back', { data: { amount: -1 } }))).toEqual([])
    expect(labels(model, event('payment.back', { data: { amount: 1 } }))).toBeUndefined()
  })
})

describe('which instance an event belongs to', () => {
  const pay: Record<string, Rule[]> = { a: [{ event: 'pay' }] }

  test('is by default its correlationid, else its partitionkey, else its subject', () => {
    const more = { subject: 'S', extensions: { correlationid: 'C', partitionkey: 'K' } }
    expect(keys(process(pay), event('pay', more))).toEqual(['key=C'])
    expect(keys(process(pay), event('pay', { ...more, extensions: { partitionkey: 'K' } }))).toEqual(['key=K'])
    expect(keys(process(pay), event('pay', { subject: 'S' }))).toEqual(['key=S'])
    expect(keys(process(pay), event('pay'))).toEqual([])
  })

  test('is read by path, attribute or FEEL, primary key first', () => {
    const model = process(pay, [
      { name: 'order', value: 'data.order.id' }, { name: 'region', value: 'region' }, { name: 'both',
        value: '= data.order.id + "-" + subject' },
      { name: 'payment', value: '=data.paymentId' },
    ])
    const incoming = event('pay', { subject: 'S', extensions: { region: 'EU' }, data: { order: { id: 'O1' }, paymentId: 7 } })
    expect(keys(model, incoming)).toEqual(['order=O1', 'region=EU', 'both=O1-S', 'payment=7'])
    expect(keys(model, event('pay', { data: { paymentId: 'P' } }))).toEqual(['payment=P'])
  })

  test.each([
    [''], ['x'.repeat(201)], ['a\0b'], [Number.NaN], [Number.POSITIVE_INFINITY], [true], [null], [{ id: 1 }], [['1']], [undefined],
  ])('is not said by %j', (value) => {
    expect(keys(process(pay, [{ name: 'k', value: 'data.id' }]), event('pay', { data: { id: value } }))).toEqual([])
  })

  test.each(['data.constructor.name', 'data.__proto__.name', 'constructor.name', 'data.toString.length',
    'data.id.length'])('never comes from a prototype: %s', (value) => {
    expect(keys(process(pay, [{ name: 'k', value }]), event('pay', { data: { id: 'text' } }))).toEqual([])
  })

  test('is read by the binding in place of the primary key, or of the key of that name', () => {
    const own = (name: string): ProcessModel => process({ a: [{ event: 'pay', key: { name, value: 'data.ref' } }] }, [
      { name: 'order', value: 'data.orderId' }, { name: 'payment', value: 'data.paymentId' },
    ])
    const incoming = event('pay', { data: { ref: 'R', orderId: 'O', paymentId: 'P' } })
    expect(keys(own('whatever'), incoming)).toEqual(['order=R', 'payment=P'])
    expect(keys(own('payment'), incoming)).toEqual(['order=O', 'payment=R'])
  })

  test('falls back to the process where the key of a binding leads nowhere', () => {
    const model = process({ a: [{ event: 'pay', key: { name: 'id', value: 'data.correlationOfAWorker' } }] })
    expect(keys(model, event('pay', { subject: 'S', data: {} }))).toEqual(['key=S'])
  })
})

test('binding an event costs a look-up where nothing has to be tested', () => {
  const binder = new Binder(process({ a: [{ event: 'pay' }] }))
  expect(binder.bind(event('pay'))?.labels).toBe(binder.bind(event('pay'))?.labels)
})
