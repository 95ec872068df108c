import { ClientProxyFactory, Transport } from '@nestjs/microservices'
import { connect, headers, type NatsConnection } from '@nats-io/transport-node'
import { firstValueFrom } from 'rxjs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startApp, type TestApp } from '../support/app.js'
import { startNats } from '../support/nats.js'
import { skipUnless } from '../support/requires.js'

const nats = await startNats()

describe.skipIf(skipUnless(nats !== undefined, 'a NATS server'))('events over NATS', () => {
  let app: TestApp
  let client: NatsConnection
  const event = (id: string) => ({ specversion: '1.0', id, source: '/nats', type: 'order.placed', data: { n: 1 } })

  beforeAll(async () => {
    app = await startApp({ natsUrl: nats!.url })
    client = await connect({ servers: nats!.url })
  })
  afterAll(async () => {
    await client?.close()
    await app?.stop()
    await nats?.stop()
  })

  /** What stands in the log for what was done, as subject and text. */
  async function appendedBy(action: () => Promise<unknown>) {
    const before = app.log.stats().last
    await action()
    for await (const entries of app.log.read({ from: { position: before + 1n }, follow: true, kinds: ['event'], signal: AbortSignal.timeout(10_000) })) {
      return entries.map(({ subject, payload }) => ({ subject, text: Buffer.from(payload).toString() }))
    }
    throw new Error('nothing was appended')
  }

  test('a request is answered once the event is durable', async () => {
    const answer = await client.request('tidemark.events', JSON.stringify(event('1')))
    expect(answer.json()).toMatchObject({ accepted: 1, duplicates: 0, position: expect.any(String) })
    const again = await client.request('tidemark.events.shop.eu', JSON.stringify([event('1'), event('2')]))
    expect(again.json()).toMatchObject({ accepted: 1, duplicates: 1 })
  })

  test('a published event is taken, structured or in headers', async () => {
    expect(await appendedBy(async () => client.publish('tidemark.events', JSON.stringify(event('3'))))).toEqual([{ subject: 'event.order.placed', text: JSON.stringify(event('3')) }])
    const binary = headers()
    for (const [name, value] of Object.entries({ 'ce-specversion': '1.0', 'ce-id': '4', 'ce-source': '/nats', 'ce-type': 'order.paid', 'Content-Type': 'application/json' })) binary.set(name, value)
    const [entry] = await appendedBy(async () => client.publish('tidemark.events.x', '{"n":1}', { headers: binary }))
    expect(JSON.parse(entry!.text)).toEqual({ specversion: '1.0', id: '4', source: '/nats', type: 'order.paid', datacontenttype: 'application/json', data: { n: 1 } })
  })

  test('a client of Nest emits and sends', async () => {
    const nest = ClientProxyFactory.create({ transport: Transport.NATS, options: { servers: nats!.url } })
    expect(await firstValueFrom(nest.send('tidemark.events', event('5')))).toMatchObject({ accepted: 1 })
    expect(await appendedBy(() => firstValueFrom(nest.emit('tidemark.events', event('6')), { defaultValue: undefined }))).toEqual([{ subject: 'event.order.placed', text: JSON.stringify(event('6')) }])
    await nest.close()
  })

  test('what cannot be read is kept as it came, and a request is told what is wrong', async () => {
    expect(await appendedBy(async () => client.publish('tidemark.events', 'not an event'))).toEqual([{ subject: 'undecodable', text: 'not an event' }])
    const answer = await client.request('tidemark.events', JSON.stringify({ ...event('7'), id: '' }))
    expect(answer.json()).toMatchObject({ status: 400, code: 'invalidEvent', errors: [{ attribute: 'id' }] })
  })

  test('the way in comes back by itself after the server was away', async () => {
    await nats!.kill()
    await nats!.restart()
    const end = Date.now() + 25_000
    for (;;) {
      const answer = await client.request('tidemark.events', JSON.stringify(event('8')), { timeout: 1_000 }).catch(() => undefined)
      if (answer !== undefined) break
      if (Date.now() > end) throw new Error('no answer after the restart')
    }
    expect((await client.request('tidemark.events', JSON.stringify(event('8')))).json()).toMatchObject({ duplicates: 1 })
  })
})
