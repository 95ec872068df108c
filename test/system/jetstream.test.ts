/** The tracker with its log in JetStream and its tables in Postgres, as on more than one machine. */
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Settings } from '../../apps/tracker/src/config.js'
import { startApp, type TestApp } from '../support/app.js'
import { startNats } from '../support/nats.js'
import { startPostgres, type PostgresServer } from '../support/postgres.js'
import { skipUnless } from '../support/requires.js'
import { BY_ORDER, cloudEvent, xmlOf } from '../support/small-process.js'
import { TrackerApi } from '../support/tracker-api.js'

const nats = await startNats()
const postgres = nats === undefined ? undefined : await startPostgres()
const STEPS = ['placed', 'dispatched', 'delivered']
const TIMEOUT_MS = 120_000

describe.skipIf(skipUnless(nats !== undefined && postgres !== undefined, 'a NATS server and a Postgres server'))('a tracker on JetStream and Postgres', () => {
  let app: TestApp
  let api: TrackerApi
  const settings = (): Partial<Settings> => ({
    databaseUrl: (postgres as PostgresServer).url, natsUrl: nats!.url,
    jetstream: { url: nats!.url, stream: 'TIDEMARK', subjects: ['shop.>'], sources: [], skipsGaps: false },
  })
  const start = async (): Promise<void> => {
    app = await startApp(settings())
    api = new TrackerApi(app.url)
  }
  const eventsOf = (order: string): object[] => STEPS.map((type) => cloudEvent({ type, data: { order } }))
  const completed = async (): Promise<number> => (await api.instances('status=completed')).filter(({ deviations }) => deviations === 0).length

  beforeAll(start, TIMEOUT_MS)
  afterAll(async () => {
    await app?.stop()
    await postgres?.stop()
    await nats?.stop()
  })

  test('follows what comes over HTTP, and what services publish on subjects of their own', async () => {
    await api.deploy(xmlOf({ id: 'parcels', steps: STEPS }), BY_ORDER)
    await api.send(eventsOf('http'))
    const client = await connect({ servers: nats!.url })
    for (const event of eventsOf('nats')) await jetstream(client).publish('shop.parcels', JSON.stringify(event))
    await client.close()
    await api.until('both orders are done', async () => (await completed()) === 2)
    const { embedded, lagEntries } = await api.status()
    expect([embedded.log, lagEntries]).toEqual([false, 0])
  }, TIMEOUT_MS)

  test('follows messages that are no CloudEvents, as `nats publish` sends them', async () => {
    const steps = ['shop.payment.asked', 'shop.payment.received']
    await api.deploy(xmlOf({ id: 'payments', steps }), BY_ORDER)
    const client = await connect({ servers: nats!.url })
    for (const subject of steps) client.publish(subject, '{"order":"order-42"}')
    await client.flush()
    await client.close()
    await api.until('the payment is done', async () => (await api.instances('model=payments&status=completed&key=order-42')).length === 1)
    const [payment] = await api.instances('model=payments')
    expect((await api.instance(payment!.id)).events.map(({ type, id: number }) => [type, Number(number) > 0])).toEqual(steps.map((type) => [type, true]))
  }, TIMEOUT_MS)

  test('goes on where it was after a restart', async () => {
    await api.send(eventsOf('half').slice(0, 1))
    await api.settled()
    await app.stop()
    await start()
    await api.send(eventsOf('half').slice(1))
    await api.settled()
    expect(await completed()).toBe(4)
  }, TIMEOUT_MS)

  test('loses nothing that was acknowledged when the NATS server is killed and started again, and counts it once', async () => {
    const orders = Array.from({ length: 120 }, (_, n) => `k${n}`)
    let sent = 0
    const sending = Promise.all([0, 1, 2].map(async (writer) => {
      for (const order of orders.filter((_, n) => n % 3 === writer)) {
        // As a service's outbox would: the same events again until they are taken.
        const events = eventsOf(order)
        await api.until(`${order} is taken`, () => api.send(events).then(() => true, (error: { status: number }) => {
          if (error.status !== 503) throw error
          return false
        }))
        sent += 1
      }
    }))
    for (const share of [0.25, 0.5, 0.75]) {
      await api.until('some are sent', async () => sent >= orders.length * share)
      await nats!.kill()
      await nats!.restart()
    }
    await sending
    await api.settled()
    expect(await completed()).toBe(4 + orders.length)
    expect((await api.instances('')).length).toBe(4 + orders.length)
  }, TIMEOUT_MS)

  test('does not start on a stream that was made anew: its database belongs to the one that is gone', async () => {
    await app.stop()
    const client = await connect({ servers: nats!.url })
    await (await jetstreamManager(client)).streams.delete('TIDEMARK')
    await client.close()
    await expect(start()).rejects.toMatchObject({ code: 'logMismatch' })
  }, TIMEOUT_MS)
})
