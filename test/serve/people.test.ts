import { afterAll, beforeEach, beforeAll, describe, expect, it } from 'vitest'
import { ServeModule } from '../../apps/tracker/src/serve/serve.module.js'
import { NOON, openServingHouse } from '../support/house.js'
import type { RunningHouse } from '../support/house.js'
import { alertRow, commandRow, idOf, insert, instanceRow, modelRow } from '../support/seed.js'

let house: RunningHouse
beforeAll(async () => {
  house = await openServingHouse([ServeModule])
  await insert(house.db, 'model_version', [modelRow()])
  await insert(house.db, 'instance', [instanceRow('A'), instanceRow('B')])
})
afterAll(() => house.close())
beforeEach(async () => {
  for (const table of ['alert', 'alert_member', 'alert_delivery', 'command']) await house.db.query(`delete from ${table}`)
})

const get = async (path: string) => (await fetch(`${house.url}/api/v1${path}`)).json()
const post = (path: string, body?: unknown) =>
  fetch(`${house.url}/api/v1${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })

/** Stands in for the tracker: sees the operation in the log, does what it says and folds it. */
async function foldNext(before: bigint, sql: string): Promise<unknown> {
  await expect.poll(() => house.log.stats().last).toBeGreaterThan(before)
  const [entry] = await house.log.lookup([before + 1n])
  await house.db.query(sql)
  house.fold({ alerts: true })
  return { kind: entry?.kind, subject: entry?.subject, ...JSON.parse(Buffer.from(entry!.payload).toString()) as object }
}

describe('alerts', () => {
  const three = () => insert(house.db, 'alert', [
    alertRow('one', { opened_at: NOON }), alertRow('two', { opened_at: NOON + 1, status: 'acknowledged', acknowledged_by: 'ann', acknowledged_at: NOON }),
    alertRow('three', { opened_at: NOON - 1, status: 'resolved' }), alertRow('quiet', { status: 'quiet', opened_at: null }),
  ])

  it('are listed the latest first, without those that nobody was told of', async () => {
    await three()
    const { items } = await get('/alerts')
    expect(items.map(({ id }: { id: string }) => id)).toEqual(['two', 'one', 'three'].map((name) => idOf(`alert ${name}`)))
    expect(items[0]).toMatchObject({ status: 'acknowledged', acknowledgedBy: 'ann', modelName: 'Order', elementName: 'Retrieve payment' })
    expect((await get('/alerts?status=open')).items).toHaveLength(1)
    expect((await get('/alerts?model=zeta')).items).toHaveLength(0)
  })

  it('are paged', async () => {
    await three()
    const first = await get('/alerts?limit=2')
    expect((await get(`/alerts?limit=2&cursor=${first.nextCursor}`)).items).toMatchObject([{ id: idOf('alert three') }])
  })

  it('show the instances that have the cause now, longest first, and what was sent', async () => {
    await three()
    await insert(house.db, 'alert_member', ['A', 'B'].map((key, i) => (
      { alert: idOf('alert one'), instance: idOf(`instance ${key}`), since: NOON - i, joined_at: NOON, silent: i === 1 })))
    await insert(house.db, 'alert_delivery', [{
      id: idOf('delivery'), alert: idOf('alert one'), channel: 'webhook', change: 'opened', payload: {}, status: 'failed', attempts: 3,
      next_attempt_at: '2000-01-01T00:00:00Z', error: 'no', at: NOON,
    }])
    expect(await get(`/alerts/${idOf('alert one')}`)).toMatchObject({
      count: 2, instances: [{ key: 'B' }, { key: 'A' }], deliveries: [{ channel: 'webhook', status: 'failed', attempts: 3, error: 'no' }],
    })
    expect((await get(`/alerts?instance=${idOf('instance A')}`)).items).toHaveLength(1)
    expect((await get(`/alerts?instance=${idOf('instance Z')}`)).items).toHaveLength(0)
  })

  it('are acknowledged through the log, and the answer shows the folded outcome', async () => {
    await three()
    const before = house.log.stats().last
    const answering = post(`/alerts/${idOf('alert one')}/acknowledge`, { by: 'ann', comment: 'on it' })
    expect(await foldNext(before, `update alert set status = 'acknowledged', acknowledged_by = 'ann' where status = 'open'`)).toEqual({
      kind: 'operation', subject: 'operation.acknowledgeAlert', op: 'acknowledgeAlert', alert: idOf('alert one'), by: 'ann', comment: 'on it',
    })
    const answer = await answering
    expect([answer.status, await answer.json()]).toMatchObject([200, { status: 'acknowledged', acknowledgedBy: 'ann' }])
  })

  it('are resolved without saying who, as the operator', async () => {
    await three()
    const before = house.log.stats().last
    const answering = post(`/alerts/${idOf('alert two')}/resolve`)
    expect(await foldNext(before, `update alert set status = 'resolved' where status = 'acknowledged'`)).toMatchObject({ op: 'resolveAlert', by: 'operator' })
    expect(await (await answering).json()).toMatchObject({ status: 'resolved' })
  })

  it('are assigned to somebody', async () => {
    await three()
    const before = house.log.stats().last
    const answering = post(`/alerts/${idOf('alert one')}/assign`, { by: 'ann', to: 'bob' })
    expect(await foldNext(before, `update alert set assigned_to = 'bob' where status = 'open'`)).toMatchObject({ op: 'assignAlert', by: 'ann', to: 'bob' })
    expect(await (await answering).json()).toMatchObject({ status: 'open', assignedTo: 'bob' })
    expect((await post(`/alerts/${idOf('alert one')}/assign`, { to: ' ' })).status).toBe(400)
    expect((await post(`/alerts/${idOf('alert three')}/assign`, { to: 'bob' })).status).toBe(409)
  })

  it('are silenced for a while of the tracker\'s clock, at most 90 days', async () => {
    await three()
    const before = house.log.stats().last
    const answering = post(`/alerts/${idOf('alert three')}/silence`, { by: 'ann', for: 'PT1H' })
    const until = NOON + 3_600_000
    expect(await foldNext(before, `update alert set silenced_until = ${until}, silenced_by = 'ann' where status = 'resolved'`)).toMatchObject({ op: 'silenceAlert', until })
    expect(await (await answering).json()).toMatchObject({ silencedUntil: new Date(until).toISOString(), silencedBy: 'ann' })
    for (const length of ['P91D', 'soon']) expect((await post(`/alerts/${idOf('alert one')}/silence`, { for: length })).status).toBe(400)
  })

  it('refuse what their status does not allow, and leave nothing in the log', async () => {
    await three()
    const before = house.log.stats().last
    const answer = await post(`/alerts/${idOf('alert three')}/acknowledge`, {})
    expect([answer.status, await answer.json()]).toMatchObject([409, { code: 'alertStatus', detail: expect.stringContaining('resolved') }])
    expect((await post(`/alerts/${idOf('alert quiet')}/resolve`, {})).status).toBe(404)
    expect((await post(`/alerts/${idOf('alert one')}/resolve`, { who: 'me' })).status).toBe(400)
    expect(house.log.stats().last).toBe(before)
  })
})

describe('commands', () => {
  const several = () => insert(house.db, 'command', [
    commandRow('one', { decided_at: NOON }), commandRow('two', { decided_at: NOON + 1, status: 'dead', attempts: 58, error: 'gone', left_at: NOON + 2 }),
    commandRow('three', { decided_at: NOON, status: 'delivered', instance: idOf('instance B'), target: null }),
  ])

  it('are listed the latest decision first, by status and instance', async () => {
    await several()
    const { items } = await get('/commands')
    const tied = ['one', 'three'].map((name) => idOf(`command ${name}`)).toSorted()
    expect(items.map(({ id }: { id: string }) => id)).toEqual([idOf('command two'), ...tied])
    expect(items[0]).toMatchObject({ status: 'dead', attempts: 58, error: 'gone', leftAt: '2026-03-01T12:00:00.002Z', elementName: 'Ship goods', data: { orderId: 'A' } })
    expect((await get('/commands?status=delivered,dead')).items).toHaveLength(2)
    expect(await get('/commands?status=delivered,gone')).toMatchObject({ status: 400 })
    expect((await get('/commands?status=proposed')).items).toMatchObject([{ id: idOf('command one') }])
    expect((await get(`/commands?instance=${idOf('instance B')}`)).items).toMatchObject([{ id: idOf('command three') }])
  })

  it('are paged, ties included', async () => {
    await several()
    const first = await get('/commands?limit=2')
    expect([...first.items, ...(await get(`/commands?limit=2&cursor=${first.nextCursor}`)).items]).toHaveLength(3)
  })

  it.each([
    ['approve', 'one', 'approveCommand', 'scheduled'], ['reject', 'one', 'rejectCommand', 'rejected'], ['retry', 'two', 'retryCommand', 'sending'],
  ])('%s goes through the log, with the model and key that route it', async (action, name, op, status) => {
    await several()
    const before = house.log.stats().last
    const answering = post(`/commands/${idOf(`command ${name}`)}/${action}`, { by: 'ann' })
    expect(await foldNext(before, `update command set status = '${status}' where id = '${idOf(`command ${name}`)}'`)).toEqual({
      kind: 'operation', subject: `operation.${op}`, op, command: idOf(`command ${name}`), model: 'order', key: 'A', by: 'ann',
    })
    const answer = await answering
    expect([answer.status, await answer.json()]).toMatchObject([200, { status }])
  })

  it.each([['approve', 'three'], ['reject', 'two'], ['retry', 'one']])('refuse to %s where the status does not allow it', async (action, name) => {
    await several()
    const answer = await post(`/commands/${idOf(`command ${name}`)}/${action}`, {})
    expect([answer.status, await answer.json()]).toMatchObject([409, { code: 'commandStatus' }])
  })

  it('that are unknown are a 404 that says where the list is', async () => {
    const answer = await post('/commands/nothing/approve', {})
    expect([answer.status, await answer.json()]).toMatchObject([404, { code: 'commandNotFound', detail: expect.stringContaining('/api/v1/commands') }])
  })
})
