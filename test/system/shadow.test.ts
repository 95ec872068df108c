/**
 * A new version is told from the log beside the one in use: it is said what would differ, and nothing changes until somebody accepts it. Then all is
 * exchanged at once, and the log alone gives the same tables.
 */
import { tmpdir } from 'node:os'
import { MemoryLog, type Draft, type Log } from '@tidemark/log'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Database } from '../../apps/tracker/src/store/database.js'
import { readLeaving } from '../../apps/tracker/src/store/deliver/commands.js'
import { ALWAYS, sourceHash } from '../../apps/tracker/src/store/model-source.js'
import { openDatabase } from '../../apps/tracker/src/store/open-database.js'
import { Progress } from '../../apps/tracker/src/store/progress.js'
import { haveFreshTables } from '../../apps/tracker/src/store/rebuild/fresh-tables.js'
import { askForShadow, moveShadow, readShadow, SHADOW_SCHEMA, type Candidate } from '../../apps/tracker/src/store/shadow/job.js'
import { ensureShards } from '../../apps/tracker/src/store/shards.js'
import { Following } from '../../apps/tracker/src/track/following.js'
import { openEmbedded } from '../support/embedded-database.js'
import { foldAll, isQuiet, type Cut } from '../support/follower.js'
import { startPostgres } from '../support/postgres.js'
import { eventDraft } from '../support/recorded-shop.js'
import { skipUnless } from '../support/requires.js'
import { BY_ORDER, cloudEvent, xmlOf, type SmallProcess } from '../support/small-process.js'
import { differences, emptyTables, readTables } from '../support/tables.js'

const PATIENCE = { timeout: 60_000, interval: 50 }
const TIMEOUT_MS = 180_000
const NOON = Date.UTC(2026, 2, 1, 12)
const MINUTE = 60_000
const V1 = { id: 'orders', steps: ['placed', 'paid', 'shipped'] }
/** Knows of a step that version 1 does not bind at all. */
const V2 = { id: 'orders', steps: ['placed', 'checked', 'paid', 'shipped'] }
const OTHER = { id: 'parcels', steps: ['shipped', 'arrived'] }

const close: (() => Promise<unknown>)[] = []
let embedded: Database
let clock: { now: number }
beforeEach(async () => {
  const opened = await openEmbedded()
  close.push(opened.close)
  embedded = opened.db
  clock = { now: NOON }
})
afterEach(async () => {
  for (const step of close.splice(0).reverse()) await step()
})

