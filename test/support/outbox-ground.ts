/**
 * What tests of an outbox stand on: a Postgres that keeps the times of commits, where one is installed, a table in it that each test makes and that
 * is dropped behind it, and a log in memory.
 */
import { MemoryLog, type Log } from '@tidemark/log'
import pg from 'pg'
import pino from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import { systemClock } from '../../apps/tracker/src/clock.js'
import type { OutboxSettings } from '../../apps/tracker/src/config.js'
import { Intake } from '../../apps/tracker/src/ingest/intake.js'
import { Outbox } from '../../apps/tracker/src/ingest/outbox/outbox.js'
import type { Policy } from '../../apps/tracker/src/policy/policy.js'
import { readPolicy } from '../../apps/tracker/src/policy/read-policy.js'
import { WaysIn } from '../../apps/tracker/src/store/ways-in.js'
import { startPostgres } from './postgres.js'

export const postgres = await startPostgres(['track_commit_timestamp=on'])
export const keepsCommitTimes = postgres !== undefined && (await setting('track_commit_timestamp')) === 'on'

async function setting(name: string): Promise<string> {
  const client = new pg.Client({ connectionString: postgres!.url })
  await client.connect()
  const { rows } = await client.query<{ value: string }>('select current_setting($1) as value', [name])
  await client.end()
  return rows[0]!.value
}

/** As Debezium documents it, and with what makes reading it cheap and exact. */
export const PLAIN = 'create table outbox (id uuid primary key default gen_random_uuid(), aggregatetype text not null, aggregateid text not null, type text not null, payload jsonb)'
export const WITH_TRANSACTION = `${PLAIN}; alter table outbox add column tx xid8 not null default pg_current_xact_id(), add column sequence bigserial; create index on outbox (tx)`

interface Given {
  log: Log
  waysIn: WaysIn
  policy: Policy
  pace: () => Promise<void>
  leads: () => boolean
}

/** What an outbox is followed with; a test may set other things before it does. */
export let given: Given
export let db: pg.Client
/** Called after the test, the last one first. */
export const open: (() => Promise<unknown>)[] = []

/** Called once by a file of tests, where there is a Postgres. */
export function standOnOutbox(): void {
  beforeAll(reconnect)
  beforeEach(() => {
    given = { log: new MemoryLog(), waysIn: new WaysIn(), policy: readPolicy(undefined, undefined), pace: async () => undefined, leads: () => true }
  })
  afterEach(async () => {
    for (const close of open.splice(0).reverse()) await close()
    await db.query('drop table if exists outbox cascade')
  })
  afterAll(async () => {
    await db?.end()
    await postgres?.stop()
  })
}

export async function reconnect(): Promise<void> {
  db = await connect()
}

export async function connect(url = postgres!.url): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => undefined)
  await client.connect()
  return client
}

export function follow(settings: Partial<OutboxSettings> = {}): Outbox {
  const outbox = new Outbox({ name: 'shop', url: postgres!.url, table: 'outbox', columns: {}, pollMs: 20, ...settings }, {
    log: given.log, intake: new Intake(given.log, given.policy), clock: systemClock(), waysIn: given.waysIn, pace: () => given.pace(), leads: () => given.leads(),
    logger: pino({ level: 'silent' }),
  })
  open.push(() => outbox.stop())
  outbox.start()
  return outbox
}

/** The events of the log, in its order. */
export async function taken(): Promise<{ id: string; type: string; subject?: string; data?: unknown; [attribute: string]: unknown }[]> {
  const events = []
  for await (const entries of given.log.read({ from: 'earliest', kinds: ['event'] })) for (const { payload } of entries) events.push(JSON.parse(Buffer.from(payload).toString()))
  return events
}

export async function until<T>(what: string, look: () => Promise<T> | T, isSo: (found: T) => boolean): Promise<T> {
  for (const end = Date.now() + 20_000; ;) {
    const found = await look()
    if (isSo(found)) return found
    if (Date.now() > end) throw new Error(`waited in vain until ${what}: ${JSON.stringify(found)?.slice(0, 1_000)}; ${JSON.stringify(given.waysIn.list())}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** That many events, or more. */
export const takes = (count: number) => until(`${count} events are there`, taken, (events) => events.length >= count)

export const insert = (client: pg.Client, id: number | string, type = 'order.placed') =>
  client.query('insert into outbox (aggregatetype, aggregateid, type, payload) values ($1, $2, $3, $4)', ['order', String(id), type, JSON.stringify({ n: id })])

/** The order in which {@link writeLarge} commits. */
export const ORDER = [3, 0, 4, 2, 1]

/** Five transactions at once of 600 rows each, which is more than an append takes in all. */
export async function writeLarge(url: string): Promise<void> {
  const clients = await Promise.all(ORDER.map(() => connect(url)))
  for (const [n, client] of clients.entries()) {
    await client.query('begin')
    await client.query(`insert into outbox (aggregatetype, aggregateid, type, payload) select 'order', $1 || '-' || n, 'order.placed', '{}' from generate_series(1, 600) n order by n`, [n])
  }
  for (const n of ORDER) await clients[n]!.query('commit')
  for (const client of clients) await client.end()
}
