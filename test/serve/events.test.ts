import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compileSchema } from '../../apps/tracker/src/policy/event-schema.js'
import { Policy } from '../../apps/tracker/src/policy/policy.js'
import { ServeModule } from '../../apps/tracker/src/serve/serve.module.js'
import { NOON, openServingHouse } from '../support/house.js'
import type { RunningHouse } from '../support/house.js'
import { idOf, insert, instanceRow, modelRow } from '../support/seed.js'

let house: RunningHouse
const get = async (path: string) => (await fetch(`${house.url}/api/v1${path}`)).json()
const event = (id: string, type: string, more: Record<string, unknown> = {}) => ({
  kind: 'event' as const, subject: `event.${type}`, time: house.clock.ms - 1_000,
  payload: Buffer.from(JSON.stringify({ specversion: '1.0', id, source: '/shop', type, ...more })),
})
const fact = (position: bigint, row: Record<string, unknown> = {}) => ({
  unit: idOf('unit A'), position: String(position), kind: 'event', time: NOON, append_time: NOON, source: '/shop', event_id: 'e', type: 't', sequence: null,
  content_hash: 'h', labels_json: {}, patch_json: null, instance: idOf('instance A'), element: 'pay', phase: 'end', reading: 'fits', ...row,
})

/** Positions: 1 tracked, 2 duplicate, 3 unmatched, 4 off the path, 5 clock, 6 quarantined, 7 pending. */
beforeAll(async () => {
  const policy = new Policy([{ type: 'other.*', onFault: 'report', source: { type: 'string' }, check: compileSchema({ type: 'string' }) }], [], String)
  policy.verdictOf({ type: 'other.thing', source: '/shop', payload: Buffer.from('{}') })
  house = await openServingHouse([ServeModule], {}, policy)
  await insert(house.db, 'model_version', [modelRow()])
  await insert(house.db, 'instance', [instanceRow('A')])
  await house.log.append([event('1', 'order.placed', { subject: 'A', data: { orderId: 'A' }, correlationid: 'A' }), event('1', 'order.placed'), event('2', 'other.thing')])
  house.clock.ms += 60_000
  await house.log.append([event('3', 'payment.received'), { kind: 'clock', subject: 'clock', payload: new Uint8Array() }])
  await house.log.append([{ kind: 'event', subject: 'undecodable', payload: Buffer.from('not JSON') }])
  house.fold()
  await house.log.append([event('4', 'order.placed')])
  await insert(house.db, 'instance_event', [fact(1n), fact(4n, { reading: 'deviates' }), fact(9n, { kind: 'operation' })])
  await insert(house.db, 'event_fate', [
    { position: 2, model: '', kind: 'duplicate', reason: 'The same as position 1.' }, { position: 6, model: '', kind: 'quarantined', reason: 'No JSON.' },
  ])
  await insert(house.db, 'event_type', [
    { shard: 0, type: 'order.placed', count: 2, first_seen: NOON, last_seen: NOON + 1 }, { shard: 1, type: 'order.placed', count: 1, first_seen: NOON - 1, last_seen: NOON },
    { shard: 0, type: 'payment.received', count: 1, first_seen: NOON + 60_000, last_seen: NOON + 60_000 }, { shard: 0, type: 'other.thing', count: 1, first_seen: NOON, last_seen: NOON },
  ])
})
afterAll(() => house.close())

const positions = async (query: string) => (await get(`/events?${query}`)).items.map(({ position }: { position: string }) => position)

