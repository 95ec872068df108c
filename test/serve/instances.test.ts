import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ServeModule } from '../../apps/tracker/src/serve/serve.module.js'
import { unitOf } from '../../apps/tracker/src/store/identity.js'
import { NOON, openServingHouse } from '../support/house.js'
import type { RunningHouse } from '../support/house.js'
import { alertRow, commandRow, idOf, insert, instanceRow, modelRow, tokenRow } from '../support/seed.js'

const HOUR = 3_600_000
let house: RunningHouse
beforeAll(async () => {
  house = await openServingHouse([ServeModule])
  await insert(house.db, 'model_version', [modelRow(), modelRow({ model: 'zeta' })])
  const at = (element: string, since: number, more = {}) => [{ element, since, stuck: false, late: false, ...more }]
  await insert(house.db, 'instance', [
    instanceRow('A', { started_at: NOON - 5 * HOUR, stuck: true, tokens: at('pay', NOON - 5 * HOUR, { stuck: true, dueAt: NOON }), variables: { amount: 7 } }),
    instanceRow('B', { started_at: NOON - 4 * HOUR, late: true, variables: { customer: { name: 'Anna' } }, tokens: at('pay', NOON - HOUR) }),
    instanceRow('C', { started_at: NOON - 3 * HOUR, deviations: 2, tokens: at('ship', NOON - 3 * HOUR) }),
    instanceRow('D', { started_at: NOON - 2 * HOUR, status: 'completed', ended_at: NOON - HOUR, former_ids: [idOf('former D')] }),
    instanceRow('E', { started_at: NOON - 2 * HOUR, model: 'zeta', tokens: at('pay', NOON - HOUR) }),
  ])
  await insert(house.db, 'token', [
    tokenRow('A', 'pay', NOON - 5 * HOUR), tokenRow('B', 'pay', NOON - HOUR), tokenRow('C', 'ship', NOON - 3 * HOUR), tokenRow('E', 'pay', NOON - HOUR, { model: 'zeta' }),
  ])
  await insert(house.db, 'instance_key', [{ model: 'order', name: 'paymentId', value: 'P-1', unit: unitOf('order', 'A'), primary_key: 'A', learned_at: 2 }])
  await insert(house.db, 'deviation', [
    { instance: idOf('instance C'), kind: 'skipped', element: 'pay', item: '', at: NOON, count: 1, provisional: false, accepted: false },
    { instance: idOf('instance C'), kind: 'repeated', element: 'ship', item: '', at: NOON, count: 3, provisional: true, accepted: false },
    { instance: idOf('instance C'), kind: 'repeated', element: 'ship', item: 'b', at: NOON, count: 1, provisional: false, accepted: false },
  ])
})
afterAll(() => house.close())

const get = async (path: string) => (await fetch(`${house.url}/api/v1${path}`)).json()
const keysOf = async (query: string) => (await get(`/instances?${query}`)).items.map(({ key }: { key: string }) => key)

