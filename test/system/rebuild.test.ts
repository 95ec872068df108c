/**
 * The state is folded again beside the one in use, and swapped: afterwards every table says what it said before, whatever had become of it, and
 * following goes on. Told of and ended through the job, from which it also goes on after a restart.
 */
import { tmpdir } from 'node:os'
import { MemoryLog, type Log, type ReadOptions } from '@tidemark/log'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Database } from '../../apps/tracker/src/store/database.js'
import { openDatabase } from '../../apps/tracker/src/store/open-database.js'
import { Progress } from '../../apps/tracker/src/store/progress.js'
import { haveFreshTables, KEPT_TABLES, makeFreshTables, REBUILD_SCHEMA } from '../../apps/tracker/src/store/rebuild/fresh-tables.js'
import { askForRebuild, cancelRebuild, pauseRebuild, readRebuild, resumeRebuild } from '../../apps/tracker/src/store/rebuild/job.js'
import { ensureShards } from '../../apps/tracker/src/store/shards.js'
import { Following } from '../../apps/tracker/src/track/following.js'
import { openEmbedded } from '../support/embedded-database.js'
import { follow } from '../support/follower.js'
import { eventDraft, recordShop, START } from '../support/recorded-shop.js'
import { startPostgres } from '../support/postgres.js'
import { skipUnless } from '../support/requires.js'
import { BY_ORDER, cloudEvent, xmlOf } from '../support/small-process.js'
import { differences, readTables } from '../support/tables.js'

const PATIENCE = { timeout: 60_000, interval: 50 }
const TIMEOUT_MS = 180_000
const close: (() => Promise<unknown>)[] = []
let db: Database
beforeEach(async () => {
  const embedded = await openEmbedded()
  close.push(embedded.close)
  db = embedded.db
})
afterEach(async () => {
  for (const step of close.splice(0).reverse()) await step()
})

async function following(on: Database, log: Log, version = '1'): Promise<Following> {
  await ensureShards(on, 4, log)
  const live = new Following({ db: on, log, progress: new Progress(), logger: pino({ level: 'silent' }), alertChannels: ['webhook'], now: () => 1_000, version })
  await live.start()
  close.push(() => live.stop())
  return live
}

const ended = (on: Database) => expect.poll(async () => (await readRebuild(on))?.status, PATIENCE)

