import { type Log, MemoryLog } from '@tidemark/log'
import { JetStreamLog } from '@tidemark/log/jetstream'
import pg from 'pg'
import pino from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { OutboxSettings } from '../../apps/tracker/src/config.js'
import { systemClock } from '../../apps/tracker/src/clock.js'
import { Intake } from '../../apps/tracker/src/ingest/intake.js'
import { Outbox } from '../../apps/tracker/src/ingest/outbox/outbox.js'
import { storedPosition } from '../../apps/tracker/src/ingest/outbox/position.js'
import { readPolicy } from '../../apps/tracker/src/policy/read-policy.js'
import { WaysIn } from '../../apps/tracker/src/store/ways-in.js'
import { Random } from '../../libs/log/src/testing/random.js'
import { startNats } from '../support/nats.js'
import { examplesOf } from '../support/page-examples.js'
import { startPostgres } from '../support/postgres.js'
import { skipUnless } from '../support/requires.js'

const postgres = await startPostgres(['track_commit_timestamp=on'])
const nats = await startNats()
const keepsCommitTimes = postgres !== undefined && (await setting('track_commit_timestamp')) === 'on'

async function setting(name: string): Promise<string> {
  const client = new pg.Client({ connectionString: postgres!.url })
  await client.connect()
  const { rows } = await client.query<{ value: string }>('select current_setting($1) as value', [name])
  await client.end()
  return rows[0]!.value
}

/** As Debezium documents it, and with what makes reading it cheap and exact. */
const PLAIN = 'create table outbox (id uuid primary key default gen_random_uuid(), aggregatetype text not null, aggregateid text not null, type text not null, payload jsonb)'
const WITH_TRANSACTION = `${PLAIN}; alter table outbox add column tx xid8 not null default pg_current_xact_id(), add column sequence bigserial; create index on outbox (tx)`

/** Appends that fail while many write: half of them after they were kept. */
const FAULTS = 8

