import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { CloudEvent } from 'cloudevents'
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import type { JetStreamManager } from '@nats-io/jetstream'
import { connect, headers, nanos } from '@nats-io/transport-node'
import type { NatsConnection } from '@nats-io/transport-node'
import type { Draft, Entry, Log, ReadOptions } from '@tidemark/log'
import { LogError } from '@tidemark/log'
import { JetStreamLog } from '@tidemark/log/jetstream'
import type { JetStreamLogOptions } from '@tidemark/log/jetstream'
import { startNats } from '../support/nats.js'
import { skipUnless } from '../support/requires.js'

const nats = await startNats()

describe.skipIf(skipUnless(nats !== undefined, 'a NATS server'))('a log in JetStream', () => {
  const opened: Log[] = []
  const connections: NatsConnection[] = []
  let streams = 0

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((log) => log.close()))
    await Promise.all(connections.splice(0).map((connection) => connection.close()))
  })
  afterAll(() => nats?.stop())

  const fresh = () => ({ stream: `S${++streams}`, prefix: `s${streams}` })

  async function open(options: Partial<JetStreamLogOptions>): Promise<JetStreamLog> {
    const log = await JetStreamLog.open({ url: nats!.url, ...options })
    opened.push(log)
    return log
  }

  async function client(): Promise<{ nc: NatsConnection; jsm: JetStreamManager }> {
    const nc = await connect({ servers: nats!.url })
    connections.push(nc)
    return { nc, jsm: await jetstreamManager(nc) }
  }

  describe('takes in what others publish', () => {
    test('CloudEvents in every mode of the NATS binding, and messages that are none, all as events', async () => {
      const log = await open({ ...fresh(), foreignSubjects: ['shop.>'] })
      const { nc } = await client()
      const js = jetstream(nc)
      const event = new CloudEvent({ id: '1', source: '/shop', type: 'order.placed', time: '2026-01-02T03:04:05.678Z', data: { n: 1 } })
      await js.publish('shop.orders', JSON.stringify(event), { headers: headersOf({ 'Content-Type': 'application/cloudevents+json' }) })
      await js.publish('shop.orders', JSON.stringify(event.cloneWith({ id: '2' })))
      const batch = ['3', '4'].map((id) => event.cloneWith({ id }))
      await js.publish('shop.orders', JSON.stringify(batch), { headers: headersOf({ 'content-type': 'application/cloudevents-batch+json' }) })
      const binary = { 'ce-specversion': '1.0', 'ce-id': '5', 'ce-source': '/shop', 'ce-type': 'order.paid', 'ce-note': '%C3%A4', 'Content-Type': 'application/json' }
      await js.publish('shop.orders', '{"n":1.0}', { headers: headersOf(binary) })
      await js.publish('shop.parcels.sent', '{"parcel":7}', { msgID: 'p7' })
      await js.publish('shop.notes', 'left at the door')
      await js.publish('shop.orders', 'broken', { headers: headersOf({ 'Content-Type': 'application/cloudevents+json' }) })
      const entries = await take(log, { from: 'earliest', follow: true, limit: 8 })
      expect(entries.every(({ kind }) => kind === 'event')).toBe(true)
      expect(entries.map(({ subject, key }) => [subject, key])).toEqual([
        ...['1', '2', '3', '4'].map((id) => ['event.order.placed', `/shop\u0000${id}`]), ['event.order.paid', '/shop\u00005'],
        ['event.shop.parcels.sent', `/nats/S${streams}\u0000p7`], ['event.shop.notes', `/nats/S${streams}\u00006`], ['undecodable', ''],
      ])
      expect(entries[0]!.time).toBe(Date.parse('2026-01-02T03:04:05.678Z'))
      expect(text(entries[4]!)).toBe('{"specversion":"1.0","id":"5","source":"/shop","type":"order.paid","note":"ä","datacontenttype":"application/json","data":{"n":1.0}}')
      expect(JSON.parse(text(entries[5]!))).toMatchObject({ id: 'p7', type: 'shop.parcels.sent', data: { parcel: 7 } })
      expect(JSON.parse(text(entries[6]!))).toMatchObject({ type: 'shop.notes', data: 'left at the door' })
      expect(text(entries[7]!)).toBe('broken')
      // A batch that came as one message has one position per event, which look-ups find.
      expect((await log.lookup([entries[3]!.position]))[0]).toEqual(entries[3])
    })

    test('a stream that another team holds, by sourcing it', async () => {
      const { nc, jsm } = await client()
      await jsm.streams.add({ name: 'THEIRS', subjects: ['theirs.>'] })
      await jetstream(nc).publish('theirs.orders', '{"n":1}')
      await expect(open({ ...fresh(), foreignSubjects: ['theirs.orders'] })).rejects.toThrow(/take that stream in as a source/)
      const log = await open({ ...fresh(), sources: ['THEIRS'] })
      const [entry] = await take(log, { from: 'earliest', follow: true, limit: 1 })
      expect(JSON.parse(text(entry!))).toMatchObject({ type: 'theirs.orders', data: { n: 1 } })
    })

    test('more subjects later, without touching what is there', async () => {
      const names = fresh()
      const log = await open(names)
      await log.append([draft('a')])
      const again = await open({ ...names, foreignSubjects: ['later.>'] })
      const { nc } = await client()
      await jetstream(nc).publish('later.x', '1')
      expect(await take(again, { from: 'earliest', follow: true, limit: 2 })).toHaveLength(2)
    })
  })

  describe('refuses a stream', () => {
    test('that is there with another configuration, and names each difference', async () => {
      const names = fresh()
      const { jsm } = await client()
      await jsm.streams.add({ name: names.stream, subjects: [`${names.prefix}.batch`], max_age: nanos(60_000), max_bytes: 1_000_000 })
      const error = await failure(open(names))
      expect(error).toMatchObject({ code: 'invalid' })
      expect(error.message).toContain('max_age is 60 s, must be 0')
      expect(error.message).toContain('discard is old, must be new')
    })

    test('on a server that is not there, in one sentence', async () => {
      expect(await failure(open({ url: 'nats://127.0.0.1:1' }))).toMatchObject({ code: 'unavailable', retryable: true })
    })
  })

  test('packs what comes while a message is on its way, and a single large batch by compressing it', async () => {
    const log = await open(fresh())
    await Promise.all(Array.from({ length: 2_000 }, (_, n) => log.append([draft(`${n}`)])))
    expect(log.stats()).toMatchObject({ entries: 2_000 })
    expect(log.stats().syncs).toBeLessThan(20)
    const large = { ...draft('large'), payload: Buffer.alloc(3_000_000, 'tidemark ') }
    const { last } = await log.append([large])
    expect((await log.lookup([last]))[0]!.payload.byteLength).toBe(3_000_000)
    const noise = Buffer.from(Array.from({ length: 700_000 }, (_, i) => (Math.imul(i, i) ^ (i * 7_919)) % 251))
    for (let i = 1; i < noise.length; i++) noise[i]! ^= (Math.imul(noise[i - 1]! + i, 2_654_435_761) >>> 13) & 255
    expect(await failure(log.append([{ ...draft('noise'), payload: noise }]))).toMatchObject({ code: 'tooLarge' })
    expect((await log.append([draft('after')])).accepted).toBe(1)
  })

  test('refuses what would make more bytes wait than it may, keeps what it took, and goes on when there is room', async () => {
    const log = await open({ ...fresh(), maxPendingBytes: 10_000 })
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, (_, n) => log.append([draft(`${n} ${'x'.repeat(1_000)}`)])))
    const refused = outcomes.filter((it) => it.status === 'rejected')
    expect(refused.length).toBeGreaterThanOrEqual(10)
    for (const { reason } of refused) expect(reason).toMatchObject({ code: 'backpressure', retryable: true })
    expect(log.stats()).toMatchObject({ entries: 20 - refused.length, pendingBytes: 0 })
    await log.append([draft('room again')])
    expect(await take(log, { from: 'earliest' })).toHaveLength(21 - refused.length)
  })

  test('is one log for several processes: each sees what the other appends, and recognises its repetitions', async () => {
    const names = fresh()
    const [one, two] = [await open(names), await open(names)]
    expect(two.identity).toBe(one.identity)
    const { last } = await one.append([draft('a', { key: 'k' })])
    expect((await take(two, { from: 'earliest', follow: true, limit: 1 })).map(text)).toEqual(['a'])
    expect(await two.append([draft('a', { key: 'k' })])).toMatchObject({ duplicates: 1, positions: [last] })
    const outcomes = await Promise.allSettled([one, two].map((log) => log.append([draft('b')], { expectedLast: last })))
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    expect((outcomes.find(({ status }) => status === 'rejected') as PromiseRejectedResult).reason).toMatchObject({ code: 'wrongExpectedPosition' })
    expect(await take(one, { from: 'earliest' })).toHaveLength(2)
  })

  test('stamps the server\'s time, and holds effective times against it', async () => {
    const log = await open(fresh())
    const before = Date.now() - 60_000
    const { appendTime } = await log.append([draft('future', { time: Date.now() + 3_600_000 }), draft('past', { time: 5 })])
    const [future, past] = await take(log, { from: 'earliest' })
    expect(appendTime).toBeGreaterThan(before)
    expect([future!.appendTime, future!.time, past!.appendTime, past!.time]).toEqual([appendTime, appendTime, appendTime, 5])
  })

  describe('says so', () => {
    test('when messages are missing that nobody trimmed, unless gaps are allowed', async () => {
      const names = fresh()
      const log = await open(names)
      for (const name of ['a', 'b', 'c']) await log.append([draft(name)])
      const { jsm } = await client()
      await jsm.streams.deleteMessage(names.stream, 2)
      const again = await open({ ...names, tailCacheBytes: 0 })
      const seen: string[] = []
      const error = await failure((async () => {
        for await (const batch of again.read({ from: 'earliest', batchSize: 1 })) seen.push(...batch.map(text))
      })())
      expect(error).toMatchObject({ code: 'corrupt', position: 2n << 16n })
      expect(error.message).toContain('Messages 2 to 2 are missing')
      expect(seen).toEqual(['a'])
      expect(again.stats().recovered.join()).toContain('Messages 2 to 2 are missing')
      expect((await take(await open({ ...names, skipsGaps: true }), { from: 'earliest' })).map(text)).toEqual(['a', 'c'])
    })

    test('when a batch of ours is damaged', async () => {
      const names = fresh()
      const log = await open(names)
      await log.append([draft('a')])
      const { nc, jsm } = await client()
      const { data } = (await jsm.streams.getMessage(names.stream, { seq: 1 }))!
      for (const [at, byte] of data.entries()) {
        if (at % 7 !== 0 || at < 4) continue
        const damaged = Uint8Array.from(data)
        damaged[at] = byte ^ 1
        await jetstream(nc).publish(`${names.prefix}.batch`, damaged)
      }
      const { last } = await log.append([draft('b')])
      const error = await failure(take(log, { from: 'earliest' }))
      expect(error).toMatchObject({ code: 'corrupt', position: 2n << 16n })
      expect((await take(log, { from: { position: last } })).map(text)).toEqual(['b'])
    })

    test('when the stream was deleted, or lost its end, while it was in use', async () => {
      const names = fresh()
      const log = await open({ ...names, answerWithinMs: 20_000 })
      await log.append([draft('a'), draft('b')])
      const following = failure(take(log, { from: 'latest', follow: true }))
      const { jsm } = await client()
      await jsm.streams.delete(names.stream)
      await jsm.streams.add({ name: names.stream, subjects: [`${names.prefix}.batch`] })
      const error = await failure(log.append([draft('c')]))
      expect(error).toMatchObject({ code: 'poisoned' })
      expect(await following).toMatchObject({ code: 'poisoned' })
      expect(await failure(log.append([draft('d')]))).toMatchObject({ code: 'poisoned' })
    })
  })

  test('stops when the server came back without what it had acknowledged, instead of passing over what takes its place', async () => {
    const log = await open(fresh())
    await log.append([draft('a')])
    await nats!.kill()
    const copy = await mkdtemp(join(tmpdir(), 'tidemark-nats-copy-'))
    await cp(nats!.dir, copy, { recursive: true })
    await nats!.restart()
    for (const name of ['b', 'c']) await log.append([draft(name)])
    const following = failure(take(log, { from: 'latest', follow: true }))
    await nats!.kill()
    await rm(nats!.dir, { recursive: true })
    await cp(copy, nats!.dir, { recursive: true })
    await nats!.restart()
    const error = await following
    expect(error).toMatchObject({ code: 'poisoned', position: 2n << 16n })
    expect(error.message).toContain('it goes to message 1, and had acknowledged 3')
    expect(await failure(log.append([draft('d')]))).toMatchObject({ code: 'poisoned' })
    await rm(copy, { recursive: true })
  }, 60_000)

  test('server killed and restarted, again and again, under load: what was acknowledged is there once, in the order of its writer, and followed', async () => {
    const log = await open({ ...fresh(), answerWithinMs: 60_000 })
    const acknowledged: string[] = []
    const following: string[] = []
    const stop = new AbortController()
    const follower = (async () => {
      for await (const batch of log.read({ from: 'earliest', follow: true, signal: stop.signal })) following.push(...batch.map(text))
    })()
    const enough = new AbortController()
    const writers = Array.from({ length: 4 }, async (_, writer) => {
      for (let n = 0; !enough.signal.aborted; n++) {
        await log.append([draft(`${writer}.${n}`, { key: `${writer}.${n}` })])
        acknowledged.push(`${writer}.${n}`)
      }
    })
    for (let round = 0; round < 3; round++) {
      const before = acknowledged.length
      await until(() => acknowledged.length > before + 200)
      await nats!.kill()
      await nats!.restart()
    }
    const before = acknowledged.length
    await until(() => acknowledged.length > before + 50)
    enough.abort()
    await Promise.all(writers)
    const stored = (await take(log, { from: 'earliest' })).map(text)
    expect(new Set(stored).size).toBe(stored.length)
    expect(stored.toSorted()).toEqual(acknowledged.toSorted())
    for (const writer of [0, 1, 2, 3]) {
      const own = stored.filter((name) => name.startsWith(`${writer}.`)).map((name) => Number(name.slice(2)))
      expect(own).toEqual(own.map((_, n) => n))
    }
    await until(() => following.length >= stored.length)
    stop.abort()
    await follower
    expect(following).toEqual(stored)
  }, 120_000)

  test('while the server is away an append is refused in time, to be tried again, and is kept once', async () => {
    const log = await open({ ...fresh(), answerWithinMs: 500 })
    await log.append([draft('a')])
    await nats!.kill()
    const refused = await failure(log.append([draft('b', { key: 'b' })]))
    expect(refused).toMatchObject({ code: 'unavailable', retryable: true })
    await nats!.restart()
    await until(async () => log.append([draft('b', { key: 'b' })]).then(() => true, () => false))
    expect((await take(log, { from: 'earliest' })).map(text)).toEqual(['a', 'b'])
  }, 60_000)
})

function draft(payload: string, more: Partial<Draft> = {}): Draft {
  return { kind: 'event', subject: 'event.x', payload: Buffer.from(payload), ...more }
}

function text({ payload }: Entry): string {
  return Buffer.from(payload).toString()
}

async function take(log: Log, options: ReadOptions): Promise<Entry[]> {
  const entries: Entry[] = []
  for await (const batch of log.read(options)) entries.push(...batch)
  return entries
}

function headersOf(values: Record<string, string>) {
  const all = headers()
  for (const [name, value] of Object.entries(values)) all.set(name, value)
  return all
}

async function failure(outcome: Promise<unknown>): Promise<LogError> {
  const error = await outcome.then(() => undefined, (reason: unknown) => reason)
  expect(error).toBeInstanceOf(LogError)
  return error as LogError
}

/** Until a fact holds; vitest's time limit ends it. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 10))
}