describe('the list of instances', () => {
  it('is newest first, with names and keys', async () => {
    const { items } = await get('/instances')
    expect(items.map(({ key }: { key: string }) => key)).toEqual([...['D', 'E'].sort((a, b) => (idOf(`instance ${a}`) < idOf(`instance ${b}`) ? 1 : -1)), 'C', 'B', 'A'])
    expect(items[4]).toMatchObject({
      id: idOf('instance A'), status: 'active', stuck: true, startedAt: '2026-03-01T07:00:00.000Z',
      keys: [{ name: 'orderId', value: 'A' }, { name: 'paymentId', value: 'P-1' }],
      tokens: [{ element: 'pay', name: 'Retrieve payment', since: '2026-03-01T07:00:00.000Z', dueAt: '2026-03-01T12:00:00.000Z', stuck: true }],
    })
  })

  it.each([
    ['model=zeta', ['E']], ['model=order&version=1&status=completed', ['D']], ['stuck=true', ['A']], ['late=true', ['B']], ['deviating=true', ['C']],
    ['stuck=false&late=false&deviating=false&status=active', ['E']], ['key=P-1', ['A']], ['key=D', ['D']], ['key=D&model=order', ['D']], ['key=D&model=zeta', []], ['key=E', ['E']], ['key=nobody', []],
    ['model=order&element=pay', ['B', 'A']], ['element=ship', ['C']], ['waitingLongerThan=PT2H', ['C', 'A']], ['element=pay&waitingLongerThan=PT2H', ['A']],
    ['var.amount=7', ['A']], ['var.amount[gt]=6.5', ['A']], ['var.amount[lt]=10', ['A']], ['var.amount[gte]=8', []], ['var.amount[in]=5,7', ['A']], ['var.amount[exists]=true', ['A']],
    ['model=order&var.customer.name[contains]=ANN', ['B']], ['var.customer.name[ne]=Anna&model=order&status=active', ['C', 'A']], ['var.customer.name[gt]=5', []], ['var.customer.name[gt]=Ab', ['B']],
    ['deviation=skipped', ['C']], ['deviation=repeated', ['C']], ['deviation=rework', []], ['startedAfter=2026-03-01T08:00:00Z&startedBefore=2026-03-01T10:00:00%2B00:00', ['C', 'B']],
  ])('answers %s', async (query, keys) => {
    expect(await keysOf(query)).toEqual(keys)
  })

  it('pages through everything once, also where two began at the same moment', async () => {
    const seen: string[] = []
    for (let cursor = '', page; ; cursor = `&cursor=${page.nextCursor}`) {
      page = await get(`/instances?limit=1${cursor}`)
      seen.push(...page.items.map(({ key }: { key: string }) => key))
      if (page.nextCursor === undefined) break
    }
    expect(seen.toSorted()).toEqual(['A', 'B', 'C', 'D', 'E'])
  })

  it.each([
    ['stuk=true', 'stuk'], ['stuck=yes', 'stuck'], ['limit=501', 'limit'], ['waitingLongerThan=2h', 'waitingLongerThan'], ['startedAfter=yesterday', 'startedAfter'],
    ['status=gone', 'status'], ['key=A&key=B', 'key'],
  ])('refuses %s and says what is wrong', async (query, named) => {
    expect(await get(`/instances?${query}`)).toMatchObject({ status: 400, code: 'invalidRequest', detail: expect.stringContaining(named) })
  })

  it.each(['cursor=x', `cursor=${Buffer.from('["1"]').toString('base64url')}`, `cursor=${Buffer.from('["1;drop","x"]').toString('base64url')}`])('refuses a foreign %s', async (query) => {
    expect(await get(`/instances?${query}`)).toMatchObject({ status: 400, code: 'invalidCursor' })
  })
})

describe('the page of an instance', () => {
  it('tells its deviations in plain words, with alerts, commands and variables', async () => {
    await insert(house.db, 'alert', [alertRow('one', { opened_at: NOON }), alertRow('hidden', { status: 'quiet' })])
    await insert(house.db, 'alert_member', ['one', 'hidden'].map((alert) => (
      { alert: idOf(`alert ${alert}`), instance: idOf('instance C'), since: NOON, joined_at: NOON, silent: false })))
    await insert(house.db, 'command', [commandRow('one', { instance: idOf('instance C') })])
    const instance = await get(`/instances/${idOf('instance C')}`)
    expect(instance).toMatchObject({ key: 'C', modelName: 'Order', at: '2026-03-01T12:00:00.000Z', deviations: 2 })
    expect(instance.deviationList.map(({ text, item }: { text: string; item?: string }) => [text, item])).toEqual([
      ['“Ship goods” happened again although the model has it once. (3 times)', undefined],
      ['“Ship goods” happened again although the model has it once.', 'b'],
      ['“Retrieve payment” was passed without its event: it was left out, or its event never arrived.', undefined],
    ])
    expect(instance.alerts).toMatchObject([{ id: idOf('alert one'), count: 1, elementName: 'Retrieve payment' }])
    expect(instance.commands).toMatchObject([{ id: idOf('command one'), status: 'proposed', elementName: 'Ship goods' }])
    expect((await get(`/instances/${idOf('instance A')}`)).variables).toEqual({ amount: 7 })
  })

  it('is found by an id that the instance had before', async () => {
    expect(await get(`/instances/${idOf('former D')}`)).toMatchObject({ id: idOf('instance D'), key: 'D' })
  })

  it.each(['nothing', idOf('nobody')])('that is not there (%s) is a 404 that says what to do', async (id) => {
    expect(await get(`/instances/${id}`)).toMatchObject({ status: 404, code: 'instanceNotFound', detail: expect.stringContaining('/api/v1/instances') })
  })
})