describe('a version that is tried', () => {
  const compares = async (db: Database) => {
    const { log, live, event } = await shop(db)
    const before = await readTables(db)
    const { last } = log.stats()
    await askForShadow(db, candidate(V2), 5)
    await status(db).toBe('ready')
    expect((await readShadow(db))?.comparison).toMatchObject({
      before: { active: 1, completed: 3, terminated: 0, deviating: 0 },
      after: { active: 1, completed: 3, terminated: 0, deviating: 2 },
      same: 2, different: 2,
      statuses: [{ before: 'active', after: 'active', instances: 1 }, { before: 'completed', after: 'completed', instances: 3 }],
      deviations: [{ kind: 'skipped', element: 'e1', before: 0, after: 2 }],
      samples: expect.arrayContaining([
        expect.objectContaining({ before: expect.objectContaining({ status: 'completed', deviations: 0, at: [] }), after: expect.objectContaining({ status: 'completed', deviations: 1, at: [] }) }),
        expect.objectContaining({ before: expect.objectContaining({ status: 'active', deviations: 0, at: ['e2'] }), after: expect.objectContaining({ status: 'active', deviations: 1, at: ['e3'] }) }),
      ]),
    })
    expect(differences(before, await readTables(db)), 'nothing changes').toEqual([])
    expect(log.stats().last, 'nothing is said').toBe(last)

    // What comes while it waits is told by both.
    clock.now += MINUTE
    await log.append([event('placed', 'late'), event('checked', 'late'), event('shipped', 'B')])
    const job = await readShadow(db)
    expect(await moveShadow(db, job!.id, ['ready'], 'accepting', 6)).toBe(true)
    await status(db).toBe('accepted')
    expect(await haveFreshTables(db, SHADOW_SCHEMA)).toBe(false)
    await log.append([event('paid', 'late')])
    await settled(db, log, live)
    expect(live.following.failure).toBeUndefined()
    expect(await told(db)).toEqual({
      'orders A': 'v2 completed', 'orders B': 'v2 completed, 1 deviations', 'orders C': 'v2 completed, 1 deviations', 'orders D': 'v2 completed', 'orders late': 'v2 active',
      'parcels A': 'v1 active', 'parcels B': 'v1 active', 'parcels C': 'v1 active', 'parcels D': 'v1 active',
    })
    await live.following.stop()
    await expectFromLog(db, log)
  }

  test('is compared, changes nothing, and takes the place of what was in use at once; the log alone says the same', () => compares(embedded), TIMEOUT_MS)

  test('and on Postgres', async ({ skip }) => {
    const postgres = await startPostgres()
    if (skipUnless(postgres !== undefined, 'a Postgres server')) return skip()
    close.push(() => postgres!.stop())
    const db = await openDatabase({ dataDir: tmpdir(), databaseUrl: postgres!.url })
    close.push(() => db.close())
    await compares(db)
  }, TIMEOUT_MS)

  test('may take over only what began since a moment', async () => {
    const { log, live } = await shop(embedded)
    await askForShadow(embedded, candidate(V2, NOON + 2 * MINUTE), 5)
    await status(embedded).toBe('ready')
    await moveShadow(embedded, (await readShadow(embedded))!.id, ['ready'], 'accepting', 6)
    await status(embedded).toBe('accepted')
    await settled(embedded, log, live)
    expect(await told(embedded)).toMatchObject({ 'orders A': 'v1 completed', 'orders B': 'v1 active', 'orders C': 'v2 completed, 1 deviations', 'orders D': 'v2 completed' })
    await live.following.stop()
    await expectFromLog(embedded, log)
  }, TIMEOUT_MS)

  test('is dropped without a trace', async () => {
    await shop(embedded)
    const before = await readTables(embedded)
    await askForShadow(embedded, candidate(V2), 5)
    expect(await askForShadow(embedded, candidate(V2), 6), 'one at a time').toBeUndefined()
    await status(embedded).toBe('ready')
    await moveShadow(embedded, (await readShadow(embedded))!.id, ['ready'], 'dropping', 6)
    await status(embedded).toBe('dropped')
    expect(differences(before, await readTables(embedded))).toEqual([])
    expect(await haveFreshTables(embedded, SHADOW_SCHEMA)).toBe(false)
  }, TIMEOUT_MS)

  test('is swapped in after a restart, also where its tables are lost', async () => {
    const { log, live } = await shop(embedded)
    await askForShadow(embedded, candidate(V2), 5)
    await status(embedded).toBe('ready')
    await live.following.stop()
    await moveShadow(embedded, (await readShadow(embedded))!.id, ['ready'], 'accepting', 6)
    await embedded.query(`drop schema ${SHADOW_SCHEMA} cascade`)
    const next = await follow(embedded, log)
    await status(embedded).toBe('accepted')
    await settled(embedded, log, next)
    expect(await told(embedded)).toMatchObject({ 'orders A': 'v2 completed', 'orders C': 'v2 completed, 1 deviations' })
    await next.following.stop()
    await expectFromLog(embedded, log)
  }, TIMEOUT_MS)

  test('that another version has overtaken fails, says so, and leaves everything as it was', async () => {
    const { log, live } = await shop(embedded)
    await log.append([model({ id: 'orders', steps: ['placed', 'paid', 'packed', 'shipped'] })])
    await settled(embedded, log, live)
    const before = await readTables(embedded)
    await askForShadow(embedded, candidate(V2), 5)
    await status(embedded).toBe('failed')
    expect((await readShadow(embedded))?.error).toContain('meanwhile')
    expect(differences(before, await readTables(embedded))).toEqual([])
  }, TIMEOUT_MS)
})

