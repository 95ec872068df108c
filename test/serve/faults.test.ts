/** What cannot be followed, over HTTP: suspended instances, quarantined events, suspended models, and the rebuild that mends derived state. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { QUARANTINE_SUBJECT } from '../../apps/tracker/src/store/entries.js'
import { unitOf } from '../../apps/tracker/src/store/identity.js'
import { ServeModule } from '../../apps/tracker/src/serve/serve.module.js'
import { openServingHouse, type RunningHouse } from '../support/house.js'
import { insert, modelRow } from '../support/seed.js'

let house: RunningHouse
beforeAll(async () => {
  house = await openServingHouse([ServeModule])
  await insert(house.db, 'model_version', [modelRow(), modelRow({ model: 'claim', status: 'suspended', position: 3 })])
})
afterAll(() => house.close())

const unit = (key: string) => unitOf('order', key)
const faultRow = (key: string, since: number) => ({ unit: unit(key), shard: 0, model: 'order', key, position: 10, error: 'RangeError: the fold does not end\n    at fold', since })
const eventRow = (key: string, position: number, row: Record<string, unknown> = {}) => ({
  unit: unit(key), position, kind: 'event', time: position, append_time: position, source: '/shop', event_id: `${key} ${position}`, type: 'goods.shipped', content_hash: '', labels_json: {}, ...row,
})

async function call(method: string, path: string, body?: unknown) {
  const answer = await fetch(`${house.url}/api/v1${path}`, { method, ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }) })
  return { status: answer.status, body: await answer.json() as Record<string, unknown> }
}

/** Says that the next entry is folded as soon as it is there, as the tracker would. */
function folding(): () => void {
  const timer = setInterval(() => house.fold(), 10)
  return () => clearInterval(timer)
}

const operations = async () => {
  const said: unknown[] = []
  for await (const entries of house.log.read({ from: 'earliest', kinds: ['operation'] })) for (const { payload } of entries) said.push(JSON.parse(Buffer.from(payload).toString()))
  return said
}

describe('suspended instances', () => {
  beforeAll(async () => {
    await insert(house.db, 'faulted_unit', [faultRow('A', 1_000), faultRow('B', 2_000), faultRow('C', 3_000)])
    await insert(house.db, 'instance_event', [eventRow('A', 8), eventRow('A', 10), eventRow('A', 12), eventRow('A', 13, { kind: 'operation' })])
  })

  it('are listed, the latest first, page by page, with how many events wait', async () => {
    const first = await call('GET', '/faults?limit=2')
    expect(first.body['items']).toMatchObject([{ key: 'C', events: 0 }, { key: 'B', events: 0 }])
    const second = await call('GET', `/faults?limit=2&cursor=${String(first.body['nextCursor'])}`)
    expect(second.body).toMatchObject({ items: [{ unit: unit('A'), model: 'order', key: 'A', position: '10', events: 2, error: expect.stringContaining('RangeError'), since: '1970-01-01T00:00:01.000Z' }] })
    expect(second.body).not.toHaveProperty('nextCursor')
    expect(await call('GET', '/faults?limit=0')).toMatchObject({ status: 400, body: { code: 'invalidRequest' } })
    expect(await call('GET', '/faults?model=x')).toMatchObject({ status: 400, body: { code: 'invalidRequest' } })
  })

  it('are looked at one by one, with the events that wait', async () => {
    expect(await call('GET', `/faults/${unit('A')}`)).toMatchObject({ status: 200, body: { key: 'A', waiting: [{ position: '10', id: 'A 10' }, { position: '12', source: '/shop' }] } })
    for (const path of ['/faults/nothing', `/faults/${unit('nobody')}`]) expect(await call('GET', path)).toMatchObject({ status: 404, body: { code: 'faultNotFound' } })
  })

  it('are tried again, one or all', async () => {
    expect(await call('POST', `/faults/${unit('B')}/retry`, {})).toEqual({ status: 202, body: { tried: 1 } })
    expect(await house.db.query('select key, at from deadline')).toEqual([{ key: 'B', at: '0' }])
    expect(await call('POST', '/faults/retry', {})).toEqual({ status: 202, body: { tried: 3 } })
    expect(await call('POST', `/faults/${unit('nobody')}/retry`, {})).toMatchObject({ status: 404, body: { code: 'faultNotFound' } })
  })

  it('lose what somebody throws away with a reason, by entries in the log', async () => {
    await house.db.query('delete from deadline')
    expect(await call('POST', `/faults/${unit('A')}/discard`, { by: 'Ada' })).toMatchObject({ status: 400, body: { code: 'invalidRequest' } })
    expect(await call('POST', `/faults/${unit('A')}/discard`, { by: 'Ada', comment: ' ' })).toMatchObject({ status: 400 })
    expect(await call('POST', `/faults/${unit('A')}/discard`, { comment: 'no', positions: ['8'] })).toMatchObject({ status: 422, body: { code: 'invalidCorrection', detail: expect.stringContaining('8') } })
    expect(await call('POST', '/faults/nothing/discard', { comment: 'no' })).toMatchObject({ status: 404, body: { code: 'faultNotFound' } })
    expect(await operations()).toEqual([])
    const stop = folding()
    expect(await call('POST', `/faults/${unit('A')}/discard`, { by: 'Ada', comment: 'a test', positions: ['12'] })).toEqual({ status: 202, body: { discarded: 1 } })
    expect(await call('POST', `/faults/${unit('A')}/discard`, { comment: 'all of it' })).toEqual({ status: 202, body: { discarded: 2 } })
    stop()
    const about = { op: 'setAside', model: 'order', key: 'A', instance: unit('A'), source: '/shop' }
    expect(await operations()).toEqual([
      { ...about, by: 'Ada', comment: 'a test', id: 'A 12' }, { ...about, by: 'operator', comment: 'all of it', id: 'A 10' }, { ...about, by: 'operator', comment: 'all of it', id: 'A 12' },
    ])
    expect(await house.db.query('select key from deadline')).toEqual([{ key: 'A' }])
  })
})

