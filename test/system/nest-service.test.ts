import 'reflect-metadata'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { INestMicroservice } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { EmbeddedLog, type Log, LogError, MemoryLog } from '@tidemark/log'
import { JetStreamLog } from '@tidemark/log/jetstream'
import { type CloudEvent, EventRecord, LogClient, LogServer, type LogServerOptions } from '@tidemark/log/nest'
import { firstValueFrom } from 'rxjs'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { AppModule } from '../../examples/nest-service/src/app.module.js'
import { Ledger } from '../../examples/nest-service/src/ledger.js'
import { startApp } from '../support/app.js'
import { startNats } from '../support/nats.js'
import { skipUnless } from '../support/requires.js'

const nats = await startNats()
afterAll(() => nats?.stop())

const open: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

/** The sample service, following a log. Retries are quick. */
async function serve(log: Log | (() => Promise<Log>), options: Partial<LogServerOptions> = {}, to: Parameters<typeof AppModule.on>[0] = log): Promise<{ app: INestMicroservice; ledger: Ledger; server: LogServer }> {
  const server = new LogServer({ log, consumer: 'invoicing', firstRetryMs: 5, longestRetryMs: 20, ...options })
  const app = await NestFactory.createMicroservice(AppModule.on(to), { strategy: server, logger: false })
  await app.listen()
  open.push(() => app.close())
  return { app, ledger: app.get(Ledger), server }
}