describe('a rebuild', () => {
  const mends = async (on: Database) => {
    const log = await recordShop(on, { seed: 'rebuild', orders: 40, days: 16 })
    const before = await readTables(on)
    for (const damage of [`update instance set status = 'terminated'`, `delete from token`, `update element_count set visits = visits + 1`, `delete from deviation`]) await on.query(damage)
    expect(differences(before, await readTables(on))).not.toEqual([])
    await following(on, log)
    await askForRebuild(on, 5)
    await ended(on).toBe('done')
    expect(differences(before, await readTables(on))).toEqual([])
    expect(await readRebuild(on)).toMatchObject({ done: log.stats().entries, total: log.stats().entries, error: undefined })
    expect(await haveFreshTables(on)).toBe(false)
  }

  test('gives every table as it was, whatever had become of it', () => mends(db), TIMEOUT_MS)

  test('and on Postgres', async ({ skip }) => {
    const postgres = await startPostgres()
    if (skipUnless(postgres !== undefined, 'a Postgres server')) return skip()
    close.push(() => postgres!.stop())
    const on = await openDatabase({ dataDir: tmpdir(), databaseUrl: postgres!.url })
    close.push(() => on.close())
    await mends(on)
  }, TIMEOUT_MS)

  test('goes on when what tells of it fails for a while, and its indexes too', async () => {
    const log = await recordShop(db, { seed: 'passing', orders: 20, days: 9 })
    const before = await readTables(db)
    const failing = new Map([[/^update job set done/, 3], [/^create (?:unique )?index/i, 1], [/^analyze/, 1]])
    const failed: string[] = []
    const flaky: Database = {
      embedded: db.embedded,
      query: async (sql, params) => {
        for (const [which, left] of failing) {
          if (left === 0 || !which.test(sql)) continue
          failing.set(which, left - 1)
          failed.push(sql)
          throw Object.assign(new Error('the database has gone away'), { code: '57P01' })
        }
        return db.query(sql, params)
      },
      transaction: (run, options) => db.transaction(run, options),
      close: () => db.close(),
    }
    await following(flaky, log)
    await askForRebuild(db, 5)
    await ended(db).toBe('done')
    expect([...failing.values()], failed.join('; ')).toEqual([0, 0, 0])
    expect(differences(before, await readTables(db))).toEqual([])
  }, TIMEOUT_MS)

  test('goes on after a restart where it was; another program begins again', async () => {
    const log = await recordShop(db, { seed: 'restarts', orders: 30, days: 9 })
    const before = await readTables(db)
    const first = await following(db, log)
    await askForRebuild(db, 5)
    await expect.poll(async () => (await readRebuild(db))?.status, PATIENCE).toBe('running')
    await first.stop()
    // As a death behind some commit would leave it: the job runs, and the fresh tables stand somewhere.
    await db.query(`update job set status = 'running'`)
    if (!(await haveFreshTables(db))) await makeFreshTables(db)
    await leaveWitness()
    const second = await following(db, log)
    await ended(db).toBe('done')
    expect(await db.query(`delete from operation where op = 'witness' returning op`), 'the tables that were begun are those that came in').toHaveLength(1)
    expect(differences(before, await readTables(db))).toEqual([])
    await second.stop()
    await db.query(`update job set status = 'running'`)
    await makeFreshTables(db)
    await leaveWitness()
    await following(db, log, 'another version')
    await ended(db).toBe('done')
    expect(differences(before, await readTables(db))).toEqual([])
  }, TIMEOUT_MS)

  test('waits where somebody says so, over restarts, and goes on with what it has folded', async () => {
    const log = await recordShop(db, { seed: 'paused', orders: 20, days: 5 })
    const before = await readTables(db)
    const gate = new AbortController()
    const first = await following(db, heldBack(log, gate.signal))
    await askForRebuild(db, 5)
    expect(await resumeRebuild(db), 'what is not paused cannot go on').toBe(false)
    await expect.poll(() => haveFreshTables(db), PATIENCE).toBe(true)
    expect(await pauseRebuild(db)).toBe(true)
    expect(await pauseRebuild(db)).toBe(false)
    expect(await askForRebuild(db, 6)).toBeUndefined()
    await first.stop()
    gate.abort()
    await leaveWitness()
    await following(db, log)
    expect((await readRebuild(db))?.status).toBe('paused')
    expect(await resumeRebuild(db)).toBe(true)
    await ended(db).toBe('done')
    expect(await db.query(`delete from operation where op = 'witness' returning op`), 'the tables that were begun are those that came in').toHaveLength(1)
    expect(differences(before, await readTables(db))).toEqual([])
  }, TIMEOUT_MS)

  test('makes the indexes that readers need at its end', async () => {
    const { log } = await smallLog()
    const indexes = () => db.query(`select replace(indexdef, schemaname || '.', '') as is from pg_indexes where schemaname = 'public' order by 1`)
    const before = await indexes()
    await following(db, log)
    await askForRebuild(db, 5)
    await ended(db).toBe('done')
    expect(await indexes()).toEqual(before)
  }, TIMEOUT_MS)

  test('goes on with what comes while it runs, and following goes on after it', async () => {
    const { log, event } = await smallLog()
    const live = await following(db, log)
    await askForRebuild(db, 5)
    for (let order = 0; order < 20; order++) await log.append([event('placed', `during ${order}`)])
    await ended(db).toBe('done')
    await log.append([event('placed', 'after')])
    await expect.poll(async () => (await db.query(`select key from instance where key = 'after' or key like 'during%'`)).length, PATIENCE).toBe(21)
    expect(live.failure).toBeUndefined()
  }, TIMEOUT_MS)

  test('that cannot be done says why, and leaves everything as it was', async () => {
    const { log } = await smallLog()
    const follower = await follow(db, log)
    await follower.settled()
    await follower.stop()
    const before = await readTables(db)
    await log.trim(2n, { force: true })
    await following(db, log)
    await askForRebuild(db, 5)
    await ended(db).toBe('failed')
    expect((await readRebuild(db))?.error).toContain('trimmed')
    expect(differences(before, await readTables(db))).toEqual([])
    expect(await haveFreshTables(db)).toBe(false)
  }, TIMEOUT_MS)

  test('is under way once, and ends where somebody says so', async () => {
    const { log } = await smallLog()
    expect(await cancelRebuild(db)).toBe(false)
    expect(await askForRebuild(db, 5)).toMatchObject({ status: 'asked' })
    expect(await askForRebuild(db, 6)).toBeUndefined()
    expect(await cancelRebuild(db)).toBe(true)
    await following(db, log)
    await ended(db).toBe('cancelled')
    expect(await haveFreshTables(db)).toBe(false)
    expect(await askForRebuild(db, 7)).toMatchObject({ status: 'asked' })
    await ended(db).toBe('done')
  }, TIMEOUT_MS)

  test('knows from the log which messages about alerts arrived', async () => {
    const { log } = await smallLog()
    const about = { kind: 'stuck', severity: 'warning', model: 'orders', element: 'paid', title: 'stuck' }
    const alert = '00000000-0000-4000-8000-000000000001'
    const settle = (entry: object) => log.append([{ kind: 'settlement', subject: 'settlement.alert', payload: Buffer.from(JSON.stringify(entry)) }])
    await settle({ what: 'alertOpened', alert, episode: 1, ...about })
    const live = await following(db, log)
    const rows = () => db.query<{ id: string; status: string; error: string | null }>(`select id, status, error from alert_delivery`)
    await expect.poll(rows, PATIENCE).toMatchObject([{ status: 'pending' }])
    const [row] = await rows()
    await settle({ what: 'alertDelivered', alert, delivery: row!.id, outcome: 'dead', attempts: 3, error: 'gone' })
    await expect.poll(rows, PATIENCE).toMatchObject([{ status: 'dead', error: 'gone' }])
    await live.stop()
    // Nothing is left to carry over.
    await db.query(`delete from alert_delivery`)
    await following(db, log)
    await askForRebuild(db, 5)
    await ended(db).toBe('done')
    expect(await rows()).toMatchObject([{ id: row!.id, status: 'dead', error: 'gone' }])
  }, TIMEOUT_MS)
})

