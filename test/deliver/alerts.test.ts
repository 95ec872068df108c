import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { pino } from 'pino'
import { Webhook } from 'standardwebhooks'
import { Deliveries } from '../../apps/tracker/src/deliver/deliveries.js'
import { announceAlert, clearAlert, openAlert, resolveAlert, silenceAlert } from '../../apps/tracker/src/store/write/alerts.js'
import { NOON, openHouse } from '../support/house.js'
import type { House } from '../support/house.js'
import { openReceiver } from '../support/receiver.js'
import type { Receiver } from '../support/receiver.js'
import { alertRow, idOf, insert } from '../support/seed.js'

const secret = `whsec_${Buffer.from('a secret that nobody guesses').toString('base64')}`
let house: House
let receiver: Receiver
let deliveries: Deliveries

beforeAll(async () => {
  house = await openHouse({ signingSecret: secret })
})
afterAll(() => house.close())
beforeEach(async () => {
  receiver = await openReceiver()
  for (const table of ['alert', 'alert_member', 'alert_delivery']) await house.db.query(`delete from ${table}`)
  house.fold()
  deliveries = deliveriesTo([`${receiver.url}/hook`])
})
afterEach(async () => {
  await deliveries.stop()
  await receiver.close()
})

const deliveriesTo = (webhookUrls: readonly string[]) =>
  new Deliveries({ ...house, settings: { ...house.settings, webhookUrls }, logger: pino({ level: 'silent' }), timeoutMs: 300, random: () => 0 })
const member = (alert: string, row: Record<string, unknown> = {}) =>
  insert(house.db, 'alert_member', [{ alert: idOf(`alert ${alert}`), instance: idOf('instance A'), since: 0, joined_at: 50, silent: false, ...row }])
async function appendedAfter(position: bigint): Promise<unknown[]> {
  const entries: unknown[] = []
  for await (const batch of house.log.read({ from: { position: position + 1n } })) entries.push(...batch.map(({ payload }) => JSON.parse(Buffer.from(payload).toString())))
  return entries
}
const delivery = (row: Record<string, unknown> = {}) => insert(house.db, 'alert_delivery', [{
  id: idOf('delivery'), alert: idOf('alert one'), channel: 'webhook', change: 'opened', payload: {}, status: 'pending', attempts: 0,
  next_attempt_at: '2000-01-01T00:00:00Z', error: null, at: NOON, ...row,
}])
const deliveryRow = async () => (await house.db.query<{ status: string; error: string | null; attempts: number }>('select status, error, attempts from alert_delivery'))[0]

describe('an alert', () => {
  it('opens when somebody joined since it was last resolved, as the next episode', async () => {
    const before = house.log.stats().last
    await insert(house.db, 'alert', [alertRow('one', { status: 'resolved', episode: 3, resolved_at: 49 })])
    await member('one')
    deliveries.start()
    await expect.poll(() => appendedAfter(before)).toMatchObject([{ what: 'alertOpened', alert: idOf('alert one'), episode: 4, kind: 'stuck', model: 'order', element: 'pay' }])
  })

  it.each([
    ['whose members were there before it was resolved', { status: 'resolved', resolved_at: 50 }, {}],
    ['whose members are history that came late', { status: 'quiet' }, { silent: true }],
    ['that is open already', { status: 'open' }, {}],
  ])('%s opens nothing', async (_what, alert, joined) => {
    const before = house.log.stats().last
    await insert(house.db, 'alert', [alertRow('one', alert)])
    await member('one', joined)
    await insert(house.db, 'alert', [alertRow('witness', { status: 'quiet' })])
    await member('witness')
    deliveries.start()
    await expect.poll(() => appendedAfter(before)).toMatchObject([{ what: 'alertOpened', alert: idOf('alert witness'), episode: 2 }])
  })

  it.each(['open', 'acknowledged'])('that is %s clears when its last instance has left', async (status) => {
    const before = house.log.stats().last
    await insert(house.db, 'alert', [alertRow('one', { status, episode: 2 })])
    deliveries.start()
    await expect.poll(() => appendedAfter(before)).toEqual([{ what: 'alertCleared', alert: idOf('alert one'), episode: 2 }])
  })
})