describe('a quarantined event', () => {
  it('shows its bytes, and is thrown away with a reason; what is not quarantined is not', async () => {
    const { positions } = await house.log.append([
      { kind: 'event', subject: QUARANTINE_SUBJECT, payload: Buffer.from('no event at all') }, { kind: 'event', subject: 'event.x', payload: Buffer.from('{"id":"1","source":"/x","type":"x"}') },
    ])
    house.fold()
    const [bad, good] = positions.map(String)
    await insert(house.db, 'event_fate', [{ position: bad, model: '', kind: 'quarantined', reason: 'is not readable' }])
    const quarantined = async (fate: string) => ((await call('GET', `/events?fate=${fate}`)).body['items'] as { position: string }[]).map(({ position }) => position)
    expect(await call('GET', `/events/${bad}`)).toMatchObject({ body: { type: '(undecodable)', data: 'no event at all', fates: [{ kind: 'quarantined' }] } })
    expect(await quarantined('quarantined')).toEqual([bad])
    expect(await call('POST', `/events/${good}/discard`, { comment: 'no' })).toMatchObject({ status: 409, body: { code: 'notQuarantined', detail: expect.stringContaining('unmatched') } })
    expect(await call('POST', `/events/${bad}/discard`, {})).toMatchObject({ status: 400, body: { code: 'invalidRequest' } })
    expect(await call('POST', '/events/999999/discard', { comment: 'no' })).toMatchObject({ status: 404, body: { code: 'eventNotFound' } })
    const stop = folding()
    expect(await call('POST', `/events/${bad}/discard`, { by: 'Ada', comment: 'a test' })).toMatchObject({ status: 200 })
    stop()
    const [said] = (await operations()).slice(-1)
    expect(said).toEqual({ op: 'discardEvent', position: bad, by: 'Ada', comment: 'a test' })
    // What the fold of that entry writes.
    await insert(house.db, 'operation', [{ position: house.log.stats().last.toString(), op: 'discardEvent', target: bad, actor: 'Ada', at: 0, comment: 'a test', outcome: 'done' }])
    expect(await call('GET', `/events/${bad}`)).toMatchObject({ body: { fates: [{ kind: 'discarded', reason: expect.stringContaining('Ada threw it away: a test') }] } })
    expect(await quarantined('quarantined')).toEqual([])
    expect(await quarantined('discarded')).toEqual([bad])
    expect(await call('POST', `/events/${bad}/discard`, { comment: 'again' })).toMatchObject({ status: 409, body: { code: 'notQuarantined' } })
  })
})

describe('a suspended model', () => {
  it('goes on where somebody says so, and only a suspended one', async () => {
    const stop = folding()
    expect(await call('POST', '/models/claim/resume', { by: 'Ada' })).toMatchObject({ status: 200, body: { id: 'claim' } })
    stop()
    expect((await operations()).slice(-1)).toEqual([{ op: 'resumeModel', model: 'claim', by: 'Ada' }])
    expect(await call('POST', '/models/order/resume', {})).toMatchObject({ status: 409, body: { code: 'modelStatus' } })
    expect(await call('POST', '/models/nothing/resume', {})).toMatchObject({ status: 404, body: { code: 'modelNotFound' } })
  })
})

describe('a rebuild', () => {
  it('is asked for once, told of and ended', async () => {
    expect(await call('GET', '/rebuild')).toMatchObject({ status: 404, body: { code: 'rebuildNotFound' } })
    expect(await call('POST', '/rebuild/cancel', {})).toMatchObject({ status: 409, body: { code: 'rebuildStatus' } })
    const begun = await call('POST', '/rebuild', {})
    expect(begun).toMatchObject({ status: 202, body: { status: 'asked', done: 0 } })
    expect(await call('POST', '/rebuild', {})).toMatchObject({ status: 409, body: { code: 'rebuildStatus' } })
    await house.db.query(`update job set status = 'running', done = 3, total = 12`)
    expect(await call('GET', '/rebuild')).toMatchObject({ status: 200, body: { id: begun.body['id'], status: 'running', done: 3, total: 12 } })
    expect(await call('POST', '/rebuild/cancel', {})).toMatchObject({ status: 202, body: { status: 'cancelling' } })
    await house.db.query(`update job set status = 'failed', detail = '{"error":"the log was trimmed"}'`)
    expect(await call('GET', '/rebuild')).toMatchObject({ body: { status: 'failed', error: 'the log was trimmed' } })
  })
})
