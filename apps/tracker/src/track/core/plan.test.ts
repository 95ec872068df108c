import { Binder, readProcesses, parseMapping, type DomainEvent } from '@tidemark/bpmn'
import type { Entry } from '@tidemark/log'
import { beforeAll, describe, expect, it } from 'vitest'
import { bindEvents, MAX_PRIMARIES, MAX_WAITING, plan, type KnownAliases, type Plan, type PlannedModel } from './plan.js'

const XML = `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="urn:test"><process id="orders"><startEvent id="start" name="placed"><messageEventDefinition/></startEvent>
  <task id="ship" name="shipped"/><task id="arrive" name="arrived"/><endEvent id="end"/><sequenceFlow id="f1" sourceRef="start" targetRef="ship"/><sequenceFlow id="f2" sourceRef="ship" targetRef="arrive"/>
  <sequenceFlow id="f3" sourceRef="arrive" targetRef="end"/></process></definitions>`
const MAPPING = `key: [{ name: order, value: data.order }, { name: parcel, value: data.parcel }, { name: customer, value: data.customer }]
elements: { arrive: { observe: { event: arrived, key: { name: parcel, value: data.trackingNumber } } } }`
const NOTHING: KnownAliases = { linked: new Map(), waiting: new Map() }

let model: PlannedModel
beforeAll(async () => {
  const { mapping } = parseMapping(MAPPING)
  if (mapping === undefined) throw new Error('the mapping cannot be read')
  const [process] = (await readProcesses(XML, { mapping })).processes
  if (process === undefined) throw new Error('the model cannot be read')
  model = { id: 'orders', versions: [{ version: 1, binder: new Binder(process), after: 0n, primaryKey: 'order' }], calls: [] } as unknown as PlannedModel
})

/** Events in log order, from position 1. */
function planOf(...events: readonly [type: string, data: object][]): Plan {
  const decoded = events.map(([type, data], index) => {
    const event: DomainEvent = { id: String(index), source: '/test', type, time: index, data }
    return { kind: 'event' as const, event, entry: { position: BigInt(index + 1), time: index, appendTime: index, payload: Buffer.from(JSON.stringify(data)) } as unknown as Entry }
  })
  return plan(bindEvents(decoded, [model]), NOTHING)
}

it('takes of an event that belongs to another only the keys that it links', () => {
  const decoded = (position: number, type: string, data: object) => ({
    kind: 'event' as const, event: { id: String(position), source: '/test', type, time: position, data },
    entry: { position: BigInt(position), time: position, appendTime: position, payload: Buffer.from(JSON.stringify(data)) } as unknown as Entry,
  })
  const events = [decoded(1, 'placed', { order: 'A' }), decoded(2, 'shipped', { order: 'A', parcel: 'P' }), decoded(3, 'shipped', { order: 'B', parcel: 'Q' }), decoded(4, 'arrived', { trackingNumber: 'Q' })]
  const bound = bindEvents(events, [model], (key) => key === 'B')
  expect(bound.map(({ primary, planned }) => [primary, planned.contentHash !== ''])).toEqual([['A', false], ['B', true], [undefined, true]])
  const { links, parts: { all: taken } } = plan(bound, NOTHING)
  expect(links.map(({ value, key, learnedAt }) => [value, key, learnedAt])).toEqual([['P', 'A', 2n], ['Q', 'B', 3n]])
  expect(taken.find(({ key }) => key === 'B')?.facts.map(({ fact }) => fact.position)).toEqual([3n, 4n])
})

const parts = ({ parts: { all } }: Plan) => Object.fromEntries(all.map(({ key, facts }) => [key, facts.map(({ fact }) => Number(fact.position))]))
const fates = ({ fates: all }: Plan) => all.map(({ position, kind }) => `${position} ${kind}`)

describe('keys', () => {
  it('are learned from an event that carries two, and find the instance from then on', () => {
    const planned = planOf(['placed', { order: 'A' }], ['shipped', { order: 'A', parcel: 'P' }], ['arrived', { parcel: 'P' }])
    expect(parts(planned)).toEqual({ A: [1, 2, 3] })
    expect(planned.links).toMatchObject([{ name: 'parcel', value: 'P', key: 'A', learnedAt: 2n }])
  })

  it('may be read elsewhere by one binding; where that leads nowhere the process\'s own is read', () => {
    expect(parts(planOf(['shipped', { order: 'A', parcel: 'P' }], ['arrived', { trackingNumber: 'P', parcel: 'Q' }]))).toEqual({ A: [1, 2] })
    expect(parts(planOf(['shipped', { order: 'A', parcel: 'P' }], ['arrived', { parcel: 'P' }]))).toEqual({ A: [1, 2] })
  })

  it('that nobody knows yet keep an event waiting until one links them', () => {
    const planned = planOf(['arrived', { parcel: 'P' }], ['arrived', { parcel: 'Q' }], ['shipped', { order: 'A', parcel: 'P' }])
    expect(parts(planned)).toEqual({ A: [3, 1] })
    expect(planned.released).toMatchObject([{ name: 'parcel', value: 'P', position: 1n, by: 3n }])
    expect(fates(planned)).toEqual(['1 waiting', '2 waiting'])
  })

  it('of several instances take the event to each; primaries never merge', () => {
    const planned = planOf(['shipped', { order: 'A', parcel: 'P' }], ['shipped', { order: 'B', parcel: 'P' }], ['arrived', { parcel: 'P' }])
    expect(parts(planned)).toEqual({ A: [1, 3], B: [2, 3] })
  })

  it('that there are none of leave the event alone', () => {
    expect(fates(planOf(['shipped', {}]))).toEqual(['1 ignored'])
  })
})

describe('a key that very many instances share', () => {
  const shared = (count: number) => Array.from({ length: count }, (_, index): [string, object] => ['shipped', { order: `O${index}`, customer: 'C' }])

  it('finds each of them as long as they are few', () => {
    const planned = planOf(...shared(MAX_PRIMARIES), ['shipped', { customer: 'C' }])
    expect(Object.values(parts(planned)).filter((positions) => positions.includes(MAX_PRIMARIES + 1))).toHaveLength(MAX_PRIMARIES)
  })

  it('links nothing beyond that: the event is told why, and another key of it still finds its instance', () => {
    const many = shared(MAX_PRIMARIES + 1)
    const planned = planOf(...many, ['shipped', { customer: 'C' }], ['shipped', { order: 'O0', parcel: 'P' }], ['arrived', { customer: 'C', parcel: 'P' }])
    expect(planned.fates).toMatchObject([{ position: BigInt(many.length + 1), kind: 'ignored', reason: expect.stringContaining(`customer C is shared by more than ${MAX_PRIMARIES} instances`) }])
    expect(Object.entries(parts(planned)).filter(([, positions]) => positions.includes(many.length + 3))).toEqual([['O0', [1, many.length + 2, many.length + 3]]])
  })
})

it('under one key only so many events wait', () => {
  const planned = planOf(...Array.from({ length: MAX_WAITING + 2 }, (): [string, object] => ['arrived', { parcel: 'P' }]))
  expect(planned.waiting).toHaveLength(MAX_WAITING)
  expect(planned.fates.slice(-2)).toMatchObject([{ kind: 'ignored', reason: expect.stringContaining('wait for parcel P already') }, { kind: 'ignored' }])
})