describe('the explorer', () => {
  it('reads the log backwards and says of each event what became of it', async () => {
    const { items } = await get('/events')
    expect(items.map(({ position, fates }: { position: string; fates: { kind: string }[] }) => [position, fates[0]?.kind])).toEqual([
      ['7', 'pending'], ['6', 'quarantined'], ['4', 'tracked'], ['3', 'unmatched'], ['2', 'duplicate'], ['1', 'tracked'],
    ])
    expect(items.at(-1)).toMatchObject({
      id: '1', source: '/shop', type: 'order.placed', subject: 'A', data: { orderId: 'A' }, extensions: { correlationid: 'A' }, time: '2026-03-01T11:59:59.000Z',
      fates: [{ kind: 'tracked', model: 'order', version: 1, instance: idOf('instance A'), element: 'pay' }],
    })
    expect(items[1]).toMatchObject({ type: '(undecodable)', data: 'not JSON', fates: [{ reason: 'No JSON.' }] })
  })

  it.each([
    ['type=order.placed', ['7', '2', '1']], ['source=/shop&type=other.thing', ['3']], ['source=/elsewhere', []], ['subject=A', ['1']],
    ['fate=tracked', ['4', '1']], ['fate=duplicate', ['2']], ['fate=quarantined', ['6']], ['fate=unmatched', ['3']], ['fate=pending', ['7']], ['fate=ignored', []],
    ['after=2026-03-01T12:00:30Z', ['7', '6', '4']], ['before=2026-03-01T12:00:30Z', ['3', '2', '1']], ['fate=tracked&type=order.placed', ['1']],
  ])('answers %s', async (query, expected) => {
    expect(await positions(query)).toEqual(expected)
  })

  it.each(['', '&fate=tracked', '&type=order.placed', '&before=2026-03-01T12:00:30Z'])('pages through everything once%s', async (filter) => {
    const whole = await positions(filter.slice(1))
    const seen: string[] = []
    for (let cursor = '', page; ; cursor = `&cursor=${page.nextCursor}`) {
      page = await get(`/events?limit=1${filter}${cursor}`)
      seen.push(...page.items.map(({ position }: { position: string }) => position))
      if (page.nextCursor === undefined) break
    }
    expect(seen).toEqual(whole)
  })

  it('looks at a bounded part of the log for one page, and goes on from there', async () => {
    const clocks = Array.from({ length: 20_500 }, () => ({ kind: 'clock' as const, subject: 'clock', payload: new Uint8Array() }))
    await house.log.append(clocks)
    house.fold()
    const first = await get('/events?type=other.thing')
    expect([first.items, typeof first.nextCursor]).toEqual([[], 'string'])
    expect((await get(`/events?type=other.thing&cursor=${first.nextCursor}`)).items).toMatchObject([{ position: '3' }])
  })
})

describe('one event', () => {
  it('is found by its position, with its fates', async () => {
    expect(await get('/events/4')).toMatchObject({ id: '3', fates: [{ kind: 'tracked', reason: 'Off the modelled path.' }] })
  })

  it.each([['5', 404, 'eventNotFound'], ['999999', 404, 'eventNotFound'], ['x', 400, 'invalidRequest']])('at %s is a %i', async (position, status, code) => {
    expect(await get(`/events/${position}`)).toMatchObject({ status, code })
  })
})

describe('the catalogue of types', () => {
  it('says how often they came lately, and shows the newest of a type as it is stored', async () => {
    // One minute has passed between the first and the last; five are looked at.
    const { perMinute, example } = await get('/event-types/payment.received')
    expect(perMinute).toBe(0.2)
    expect(example).toMatchObject({ position: '4', id: '3', type: 'payment.received' })
    expect((await get('/event-types/order.placed')).perMinute).toBe(0.6)
    expect(await get('/event-types/other.thing')).toMatchObject({ schemaSource: { type: 'string' }, example: { id: '2' } })
  })

  it.each([['nobody', 404, 'eventTypeNotFound'], ['a%00', 400, 'invalidRequest']])('%s is a %i', async (type, status, code) => {
    expect(await get(`/event-types/${type}`)).toMatchObject({ status, code })
  })

  it('sums the shards and says which models bind a type', async () => {
    expect((await get('/event-types')).items).toEqual([
      { type: 'order.placed', count: 3, firstSeen: '2026-03-01T11:59:59.999Z', lastSeen: '2026-03-01T12:00:00.001Z', models: ['order'], perMinute: expect.any(Number) as number },
      expect.objectContaining({ type: 'other.thing', models: [], schema: { for: 'other.*', onFault: 'report', checked: 1, faults: 1, lastFault: 'data must be string' } }),
      expect.objectContaining({ type: 'payment.received', models: ['order'] }),
    ])
  })
})
