import { Webhook } from 'standardwebhooks'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { pino } from 'pino'
import { Deliveries } from '../../apps/tracker/src/deliver/deliveries.js'
import type { SettlementEntry } from '../../apps/tracker/src/store/entries.js'
import { NOON, openHouse } from '../support/house.js'
import type { House } from '../support/house.js'
import { openReceiver } from '../support/receiver.js'
import type { Behaviour, Receiver } from '../support/receiver.js'
import { commandRow, idOf, insert } from '../support/seed.js'

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
  await house.db.query('delete from command')
  house.fold()
  // No jitter: a retry comes at once, so that no test waits for chance.
  deliveries = new Deliveries({
    ...house, settings: { ...house.settings, commandUrls: { order: `${receiver.url}/commands` } }, logger: pino({ level: 'silent' }), timeoutMs: 300, random: () => 0,
  })
})
afterEach(async () => {
  await deliveries.stop()
  await receiver.close()
})

const statusOf = async (name: string) =>
  (await house.db.query<{ status: string; error: string | null; attempts: number }>('select status, error, attempts from command where id = $1::uuid', [idOf(`command ${name}`)]))[0]
/** Settlements appended since a position. */
async function settlementsAfter(position: bigint): Promise<SettlementEntry[]> {
  const entries: SettlementEntry[] = []
  for await (const batch of house.log.read({ from: { position: position + 1n } })) {
    for (const entry of batch) if (entry.kind === 'settlement') entries.push(JSON.parse(Buffer.from(entry.payload).toString()) as SettlementEntry)
  }
  return entries
}

describe('a scheduled command', () => {
  it('is appended as left once its moment has come, and not before', async () => {
    const before = house.log.stats().last
    await insert(house.db, 'command', [
      commandRow('due', { status: 'scheduled', leaves_at: NOON, decided_at: NOON - 5 }),
      commandRow('later', { status: 'scheduled', leaves_at: NOON + 1, instance: idOf('instance B') }),
    ])
    deliveries.start()
    await expect.poll(() => settlementsAfter(before)).toHaveLength(1)
    expect(await settlementsAfter(before)).toMatchObject([{
      what: 'commandLeft', command: idOf('command due'), model: 'order', key: 'A', element: 'ship', cause: 'c1',
      event: { specversion: '1.0', id: idOf('command due'), source: '/tidemark', type: 'order.cancel', subject: 'A', correlationid: 'A', data: { orderId: 'A' } },
    }])
    const [left] = await house.log.lookup([before + 1n])
    expect(left?.subject).toBe('command.order.order.cancel')
  })

  it('waits for those of its instance that were decided before', async () => {
    const before = house.log.stats().last
    await insert(house.db, 'command', [
      commandRow('second', { status: 'scheduled', leaves_at: NOON - 10, decided_at: 2 }), commandRow('first', { status: 'scheduled', leaves_at: NOON, decided_at: 1 }),
    ])
    deliveries.start()
    await expect.poll(() => settlementsAfter(before)).toMatchObject([{ command: idOf('command first') }])
  })
})

describe('a command that left', () => {
  const sending = (row: Record<string, unknown> = {}) => insert(house.db, 'command', [commandRow('sent', { status: 'sending', ...row })])

  it('reaches its service as a signed CloudEvent under its own id, and its delivery is appended', async () => {
    const before = house.log.stats().last
    await sending()
    deliveries.start()
    await expect.poll(() => settlementsAfter(before)).toEqual([
      { what: 'commandSettled', command: idOf('command sent'), model: 'order', key: 'A', outcome: 'delivered', attempts: 1 },
    ])
    const [request] = receiver.received
    expect(request).toMatchObject({ path: '/commands', headers: { 'content-type': 'application/cloudevents+json; charset=utf-8', 'webhook-id': idOf('command sent') } })
    expect(new Webhook(secret).verify(request!.body, request!.headers as never)).toMatchObject({ type: 'order.cancel', id: idOf('command sent') })
  })

  const mishaps: readonly (readonly [string, Behaviour, RegExp])[] = [
    ['an answer of 500', 500, /answered 500/],
    ['no answer', 'hang', /No answer within/],
    ['a connection that is cut after reading', 'cut', /cannot be reached/],
    ['a redirect', { status: 302, headers: { location: 'http://127.0.0.1:1/' } }, /redirects are not followed/],
  ]
  it.each(mishaps)('is sent again after %s, with the same id and body', async (_what, behaviour, error) => {
    const before = house.log.stats().last
    receiver.behave(behaviour)
    await sending()
    deliveries.start()
    await expect.poll(async () => (await statusOf('sent'))?.error ?? '').toMatch(error)
    await expect.poll(() => settlementsAfter(before), { timeout: 5_000 }).toMatchObject([{ outcome: 'delivered', attempts: 2 }])
    const [first, second] = receiver.received
    expect([second?.body, second?.headers['webhook-id']]).toEqual([first?.body, first?.headers['webhook-id']])
  })

  it('is dead at once when the service answers 410', async () => {
    const before = house.log.stats().last
    receiver.behave(410)
    await sending()
    deliveries.start()
    await expect.poll(() => settlementsAfter(before)).toMatchObject([{ outcome: 'dead', error: expect.stringContaining('410') }])
  })

  it.each([[429, '7'], [503, '7']])('waits as long as the service asks with %s', async (status, seconds) => {
    receiver.behave({ status, headers: { 'retry-after': seconds } })
    await sending()
    deliveries.start()
    await expect.poll(async () => (await statusOf('sent'))?.status).toBe('failed')
    const [row] = await house.db.query<{ wait: number }>('select extract(epoch from next_attempt_at - now())::float8 as wait from command')
    expect(row!.wait).toBeGreaterThan(4)
    expect(receiver.received).toHaveLength(1)
  })

  it('is dead after a day of attempts', async () => {
    const before = house.log.stats().last
    receiver.behave(500)
    await sending({ attempts: 57 })
    deliveries.start()
    await expect.poll(() => settlementsAfter(before)).toMatchObject([{ outcome: 'dead', attempts: 58, error: expect.stringContaining('Given up after 58 attempts') }])
  })

  it('is dead at once when no address is set for its service, and says which setting', async () => {
    const before = house.log.stats().last
    await sending({ target: 'warehouse' })
    deliveries.start()
    await expect.poll(() => settlementsAfter(before)).toMatchObject([
      { outcome: 'dead', error: 'No address for service warehouse: set TIDEMARK_COMMAND_URLS.' },
    ])
  })

  it('is held back from a second sending until its settlement is folded', async () => {
    const before = house.log.stats().last
    await sending()
    deliveries.start()
    await expect.poll(() => settlementsAfter(before)).toHaveLength(1)
    const heldHours = async () => (await house.db.query<{ hours: number }>(`select extract(epoch from next_attempt_at - now())::float8 / 3600 as hours from command`))[0]!.hours
    await expect.poll(heldHours).toBeGreaterThan(23)
  })

  it('that is being sent when the service stops is waited for, not left half sent', async () => {
    receiver.behave('hang')
    await sending()
    deliveries.start()
    await expect.poll(() => receiver.received).toHaveLength(1)
    await deliveries.stop()
    expect(await statusOf('sent')).toMatchObject({ status: 'failed', attempts: 1 })
  })
})