async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 20_000; !(await isSo());) {
    if (Date.now() > end) throw new Error(`waited in vain until ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

async function eventsIn(log: Log): Promise<CloudEvent[]> {
  const events: CloudEvent[] = []
  for await (const entries of log.read({ from: 'earliest', kinds: ['event'] })) events.push(...entries.map(({ payload }) => JSON.parse(Buffer.from(payload).toString()) as CloudEvent))
  return events
}

let streams = 0
const logs: { name: string; isThere: boolean; open: () => Promise<{ log: () => Promise<Log>; stop: () => Promise<void> }> }[] = [
  {
    name: 'the embedded log', isThere: true,
    async open() {
      const dir = await mkdtemp(join(tmpdir(), 'tidemark-nest-'))
      return { log: () => EmbeddedLog.open(dir), stop: () => rm(dir, { recursive: true, force: true }) }
    },
  },
  {
    name: 'JetStream', isThere: nats !== undefined,
    async open() {
      const stream = `NEST${(streams += 1)}`
      return { log: () => JetStreamLog.open({ url: nats!.url, stream, prefix: stream.toLowerCase() }), stop: async () => undefined }
    },
  },
]

describe.each(logs)('a Nest service on $name', ({ name, isThere, open: make }) => {
  const skipped = skipUnless(isThere, `a NATS server (${name})`)

  test.skipIf(skipped)('gets the events of its patterns in order, emits its own, and goes on behind them after a restart', async () => {
    const place = await make()
    open.push(() => place.stop())
    const log = await place.log()
    open.push(() => log.close())
    const shop = new LogClient({ to: log, source: '/shop' })
    await firstValueFrom(shop.emit('order.placed', new EventRecord({ total: 12.5 }, { id: 'p1', subject: 'o-1' })))
    await firstValueFrom(shop.emit('order.paid.twice', { amount: 1 }))
    await firstValueFrom(shop.emit('payment.received', new EventRecord({ amount: 10 }, { subject: 'o-1' })))

    const first = await serve(log)
    await until('the invoice is sent', async () => (await eventsIn(log)).some(({ type }) => type === 'invoice.sent'))
    await Promise.all([1, 2, 3].map((amount) => firstValueFrom(shop.emit('payment.refunded', new EventRecord({ amount }, { subject: 'o-1' })))))
    await until('everything is entered', () => first.ledger.lines.length === 4)
    expect(first.ledger.lines).toEqual(['o-1 payment.received 10', 'o-1 payment.refunded 1', 'o-1 payment.refunded 2', 'o-1 payment.refunded 3'])
    expect((await eventsIn(log)).filter(({ type }) => type === 'invoice.sent')).toMatchObject([{ id: 'invoice-of-p1', source: '/invoicing', subject: 'o-1', data: { total: 12.5 } }])
    await first.app.close()

    const second = await serve(log)
    await firstValueFrom(shop.emit('payment.late', new EventRecord({ amount: 4 }, { subject: 'o-1' })))
    await until('the new one is entered', () => second.ledger.lines.length > 0)
    expect(second.ledger.lines).toEqual(['o-1 payment.late 4'])
    await second.app.close()
  })

  test.skipIf(skipped)('closes a log that it opened, and opens it again after a fault', async () => {
    const place = await make()
    open.push(() => place.stop())
    let opened = 0
    const openLog = async () => {
      opened += 1
      return place.log()
    }
    const { app, server, ledger } = await serve(openLog, {}, { url: 'http://127.0.0.1:1' })
    const complaints: unknown[] = []
    server.on('error', (error) => complaints.push(error))
    await server.unwrap<Log>().close()
    await until('it was opened again', () => opened === 2)
    await until('it answers', () => server.unwrap<Log>().append([{ kind: 'event', subject: 'event.payment.x', payload: Buffer.from('{"specversion":"1.0","id":"1","source":"/","type":"payment.x","subject":"s","data":{"amount":1}}') }]).then(() => true, () => false))
    await until('it is handled', () => ledger.lines.length === 1)
    expect(complaints).toMatchObject([{ code: 'closed' }])
    await app.close()
    await expect(server.unwrap<Log>().append([])).rejects.toMatchObject({ code: 'closed' })
  })
})

const BUILT = fileURLToPath(new URL('../../examples/nest-service/dist/main.js', import.meta.url))
const ORDERS = 400
const KILLS = 4

test.skipIf(skipUnless(nats !== undefined, 'a NATS server'))(`a service that is killed ${KILLS} times answers every order, and each once`, { timeout: 120_000 }, async () => {
  if (!existsSync(BUILT)) throw new Error('the sample service is not built: run "npm run build:server" first')
  const log = await JetStreamLog.open({ url: nats!.url })
  open.push(() => log.close())
  const shop = new LogClient({ to: log, source: '/shop' })
  const answered = async () => (await eventsIn(log)).filter(({ type }) => type === 'invoice.sent').map(({ subject }) => subject!)
  const start = () => spawn(process.execPath, [BUILT, nats!.url], { stdio: 'ignore' })
  const kill = async (service: ChildProcess) => {
    const gone = once(service, 'exit')
    service.kill('SIGKILL')
    await gone
  }
  let service = start()
  open.push(() => kill(service))
  let emitted = 0
  for (let life = 0; life <= KILLS; life += 1) {
    const orders = Array.from({ length: ORDERS / (KILLS + 1) }, () => new EventRecord({ total: 1 }, { id: `p${emitted}`, subject: `o-${(emitted += 1)}` }))
    const before = (await answered()).length
    await Promise.all(orders.map((order) => firstValueFrom(shop.emit('order.placed', order))))
    // In the middle of them, or behind the last.
    await until('some more are answered', async () => (await answered()).length > before)
    if (life === KILLS) break
    await kill(service)
    service = start()
  }
  await until('all are answered', async () => (await answered()).length >= ORDERS)
  expect((await answered()).toSorted()).toEqual(Array.from({ length: ORDERS }, (_, n) => `o-${n + 1}`).toSorted())
})

describe('a handler that fails', () => {
  test('holds up what is behind it until it succeeds, and its position is not passed', async () => {
    const log = new MemoryLog()
    const shop = new LogClient({ to: log, source: '/shop' })
    await firstValueFrom(shop.emit('payment.received', new EventRecord({ amount: 1 }, { subject: 'a' })))
    await firstValueFrom(shop.emit('payment.received', new EventRecord({ amount: -1 }, { subject: 'b' })))
    await firstValueFrom(shop.emit('payment.received', new EventRecord({ amount: 3 }, { subject: 'c' })))
    const { app, ledger, server } = await serve(log)
    let faults = 0
    server.on('error', () => (faults += 1))
    await until('it was tried often', () => faults >= 3)
    expect(ledger.lines).toEqual(['a payment.received 1'])
    await app.close()
    expect(await log.readerPosition('invoicing')).toBe(2n)

    const again = await serve(log)
    again.ledger.enter = (order, what, amount) => void again.ledger.lines.push(`${order} ${what} ${amount}`)
    await until('it goes on', () => again.ledger.lines.length === 2)
    expect(again.ledger.lines).toEqual(['b payment.received -1', 'c payment.received 3'])
    await until('the position is kept', async () => (await log.readerPosition('invoicing')) === 4n)
  })

  test('is given up where somebody keeps the event', async () => {
    const log = new MemoryLog()
    const shop = new LogClient({ to: log, source: '/shop' })
    for (const amount of [-1, 2]) await firstValueFrom(shop.emit('payment.received', new EventRecord({ amount }, { id: `p${amount}`, subject: 'o' })))
    const given: string[] = []
    const { ledger } = await serve(log, { maxAttempts: 3, onGivenUp: async (context) => void given.push(`${context.event.id} after ${context.attempt}`) })
    await until('the next is handled', () => ledger.lines.length === 1)
    expect(given).toEqual(['p-1 after 3'])
  })

  test('and is slow is waited for: no more is read than one batch', async () => {
    const log = new MemoryLog()
    const shop = new LogClient({ to: log, source: '/shop' })
    for (let n = 0; n < 50; n += 1) await firstValueFrom(shop.emit('payment.received', new EventRecord({ amount: n }, { subject: 'o' })))
    let delivered = 0
    const read = log.read.bind(log)
    log.read = (options) => (async function* () {
      for await (const entries of read(options)) {
        delivered += entries.length
        yield entries
      }
    })()
    let isOpen = false
    const { ledger } = await serve(log, { batchSize: 10 })
    const enter = ledger.enter.bind(ledger)
    ledger.enter = (order, what, amount) => {
      if (!isOpen) throw new Error('not yet')
      enter(order, what, amount)
    }
    await until('something was delivered', () => delivered > 0)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(delivered).toBeLessThanOrEqual(10)
    isOpen = true
    await until('all is handled', () => ledger.lines.length >= 40)
  })
})

describe('what a log cannot do is said', () => {
  test('answers', async () => {
    const client = new LogClient({ to: new MemoryLog(), source: '/x' })
    await expect(firstValueFrom(client.send('order.get', {}))).rejects.toMatchObject({ code: 'invalid', message: expect.stringContaining('use emit') })
  })

  test.each([
    ['a type of ours', 'tidemark.approve', {}, /Tidemark's own/], ['no type', '', {}, /event type/], ['an extension in capitals', 'a', new EventRecord({}, { traceParent: 'x' }), /traceParent/],
    ['another source', 'a', new EventRecord({}, { source: '/other' }), /source/], ['an empty id', 'a', new EventRecord({}, { id: '' }), /empty id/],
  ])('%s', async (_what, type, data, message) => {
    await expect(firstValueFrom(new LogClient({ to: new MemoryLog(), source: '/x' }).emit(type, data))).rejects.toThrow(message)
  })

  test('a position of another log', async () => {
    const log = new MemoryLog()
    await log.registerReader('invoicing', 100n)
    const server = new LogServer({ log, consumer: 'invoicing' })
    await expect(new Promise((_resolve, reject) => void server.listen((error) => reject(error)))).rejects.toMatchObject({ code: 'outOfRange', message: expect.stringContaining('another log') })
  })

  test('giving up without saying where to', () => {
    expect(() => new LogServer({ log: new MemoryLog(), consumer: 'x', maxAttempts: 3 })).toThrow(LogError)
  })
})

describe('a client of a tracker', () => {
  test('emits by HTTP, what comes together in one request, and tells which event was refused', async () => {
    const token = 'a token of some length'
    const log = new MemoryLog()
    const tracker = await startApp({ token }, { log })
    open.push(() => tracker.stop())
    const client = new LogClient({ to: { url: tracker.url, token }, source: '/shop' })
    const append = log.append.bind(log)
    let requests = 0
    log.append = (drafts, options) => {
      if (drafts.some(({ kind }) => kind === 'event')) requests += 1
      return append(drafts, options)
    }
    await Promise.all(Array.from({ length: 200 }, (_, n) => firstValueFrom(client.emit('order.placed', new EventRecord({ n }, { subject: `o-${n}` })))))
    expect((await eventsIn(log)).map(({ subject }) => subject)).toEqual(Array.from({ length: 200 }, (_, n) => `o-${n}`))
    expect(requests).toBeLessThan(10)
    const outcomes = await Promise.allSettled(['fine', 'x'.repeat(500), 'fine too'].map((subject) => firstValueFrom(client.emit('order.placed', new EventRecord({}, { subject })))))
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(outcomes[1]).toMatchObject({ reason: { code: 'invalid', message: expect.stringContaining('subject has 500 characters') } })
    const stranger = new LogClient({ to: { url: tracker.url }, source: '/shop' })
    await expect(firstValueFrom(stranger.emit('a', {}))).rejects.toMatchObject({ code: 'invalid', message: expect.stringContaining('401') })
  })

  test('waits while the tracker takes nothing, and gives up in the end', async () => {
    const log = new MemoryLog()
    const tracker = await startApp({}, { log })
    open.push(() => tracker.stop())
    const append = log.append.bind(log)
    let refusals = 2
    log.append = (drafts, options) => (drafts.some(({ kind }) => kind === 'event') && (refusals -= 1) >= 0 ? Promise.reject(new LogError('backpressure', 'full')) : append(drafts, options))
    await firstValueFrom(new LogClient({ to: { url: tracker.url }, source: '/shop' }).emit('a', {}))
    expect(await eventsIn(log)).toHaveLength(1)
    const away = new LogClient({ to: { url: 'http://127.0.0.1:1', giveUpAfterMs: 300 }, source: '/shop' })
    await expect(firstValueFrom(away.emit('a', {}))).rejects.toMatchObject({ code: 'unavailable', retryable: true })
  })
})