test('what a version that takes over decides about days before its deployment is not sent, and holds up nothing', async () => {
  await shop(embedded)
  const DAY = 86_400_000
  await embedded.query(
    `insert into model_version (model, version, name, hash, xml, mapping, process, findings, mode, status, position, deployed_position, deployed_at, in_force_from)
     select model, 2, name, 'new', xml, mapping, process, findings, mode, 'active', position, position, $1, $2 from model_version where model = 'orders'`, [NOON, ALWAYS])
  const command = (id: string, leavesAt: number) => embedded.query(
    `insert into command (id, unit, instance, shard, model, version, key, element, cause, type, data, status, decided_at, leaves_at)
     values ($1, $2, $2, 0, 'orders', 2, 'A', 'e1', '', 'pay', '{}', 'scheduled', $3::bigint, $3::bigint)`, [`00000000-0000-4000-8000-00000000000${id}`, '00000000-0000-4000-8000-0000000000aa', leavesAt])
  await command('1', NOON - 2 * DAY)
  await command('2', NOON - DAY / 2)
  expect((await readLeaving(embedded, NOON, 10, 0)).map(({ id }) => id.slice(-1))).toEqual(['2'])
}, TIMEOUT_MS)

/** Four orders: A and D were checked, B and C were not; B is under way. */
async function shop(db: Database) {
  const log = new MemoryLog({ clock: () => clock.now })
  const event = (type: string, order: string): Draft => eventDraft({ time: new Date(clock.now).toISOString(), ...cloudEvent({ type, data: { order }, at: clock.now }) })
  await log.append([model(V1), model(OTHER)])
  for (const [order, types] of [
    ['A', ['placed', 'checked', 'paid', 'shipped']], ['B', ['placed', 'paid']], ['C', ['placed', 'paid', 'shipped']], ['D', ['placed', 'checked', 'paid', 'shipped']],
  ] as const) {
    for (const type of types) await log.append([event(type, order)])
    clock.now += MINUTE
  }
  const live = await follow(db, log)
  await settled(db, log, live)
  return { log, live, event }
}

async function follow(db: Database, log: Log) {
  await ensureShards(db, 4, log)
  const progress = new Progress()
  const following = new Following({ db, log, progress, logger: pino({ level: 'silent' }), alertChannels: [], now: () => 1_000, version: '1' })
  await following.start()
  close.push(() => following.stop())
  return { following, progress }
}

async function settled(db: Database, log: Log, { progress }: { readonly progress: Progress }): Promise<void> {
  await expect.poll(async () => progress.position >= log.stats().last && (await isQuiet(db, progress.clock)), PATIENCE).toBe(true)
}

const status = (db: Database) => expect.poll(async () => {
  const job = await readShadow(db)
  return job?.status === 'failed' && job.error !== undefined && !job.error.includes('meanwhile') ? job.error : job?.status
}, PATIENCE)

function candidate(process: SmallProcess, since = ALWAYS): Candidate {
  const xml = xmlOf(process)
  return { model: process.id, version: 2, hash: sourceHash(xml, BY_ORDER, undefined), since, xml, mapping: BY_ORDER, by: 'test' }
}

function model(process: SmallProcess): Draft {
  return { kind: 'model', subject: 'model', payload: Buffer.from(JSON.stringify({ xml: xmlOf(process), mapping: BY_ORDER, by: 'test' })) }
}

async function told(db: Database): Promise<Record<string, string>> {
  const rows = await db.query<{ model: string; key: string; version: number; status: string; deviations: number }>(
    `select model, key, version, status, deviations from instance order by model, key, run`)
  return Object.fromEntries(rows.map(({ model: id, key, version, status: state, deviations }) => [`${id} ${key}`, `v${version} ${state}${deviations === 0 ? '' : `, ${deviations} deviations`}`]))
}

/** The same tables from the log alone, in whatever cuts. */
async function expectFromLog(db: Database, log: Log, cuts: readonly Cut[] = [{}, { batch: 3, restartAfter: 2 }]): Promise<void> {
  const live = await readTables(db)
  for (const cut of cuts) {
    await emptyTables(db)
    await foldAll(db, log, cut)
    expect(differences(live, await readTables(db)), JSON.stringify(cut)).toEqual([])
  }
}