describe('a silenced alert', () => {
  it('is announced when the silence is over and it is still open, and not before', async () => {
    const before = house.log.stats().last
    await insert(house.db, 'alert', [
      alertRow('one', { episode: 2, announced: 1, silenced_until: NOON }), alertRow('later', { episode: 2, announced: 1, silenced_until: NOON + 1 }),
      alertRow('looked after', { episode: 2, announced: 1, silenced_until: NOON, status: 'acknowledged' }),
    ])
    for (const name of ['one', 'later', 'looked after']) await member(name)
    deliveries.start()
    await expect.poll(() => appendedAfter(before)).toEqual([{ what: 'alertAnnounced', alert: idOf('alert one'), episode: 2 }])
  })

  it('tells nobody that it opened or ended; once the silence is over it does', async () => {
    await insert(house.db, 'alert', [alertRow('one', { status: 'quiet', episode: 0 })])
    const alert = idOf('alert one')
    const about = { kind: 'stuck', severity: 'warning', model: 'order', element: 'pay', title: 'Stuck' }
    const changes = async () => (await house.db.query<{ change: string }>('select change from alert_delivery order by at')).map(({ change }) => change)
    const hook = ['webhook']
    await silenceAlert(house.db, alert, NOON + 10, 'ann', NOON)
    await openAlert(house.db, { what: 'alertOpened', alert, episode: 1, ...about }, NOON, hook)
    await clearAlert(house.db, alert, 1, NOON + 1, hook)
    await openAlert(house.db, { what: 'alertOpened', alert, episode: 2, ...about }, NOON + 2, hook)
    await announceAlert(house.db, alert, 2, NOON + 9, hook)
    expect(await changes()).toEqual([])
    await announceAlert(house.db, alert, 2, NOON + 10, hook)
    await announceAlert(house.db, alert, 2, NOON + 11, hook)
    expect(await changes()).toEqual(['opened'])
    await resolveAlert(house.db, alert, 'ann', undefined, NOON + 12, hook)
    expect(await changes()).toEqual(['opened', 'resolved'])
  })
})

describe('news of an alert', () => {
  it('reach the webhook as Alertmanager would send them, signed', async () => {
    await insert(house.db, 'alert', [alertRow('one', { opened_at: NOON })])
    for (const name of ['A', 'B']) await member('one', { instance: idOf(`instance ${name}`) })
    await delivery()
    deliveries.start()
    await expect.poll(deliveryRow).toMatchObject({ status: 'delivered', attempts: 1 })
    const [request] = receiver.received
    const body = new Webhook(secret).verify(request!.body, request!.headers as never)
    expect(body).toMatchObject({
      version: '4', status: 'firing', groupLabels: { alertname: 'stuck', model: 'order', element: 'pay', severity: 'warning' }, commonAnnotations: { instances: '2' },
      alerts: [{ status: 'firing', startsAt: '2026-03-01T12:00:00.000Z', endsAt: '0001-01-01T00:00:00Z', fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/) }],
    })
  })

  it('of its end say resolved', async () => {
    await insert(house.db, 'alert', [alertRow('one', { status: 'resolved', opened_at: NOON - 9_000, resolved_at: NOON })])
    await delivery({ change: 'resolved' })
    deliveries.start()
    await expect.poll(() => receiver.received).toHaveLength(1)
    expect(JSON.parse(receiver.received[0]!.body)).toMatchObject({ status: 'resolved', alerts: [{ endsAt: '2026-03-01T12:00:00.000Z' }] })
  })

  it('are sent again to a receiver that failed, under the same id', async () => {
    receiver.behave(500, 'cut')
    await insert(house.db, 'alert', [alertRow('one')])
    await delivery()
    deliveries.start()
    await expect.poll(deliveryRow, { timeout: 5_000 }).toMatchObject({ status: 'delivered', attempts: 3 })
    expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
  })

  it('are dead where the receiver is gone, where none is set, and when they are a day old', async () => {
    receiver.behave(410)
    await insert(house.db, 'alert', [alertRow('one')])
    await delivery()
    deliveries.start()
    await expect.poll(deliveryRow).toMatchObject({ status: 'dead', error: expect.stringContaining('410') })
    await house.db.query('delete from alert_delivery')
    await delivery({ at: NOON - 86_400_001 })
    await expect.poll(deliveryRow).toMatchObject({ status: 'dead', error: expect.stringContaining('Older than a day') })
    await deliveries.stop()
    await house.db.query('delete from alert_delivery')
    await delivery()
    house.fold()
    deliveries = deliveriesTo([])
    deliveries.start()
    await expect.poll(deliveryRow).toMatchObject({ status: 'dead', error: expect.stringContaining('TIDEMARK_WEBHOOK_URLS') })
  })
})
