import { MemoryLog } from '@tidemark/log'
import { JetStreamLog } from '@tidemark/log/jetstream'
import { describe, expect, test } from 'vitest'
import { storedPosition } from '../../apps/tracker/src/ingest/outbox/position.js'
import { startNats } from '../support/nats.js'
import { db, follow, given, insert, open, postgres, reconnect, standOnOutbox, taken, takes, until, WITH_TRANSACTION, writeLarge } from '../support/outbox-ground.js'
import { examplesOf } from '../support/page-examples.js'
import { skipUnless } from '../support/requires.js'

const nats = await startNats()

describe.skipIf(skipUnless(postgres !== undefined, 'a Postgres server'))('an outbox', () => {
  standOnOutbox()

  describe('becomes events', () => {
    test('where it is for this process to read it, and goes on where the one before was', async () => {
      await db.query(WITH_TRANSACTION)
      follow()
      await insert(db, 1)
      await takes(1)
      let looks = 0
      given.leads = () => (looks++, false)
      const looked = () => until('it has looked whether it leads', () => looks, (count) => count > 2)
      await looked()
      looks = 0
      await insert(db, 2)
      await looked()
      expect(await taken()).toHaveLength(1)
      given.leads = () => true
      await takes(2)
      expect((await taken()).map(({ data }) => data)).toEqual([{ n: 1 }, { n: 2 }])
    })

    test('as its page says, for a user who may do no more than read', async () => {
      const [table, insertion] = examplesOf('how-to/poll-an-outbox.md', 'sql')
      // The servers of the tests have a superuser of that name.
      await db.query(table!.replaceAll('tidemark', 'reader'))
      open.push(() => db.query('drop owned by reader; drop role reader'))
      await db.query(insertion!)
      const url = new URL(postgres!.url)
      url.username = 'reader'
      url.password = '...'
      follow({ url: url.href })
      expect(await takes(1)).toMatchObject([{ source: '/shop/order', subject: 'order-42', type: 'order.placed', data: { total: 12.5 }, time: expect.any(String) }])
    })

    test('with what its columns say, JSON to the letter', async () => {
      await db.query(`${WITH_TRANSACTION}; alter table outbox add column created_at timestamptz, add column tracingspancontext text`)
      const id = '0b7c9f6e-1d0c-4a68-9d2b-0d5b4c3a2f10'
      const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
      await db.query(
        `insert into outbox (id, aggregatetype, aggregateid, type, payload, created_at, tracingspancontext)
         values ($1, 'customer order', 'o-1', 'order.placed', '{"big": 12345678901234567890, "who": "Łukasz"}', '2026-03-01T13:00:00.123456+01:00', $2)`,
        [id, `#Java\ntraceparent=${traceparent}\n`],
      )
      follow()
      await takes(1)
      const [entry] = await given.log.lookup([1n])
      const text = Buffer.from(entry!.payload).toString()
      expect(text).toContain('12345678901234567890')
      expect(JSON.parse(text)).toMatchObject({
        specversion: '1.0', id, source: '/shop/customer%20order', type: 'order.placed', subject: 'o-1', time: '2026-03-01T12:00:00.123456Z', traceparent,
        datacontenttype: 'application/json', data: { who: 'Łukasz' },
      })
      expect(entry!.time).toBe(Date.UTC(2026, 2, 1, 12, 0, 0, 123))
    })

    test('under other names, with text or bytes, and with the time of the commit where no column has one', async () => {
      await db.query('create table outbox (seq bigserial, event_id text, kind text, body text, bytes bytea)')
      await db.query(`insert into outbox (event_id, kind, body) values ('1', 'a', '{"n":1}'), ('2', 'b', 'plain'), ('3', 'c', '12')`)
      follow({ columns: { id: 'event_id', type: 'kind', payload: 'body', order: 'seq' } })
      const [json, text, number] = await takes(3)
      expect(json).toMatchObject({ source: '/shop', data: { n: 1 }, time: expect.stringMatching(/^20\d\d-.*Z$/) })
      expect([text?.data, number?.data]).toEqual(['plain', '12'])
      await db.query(`insert into outbox (event_id, kind, bytes) values ('4', 'd', '\\x00ff')`)
      await open.pop()?.()
      given.log = new MemoryLog()
      follow({ columns: { id: 'event_id', type: 'kind', payload: 'bytes', order: 'seq' } })
      expect((await takes(4))[3]).toMatchObject({ id: '4', data_base64: 'AP8=' })
    })

    test('or is kept in quarantine where it cannot, and goes on', async () => {
      await db.query('create table outbox (n serial, id text, type text, payload text, tx xid8 default pg_current_xact_id())')
      await db.query(`insert into outbox (id, type, payload) values ('', 'a', '1'), ('2', 'tidemark.approve', '2'), ('3', 'a', repeat('x', 1100000)), ('4', 'good', '4')`)
      follow()
      await until('the good one is there', taken, (events) => events.some(({ id }) => id === '4'))
      const subjects: string[] = []
      for await (const entries of given.log.read({ from: 'earliest', kinds: ['event'] })) subjects.push(...entries.map(({ subject }) => subject))
      expect(subjects).toEqual(['undecodable', 'undecodable', 'undecodable', 'event.good'])
      expect(await taken()).toMatchObject([{ refused: expect.stringContaining('id must not be empty') }, { refused: expect.stringContaining("Tidemark's own") }, { refused: expect.stringMatching(/1100000 bytes/) }, {}])
    })
  })

  test('is held to the policy: what a rule drops is read over, what its schema forbids is quarantined', async () => {
    const { Policy } = await import('../../apps/tracker/src/policy/policy.js')
    const { compileSchema } = await import('../../apps/tracker/src/policy/event-schema.js')
    const rule = { name: 'no pings', type: 'ping', source: '*', drops: true, masks: [], opaque: 'remove' } as const
    const schema = { type: 'order.placed', onFault: 'reject', source: {}, check: compileSchema({ type: 'object', required: ['total'] }) } as const
    given.policy = new Policy([schema], [rule], (text) => text)
    await db.query(WITH_TRANSACTION)
    for (const type of ['ping', 'ping', 'order.placed', 'ping', 'order.paid', 'ping']) await insert(db, 1, type)
    follow()
    await until('what is behind the dropped ones is there', taken, (events) => events.some(({ type }) => type === 'order.paid'))
    expect(await taken()).toMatchObject([{ refused: expect.stringContaining('total'), from: 'outbox shop', characters: expect.any(Number) }, { type: 'order.paid' }])
    // Read over for good: the position stands behind the last of them.
    const { rows: [last] } = await db.query<{ xmax: string }>('select max(tx)::text as xmax from outbox')
    await until('the last one is read over', () => storedPosition(given.log, 'shop'), (position) => position?.read.split(':')[1] === String(BigInt(last!.xmax) + 1n))
  })

  test('is read no faster than following allows', async () => {
    let mayGoOn = () => undefined as void
    let asked = 0
    given.pace = () => {
      asked += 1
      return asked < 3 ? Promise.resolve() : new Promise((resolve) => (mayGoOn = resolve))
    }
    await db.query(WITH_TRANSACTION)
    await writeLarge(postgres!.url)
    follow()
    await until('it is held', () => asked, (times) => times === 3)
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect((await taken()).length).toBeLessThanOrEqual(400)
    given.pace = async () => undefined
    mayGoOn()
    await takes(3_000)
  })

  test.skipIf(skipUnless(nats !== undefined, 'a NATS server'))('has its position in a log of JetStream as well', async () => {
    open.push(() => nats!.stop())
    const openLog = () => JetStreamLog.open({ url: nats!.url })
    given.log = await openLog()
    await db.query(WITH_TRANSACTION)
    for (let life = 0; life < 3; life += 1) {
      const outbox = follow()
      await insert(db, `${life}a`)
      await insert(db, `${life}b`)
      await takes(2 * life + 2)
      await outbox.stop()
      await given.log.close()
      given.log = await openLog()
    }
    expect((await taken()).map(({ subject }) => subject)).toEqual(['0a', '0b', '1a', '1b', '2a', '2b'])
    await given.log.close()
  })

  test('takes a transaction that is larger than an append, and one position behind it', async () => {
    await db.query(WITH_TRANSACTION)
    await db.query(`insert into outbox (aggregatetype, aggregateid, type, payload) select 'order', n::text, 'order.placed', to_jsonb(repeat('x', 200)) from generate_series(1, 4000) n`)
    await insert(db, 'after')
    follow()
    const events = await takes(4_001)
    expect(events.map(({ subject }) => subject)).toEqual([...Array.from({ length: 4_000 }, (_, n) => String(n + 1)), 'after'])
    const positions: unknown[] = []
    for await (const entries of given.log.read({ from: 'earliest', kinds: ['settlement'] })) positions.push(...entries)
    expect(positions.length).toBeGreaterThan(0)
    expect(positions.length).toBeLessThan(4)
  })

  describe('that cannot be read', () => {
    test('says what is missing, and goes on when it is there', async () => {
      follow()
      const failing = () => given.waysIn.list()[0]?.error
      expect(await until('it complains', failing, (error) => error !== undefined)).toContain('there is no table outbox')
      await db.query('create table outbox (id text, payload text)')
      expect(await until('it complains otherwise', failing, (error) => error?.includes('no column') === true)).toMatch(/no column for type: name it in TIDEMARK_OUTBOX_COLUMNS; its columns are id, payload/)
      await db.query('drop table outbox')
      await db.query(WITH_TRANSACTION)
      await insert(db, 1)
      await takes(1)
      await until('it is well', failing, (error) => error === undefined)
      expect(given.waysIn.list()).toMatchObject([{ name: 'outbox shop', events: 1, lastAt: expect.any(Number) }])
    })

    test('because its database is an older one is not read anew in silence', async () => {
      const { positionDraft } = await import('../../apps/tracker/src/ingest/outbox/position.js')
      await db.query(WITH_TRANSACTION)
      await insert(db, 1)
      await given.log.append([positionDraft('shop', { read: '900000000:900000000:' })])
      follow()
      expect(await until('it complains', () => given.waysIn.list()[0]?.error, (error) => error !== undefined)).toMatch(/another one, or was restored/)
      expect(await taken()).toEqual([])
    })

    test('never tells the password of its URL', async () => {
      const url = new URL(postgres!.url)
      url.password = 'hunter2'
      url.port = '1'
      follow({ url: url.href })
      const error = await until('it complains', () => given.waysIn.list()[0]?.error, (said) => said !== undefined)
      expect(error).toMatch(/127\.0\.0\.1:1\/postgres does not answer/)
      expect(error).not.toContain('hunter2')
    })
  })

  test('survives the database being killed', async () => {
    await db.query(WITH_TRANSACTION)
    await insert(db, 1)
    follow()
    await takes(1)
    await postgres!.kill()
    await until('it complains', () => given.waysIn.list()[0]?.error, (error) => error !== undefined)
    await postgres!.restart()
    await reconnect()
    await insert(db, 2)
    expect((await takes(2)).map(({ subject }) => subject)).toEqual(['1', '2'])
  })
})