describe.skipIf(skipUnless(postgres !== undefined, 'a Postgres server'))('an outbox', () => {
  let db: pg.Client
  let log: Log
  let waysIn: WaysIn
  let pace: () => Promise<void>
  let leads: () => boolean
  let policy = readPolicy(undefined, undefined)
  const open: (() => Promise<unknown>)[] = []

  beforeAll(async () => {
    db = await connect()
  })
  beforeEach(() => {
    log = new MemoryLog()
    waysIn = new WaysIn()
    pace = async () => undefined
    leads = () => true
    policy = readPolicy(undefined, undefined)
  })
  afterEach(async () => {
    for (const close of open.splice(0).reverse()) await close()
    await db.query('drop table if exists outbox cascade')
  })
  afterAll(async () => {
    await db?.end()
    await postgres?.stop()
  })

  async function connect(url = postgres!.url): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: url })
    client.on('error', () => undefined)
    await client.connect()
    return client
  }

  function follow(settings: Partial<OutboxSettings> = {}): Outbox {
    const outbox = new Outbox({ name: 'shop', url: postgres!.url, table: 'outbox', columns: {}, pollMs: 20, ...settings }, { log, intake: new Intake(log, policy), clock: systemClock(), waysIn, pace: () => pace(), leads: () => leads(), logger: pino({ level: 'silent' }) })
    open.push(() => outbox.stop())
    outbox.start()
    return outbox
  }

  /** The events of the log, in its order. */
  async function taken(): Promise<{ id: string; type: string; subject?: string; data?: unknown; [attribute: string]: unknown }[]> {
    const events = []
    for await (const entries of log.read({ from: 'earliest', kinds: ['event'] })) for (const { payload } of entries) events.push(JSON.parse(Buffer.from(payload).toString()))
    return events
  }

  async function until<T>(what: string, look: () => Promise<T> | T, isSo: (found: T) => boolean): Promise<T> {
    for (const end = Date.now() + 20_000; ;) {
      const found = await look()
      if (isSo(found)) return found
      if (Date.now() > end) throw new Error(`waited in vain until ${what}: ${JSON.stringify(found)?.slice(0, 1_000)}; ${JSON.stringify(waysIn.list())}`)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
  const takes = (count: number) => until(`${count} events are there`, taken, (events) => events.length >= count)
  const insert = (client: pg.Client, id: number | string, type = 'order.placed') =>
    client.query('insert into outbox (aggregatetype, aggregateid, type, payload) values ($1, $2, $3, $4)', ['order', String(id), type, JSON.stringify({ n: id })])

  describe('becomes events', () => {
    test('where it is for this process to read it, and goes on where the one before was', async () => {
      await db.query(WITH_TRANSACTION)
      follow()
      await insert(db, 1)
      await takes(1)
      let looks = 0
      leads = () => (looks++, false)
      const looked = () => until('it has looked whether it leads', () => looks, (count) => count > 2)
      await looked()
      looks = 0
      await insert(db, 2)
      await looked()
      expect(await taken()).toHaveLength(1)
      leads = () => true
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
      const [entry] = await log.lookup([1n])
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
      log = new MemoryLog()
      follow({ columns: { id: 'event_id', type: 'kind', payload: 'bytes', order: 'seq' } })
      expect((await takes(4))[3]).toMatchObject({ id: '4', data_base64: 'AP8=' })
    })

    test('or is kept in quarantine where it cannot, and goes on', async () => {
      await db.query('create table outbox (n serial, id text, type text, payload text, tx xid8 default pg_current_xact_id())')
      await db.query(`insert into outbox (id, type, payload) values ('', 'a', '1'), ('2', 'tidemark.approve', '2'), ('3', 'a', repeat('x', 1100000)), ('4', 'good', '4')`)
      follow()
      await until('the good one is there', taken, (events) => events.some(({ id }) => id === '4'))
      const subjects: string[] = []
      for await (const entries of log.read({ from: 'earliest', kinds: ['event'] })) subjects.push(...entries.map(({ subject }) => subject))
      expect(subjects).toEqual(['undecodable', 'undecodable', 'undecodable', 'event.good'])
      expect(await taken()).toMatchObject([{ refused: expect.stringContaining('id must not be empty') }, { refused: expect.stringContaining("Tidemark's own") }, { refused: expect.stringMatching(/1100000 bytes/) }, {}])
    })
  })

  test('is held to the policy: what a rule drops is read over, what its schema forbids is quarantined', async () => {
    const { Policy } = await import('../../apps/tracker/src/policy/policy.js')
    const { compileSchema } = await import('../../apps/tracker/src/policy/event-schema.js')
    const rule = { name: 'no pings', type: 'ping', source: '*', drops: true, masks: [], opaque: 'remove' } as const
    const schema = { type: 'order.placed', onFault: 'reject', source: {}, check: compileSchema({ type: 'object', required: ['total'] }) } as const
    policy = new Policy([schema], [rule], (text) => text)
    await db.query(WITH_TRANSACTION)
    for (const type of ['ping', 'ping', 'order.placed', 'ping', 'order.paid', 'ping']) await insert(db, 1, type)
    follow()
    await until('what is behind the dropped ones is there', taken, (events) => events.some(({ type }) => type === 'order.paid'))
    expect(await taken()).toMatchObject([{ refused: expect.stringContaining('total'), from: 'outbox shop', characters: expect.any(Number) }, { type: 'order.paid' }])
    // Read over for good: the position stands behind the last of them.
    const { rows: [last] } = await db.query<{ xmax: string }>('select max(tx)::text as xmax from outbox')
    await until('the last one is read over', () => storedPosition(log, 'shop'), (position) => position?.read.split(':')[1] === String(BigInt(last!.xmax) + 1n))
  })

  describe('is read in the order of commits', () => {
    test('a row with a lower id that commits later comes later, and is not waited for', async () => {
      await db.query(WITH_TRANSACTION)
      const [slow, quick] = [await connect(), await connect()]
      open.push(() => slow.end(), () => quick.end())
      follow()
      await slow.query('begin')
      await insert(slow, 'slow')
      await insert(quick, 'quick')
      await takes(1)
      expect((await taken()).map(({ subject }) => subject)).toEqual(['quick'])
      await slow.query('commit')
      await insert(quick, 'last')
      expect((await takes(3)).map(({ subject }) => subject)).toEqual(['quick', 'slow', 'last'])
    })

    test.skipIf(skipUnless(keepsCommitTimes, 'a Postgres with track_commit_timestamp'))('also where all of it is found in one look', async () => {
      await db.query(WITH_TRANSACTION)
      const clients = await Promise.all(Array.from({ length: 5 }, () => connect()))
      open.push(...clients.map((client) => () => client.end()))
      for (const [n, client] of clients.entries()) {
        await client.query('begin')
        await insert(client, n)
      }
      for (const n of [3, 0, 4, 2, 1]) await clients[n]!.query('commit')
      follow()
      expect((await takes(5)).map(({ subject }) => subject)).toEqual(['3', '0', '4', '2', '1'])
    })

    test('a table as Debezium has it, without a column for the transaction, loses nothing that a savepoint wrote', async () => {
      await db.query(PLAIN)
      const slow = await connect()
      open.push(() => slow.end())
      await slow.query('begin')
      await insert(slow, 'before')
      await slow.query('savepoint a')
      await insert(slow, 'inside')
      await slow.query('release a')
      await insert(db, 'quick')
      follow()
      // A look that must not take what is not committed, nor move past it.
      await until('it has looked', () => waysIn.list(), ([way]) => way !== undefined && way.error === undefined)
      await new Promise((resolve) => setTimeout(resolve, 100))
      expect(await taken()).toEqual([])
      await slow.query('commit')
      expect((await takes(3)).map(({ subject }) => subject).sort()).toEqual(['before', 'inside', 'quick'])
    })
  })

  /** Writers with transactions of several rows, savepoints and rollbacks; tells when each commit was asked for and answered. */
  async function write(writers: number, goesOn: () => boolean, seed: number): Promise<{ ids: string[]; asked: number; answered: number }[]> {
    const committed: { ids: string[]; asked: number; answered: number }[] = []
    let tick = 0
    await Promise.all(Array.from({ length: writers }, async (_, writer) => {
      const dice = new Random(seed + writer)
      const client = await connect()
      for (let n = 0; goesOn(); n += 1) {
        const ids: string[] = []
        await client.query('begin')
        for (let rows = 1 + dice.below(4); rows > 0; rows -= 1) {
          const id = `${writer}-${n}-${rows}`
          const undone = dice.below(5) === 0
          if (undone) await client.query('savepoint s')
          await insert(client, id)
          if (undone) await client.query('rollback to s')
          else ids.push(id)
        }
        if (dice.below(8) === 0) {
          await client.query('rollback')
          continue
        }
        const asked = (tick += 1)
        await client.query('commit')
        committed.push({ ids, asked, answered: (tick += 1) })
      }
      await client.end()
    }))
    return committed.filter(({ ids }) => ids.length > 0)
  }

  const flat = (committed: readonly { ids: string[] }[]) => committed.flatMap(({ ids }) => ids).sort()

  test.each([['with a column for the transaction', WITH_TRANSACTION, true], ['without one', PLAIN, false]])(
    'written by many at once is taken whole, once and in order, while appends fail before and after they were kept: %s',
    async (_how, table, isInOrder) => {
      await db.query(table)
      const append = log.append.bind(log)
      let faults = 0
      let repeated = 0
      let appends = 0
      log.append = async (drafts, options) => {
        appends += 1
        if (appends % 4 === 1) throw new Error(`lost (${(faults += 1)})`)
        const result = await append(drafts, options)
        repeated += result.duplicates
        if (appends % 4 === 3) throw new Error(`kept, but not told (${(faults += 1)})`)
        return result
      }
      let outbox = follow()
      const writing = write(6, () => faults < FAULTS, 11)
      for (let isDone = false; !isDone;) {
        isDone = await Promise.race([writing.then(() => true), new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 150))])
        await outbox.stop()
        outbox = follow()
      }
      const committed = await writing
      const expected = flat(committed)
      const subjects = (await takes(expected.length)).map(({ subject }) => subject!)
      expect([...subjects].sort()).toEqual(expected)
      expect(faults).toBeGreaterThanOrEqual(FAULTS)
      // The position alone kept them apart: the log had no repetition to recognise.
      expect(repeated).toBe(0)
      if (!isInOrder || !keepsCommitTimes) return
      const place = new Map(subjects.map((id, at) => [id, at]))
      // Rows of a transaction stand in their order, and a commit that was asked for after another was answered comes behind it.
      for (const { ids } of committed) expect(ids.map((id) => place.get(id)!)).toEqual(ids.map((id) => place.get(id)!).toSorted((a, b) => a - b))
      for (const first of committed) {
        const later = committed.filter(({ asked }) => asked > first.answered)
        const last = Math.max(...first.ids.map((id) => place.get(id)!))
        for (const { ids } of later) expect(Math.min(...ids.map((id) => place.get(id)!))).toBeGreaterThan(last)
      }
    },
  )

  /** Five transactions at once of 600 rows each, which is more than an append takes in all; committed in this order. */
  const ORDER = [3, 0, 4, 2, 1]
  async function writeLarge(url: string): Promise<void> {
    const clients = await Promise.all(ORDER.map(() => connect(url)))
    for (const [n, client] of clients.entries()) {
      await client.query('begin')
      await client.query(`insert into outbox (aggregatetype, aggregateid, type, payload) select 'order', $1 || '-' || n, 'order.placed', '{}' from generate_series(1, 600) n order by n`, [n])
    }
    for (const n of ORDER) await clients[n]!.query('commit')
    for (const client of clients) await client.end()
  }

  test.each(['on', 'off'])('goes on in the middle of a set after a fault, with track_commit_timestamp %s', async (keeps) => {
    const server = keeps === 'on' ? postgres! : (await startPostgres())!
    if (server !== postgres) open.push(() => server.stop())
    const other = await connect(server.url)
    open.push(() => other.end())
    await other.query(WITH_TRANSACTION)
    await writeLarge(server.url)
    const append = log.append.bind(log)
    let [appends, repeated] = [0, 0]
    log.append = async (drafts, options) => {
      appends += 1
      if (appends % 3 === 1) throw new Error('lost')
      const result = await append(drafts, options)
      repeated += result.duplicates
      if (appends % 3 === 0) throw new Error('kept, but not told')
      return result
    }
    follow({ url: server.url })
    const subjects = (await takes(3_000)).map(({ subject }) => subject)
    const order = keeps === 'on' && keepsCommitTimes ? ORDER : ORDER.toSorted()
    expect(subjects).toEqual(order.flatMap((n) => Array.from({ length: 600 }, (_, row) => `${n}-${row + 1}`)))
    expect(repeated).toBe(0)
    expect(appends).toBeGreaterThan(4)
    // What was read stays read.
    await insert(other, 'last')
    expect((await takes(3_001)).at(-1)?.subject).toBe('last')
    expect(repeated).toBe(0)
  })

  test('is read no faster than following allows', async () => {
    let mayGoOn = () => undefined as void
    let asked = 0
    pace = () => {
      asked += 1
      return asked < 3 ? Promise.resolve() : new Promise((resolve) => (mayGoOn = resolve))
    }
    await db.query(WITH_TRANSACTION)
    await writeLarge(postgres!.url)
    follow()
    await until('it is held', () => asked, (times) => times === 3)
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect((await taken()).length).toBeLessThanOrEqual(400)
    pace = async () => undefined
    mayGoOn()
    await takes(3_000)
  })

  test.skipIf(skipUnless(nats !== undefined, 'a NATS server'))('has its position in a log of JetStream as well', async () => {
    open.push(() => nats!.stop())
    const openLog = () => JetStreamLog.open({ url: nats!.url })
    log = await openLog()
    await db.query(WITH_TRANSACTION)
    for (let life = 0; life < 3; life += 1) {
      const outbox = follow()
      await insert(db, `${life}a`)
      await insert(db, `${life}b`)
      await takes(2 * life + 2)
      await outbox.stop()
      await log.close()
      log = await openLog()
    }
    expect((await taken()).map(({ subject }) => subject)).toEqual(['0a', '0b', '1a', '1b', '2a', '2b'])
    await log.close()
  })

  test('takes a transaction that is larger than an append, and one position behind it', async () => {
    await db.query(WITH_TRANSACTION)
    await db.query(`insert into outbox (aggregatetype, aggregateid, type, payload) select 'order', n::text, 'order.placed', to_jsonb(repeat('x', 200)) from generate_series(1, 4000) n`)
    await insert(db, 'after')
    follow()
    const events = await takes(4_001)
    expect(events.map(({ subject }) => subject)).toEqual([...Array.from({ length: 4_000 }, (_, n) => String(n + 1)), 'after'])
    const positions: unknown[] = []
    for await (const entries of log.read({ from: 'earliest', kinds: ['settlement'] })) positions.push(...entries)
    expect(positions.length).toBeGreaterThan(0)
    expect(positions.length).toBeLessThan(4)
  })

  describe('that cannot be read', () => {
    test('says what is missing, and goes on when it is there', async () => {
      follow()
      const failing = () => waysIn.list()[0]?.error
      expect(await until('it complains', failing, (error) => error !== undefined)).toContain('there is no table outbox')
      await db.query('create table outbox (id text, payload text)')
      expect(await until('it complains otherwise', failing, (error) => error?.includes('no column') === true)).toMatch(/no column for type: name it in TIDEMARK_OUTBOX_COLUMNS; its columns are id, payload/)
      await db.query('drop table outbox')
      await db.query(WITH_TRANSACTION)
      await insert(db, 1)
      await takes(1)
      await until('it is well', failing, (error) => error === undefined)
      expect(waysIn.list()).toMatchObject([{ name: 'outbox shop', events: 1, lastAt: expect.any(Number) }])
    })

    test('because its database is an older one is not read anew in silence', async () => {
      const { positionDraft } = await import('../../apps/tracker/src/ingest/outbox/position.js')
      await db.query(WITH_TRANSACTION)
      await insert(db, 1)
      await log.append([positionDraft('shop', { read: '900000000:900000000:' })])
      follow()
      expect(await until('it complains', () => waysIn.list()[0]?.error, (error) => error !== undefined)).toMatch(/another one, or was restored/)
      expect(await taken()).toEqual([])
    })

    test('never tells the password of its URL', async () => {
      const url = new URL(postgres!.url)
      url.password = 'hunter2'
      url.port = '1'
      follow({ url: url.href })
      const error = await until('it complains', () => waysIn.list()[0]?.error, (said) => said !== undefined)
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
    await until('it complains', () => waysIn.list()[0]?.error, (error) => error !== undefined)
    await postgres!.restart()
    db = await connect()
    await insert(db, 2)
    expect((await takes(2)).map(({ subject }) => subject)).toEqual(['1', '2'])
  })
})