test('each table is either a function of the log, and rebuilt, or known to be kept', async () => {
  await makeFreshTables(db)
  const tables = async (schema: string) => (await db.query<{ name: string }>(`select tablename as name from pg_tables where schemaname = $1 order by 1`, [schema])).map(({ name }) => name)
  expect(await tables(REBUILD_SCHEMA)).toEqual(await tables('public'))
  expect((await tables('public')).filter((name) => !KEPT_TABLES.includes(name))).toEqual([
    'alert', 'alert_delivery', 'alert_member', 'command', 'deadline', 'deviation', 'dropped_history', 'dropped_unit', 'element_count', 'element_duration', 'event_fate', 'event_type', 'faulted_unit', 'flow_count', 'instance',
    'instance_event', 'instance_key', 'model_count', 'model_shard', 'model_version', 'operation', 'outage', 'shard', 'token', 'waiting_event',
  ])
})

/** A row that no log has, in the tables that were begun. */
async function leaveWitness(): Promise<void> {
  await db.query(`insert into ${REBUILD_SCHEMA}.operation (position, op, target, actor, at, outcome) values (9999999, 'witness', '', '', 0, '')`)
}

/** A log of which nobody follows the beginning until the signal says so. */
function heldBack(log: Log, until: AbortSignal): Log {
  const heard = (signal: AbortSignal) => new Promise((resolve) => (signal.aborted ? resolve(undefined) : signal.addEventListener('abort', resolve, { once: true })))
  async function* read(options: ReadOptions) {
    const { from, follow: follows, signal } = options
    if (follows === true && typeof from === 'object' && 'position' in from && from.position === 1n) await Promise.race([heard(until), ...(signal === undefined ? [] : [heard(signal)])])
    yield* log.read(options)
  }
  return new Proxy(log, { get: (target, name) => {
    if (name === 'read') return read
    const value: unknown = Reflect.get(target, name, target)
    return typeof value === 'function' ? (value.bind(target) as unknown) : value
  } })
}

async function smallLog() {
  const log = new MemoryLog({ clock: () => START })
  const payload = Buffer.from(JSON.stringify({ xml: xmlOf({ id: 'orders', steps: ['placed', 'paid'] }), mapping: BY_ORDER, by: 'test' }))
  await log.append([{ kind: 'model', subject: 'model', payload }])
  const event = (type: string, order: string) => eventDraft({ ...cloudEvent({ type, data: { order }, at: START }), id: `${type} ${order}`, time: new Date(START).toISOString() })
  await log.append(['A', 'B', 'C'].map((order) => event('placed', order)))
  return { log, event }
}
