import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { SMOOTH_MIX } from './behaviour.js'
import { DAY_MS } from './clock.js'
import type { CloudEvent } from './event.js'
import { outcomeOf } from './outcome.js'
import type { Shop, ShopOptions } from './shop.js'
import { startShop } from './shop.js'

const SECRET = `whsec_${Buffer.from('a secret of the tests, 32 bytes.').toString('base64')}`
/** A day is 20 ms. */
const FAST = DAY_MS / 20

describe('the shop on real timers', () => {
  const open: (() => Promise<unknown>)[] = []
  let received: CloudEvent[]
  let sinkUrl: string

  beforeEach(async () => {
    received = []
    const server = createServer(async (request, response) => {
      let body = ''
      for await (const chunk of request) body += String(chunk)
      received.push(...JSON.parse(body) as CloudEvent[])
      response.writeHead(202).end('{}')
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    sinkUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    open.push(async () => {
      server.close()
      server.closeAllConnections()
    })
  })
  afterEach(async () => {
    for (const close of open.splice(0).reverse()) await close()
  })

  test('brings orders from the click to the door, and journals what the sink has acknowledged', async () => {
    const shop = await openShop({ ordersPerDay: 5, maxOrders: 10, mix: SMOOTH_MIX })
    await vi.waitFor(() => {
      const ends = shop.journal.orderIds().map((orderId) => outcomeOf(shop.journal, orderId))
      expect(ends.map(({ end }) => end)).toEqual(Array.from({ length: 10 }, () => 'completed'))
      for (const { acknowledged } of ends) expect(acknowledged).toHaveLength(8)
    }, { timeout: 10_000 })
    const acknowledged = shop.journal.orderIds().flatMap((orderId) => outcomeOf(shop.journal, orderId).acknowledged)
    expect(received.map(({ id }) => id).sort()).toEqual(acknowledged.sort())
  })

  test('cancels an order on a signed command, once however often it comes', async () => {
    const shop = await openShop({ mix: { ...SMOOTH_MIX, packingForgotten: 1 } })
    const orderId = shop.placeOrder()
    await vi.waitFor(() => expect(outcomeOf(shop.journal, orderId).acknowledged).toContain(`${orderId}:invoice.issued`))

    const statuses = await Promise.all([1, 2, 3].map(() => send(shop.commandUrls.order, 'c1', 'order.cancel', orderId)))
    expect(statuses).toEqual([202, 202, 202])
    await vi.waitFor(() => expect(outcomeOf(shop.journal, orderId)).toMatchObject({ end: 'cancelled', obeyed: ['c1'] }))
    expect(await send(shop.commandUrls.order, 'c1', 'order.cancel', orderId)).toBe(202)
    expect(await send(shop.commandUrls.order, 'c2', 'order.cancel', orderId)).toBe(202)

    await vi.waitFor(() => expect(received.some(({ type }) => type === 'order.cancelled')).toBe(true))
    expect(received.filter(({ type }) => type === 'order.cancelled').map(({ causationid }) => causationid)).toEqual(['c1'])
    expect(shop.journal.of(orderId).filter(({ did }) => did === 'declined').map(({ commandId }) => commandId)).toEqual(['c2'])
  })

  test('tells the customer on command, and the order goes on', async () => {
    const shop = await openShop({ mix: SMOOTH_MIX })
    const orderId = shop.placeOrder()
    expect(await send(shop.commandUrls.notification, 'n1', 'customer.notifyDelay', orderId)).toBe(202)
    await vi.waitFor(() => expect(outcomeOf(shop.journal, orderId).end).toBe('completed'), { timeout: 5_000 })
    expect(outcomeOf(shop.journal, orderId).steps).toContain('customer.notified')
  })

  test('refuses what is not signed by whom it trusts, and what it cannot do', async () => {
    const shop = await openShop({ mix: SMOOTH_MIX })
    const orderId = shop.placeOrder()
    const { order, notification } = shop.commandUrls
    const foreign = `whsec_${Buffer.from('somebody else').toString('base64')}`

    expect(await send(order, 'c1', 'order.cancel', orderId, { secret: foreign })).toBe(401)
    expect(await send(order, 'c1', 'order.cancel', orderId, { signedAt: new Date(Date.now() - 3_600_000) })).toBe(401)
    expect(await send(order, 'c1', 'order.cancel', orderId, { tampered: true })).toBe(401)
    expect((await fetch(order, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' })).status).toBe(401)
    expect((await fetch(order, { method: 'POST', body: 'orderId=O-1001' })).status).toBe(415)
    expect((await fetch(order)).status).toBe(405)
    expect(await send(order.replace('/order', '/payment'), 'c1', 'order.cancel', orderId)).toBe(404)
    expect(await send(notification, 'c1', 'order.cancel', orderId)).toBe(422)
    expect(await send(order, 'c1', 'order.cancel', undefined)).toBe(422)
    expect(shop.journal.of(orderId).filter(({ did }) => did === 'obeyed' || did === 'declined')).toEqual([])
  })

  test('goes on after its last order when it is opened again, and remembers which commands it has taken', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'shop-'))
    open.push(async () => rmSync(directory, { recursive: true }))
    const journalFile = join(directory, 'journal.jsonl')
    const first = await openShop({ mix: { ...SMOOTH_MIX, paymentSilent: 1 }, journalFile })
    expect([first.placeOrder(), first.placeOrder()]).toEqual(['O-1001', 'O-1002'])
    expect(await send(first.commandUrls.order, 'c1', 'order.cancel', 'O-1001')).toBe(202)
    await vi.waitFor(() => expect(outcomeOf(first.journal, 'O-1001').end).toBe('cancelled'))
    await first.stop()

    const second = await openShop({ mix: { ...SMOOTH_MIX, paymentSilent: 1 }, journalFile })
    expect(second.placeOrder()).toBe('O-1003')
    expect(await send(second.commandUrls.order, 'c1', 'order.cancel', 'O-1001')).toBe(202)
    expect(await send(second.commandUrls.order, 'c2', 'order.cancel', 'O-1002')).toBe(202)
    await vi.waitFor(() => expect(outcomeOf(second.journal, 'O-1002').end).toBe('cancelled'))
    expect(second.journal.of('O-1001').filter(({ commandId, did }) => commandId === 'c1' && did === 'obeyed')).toHaveLength(1)
  })

  async function openShop(options: Partial<ShopOptions>): Promise<Shop> {
    const realMs = Date.now()
    const shop = await startShop({
      sink: { url: sinkUrl }, commands: { secret: SECRET }, ordersPerDay: 0,
      clock: { realMs, domainMs: realMs - 120 * DAY_MS, scale: FAST }, ...options,
    })
    open.push(() => shop.stop())
    return shop
  }
})

/** Returns the status of the answer. */
async function send(url: string, id: string, type: string, orderId: string | undefined, how: {
  readonly secret?: string
  readonly signedAt?: Date
  readonly tampered?: boolean
} = {}): Promise<number> {
  const body = JSON.stringify({ specversion: '1.0', id, source: '/tests', type, data: { orderId, reason: 'test' } })
  const signedAt = how.signedAt ?? new Date()
  const headers = {
    'content-type': 'application/cloudevents+json',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(signedAt.getTime() / 1000)),
    'webhook-signature': new Webhook(how.secret ?? SECRET).sign(id, signedAt, body),
  }
  const response = await fetch(url, { method: 'POST', headers, body: how.tampered ? body.replace('test', 'pest') : body })
  await response.text()
  return response.status
}
