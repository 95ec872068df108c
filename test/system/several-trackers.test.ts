/**
 * Several trackers on one log give the tables that one gives: while they join and leave, and while one stands still for longer than its lease and then
 * goes on as if it still owned what others have taken. TIDEMARK_SPLITS sets how often (default 3).
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Dice, generateOrders, modelFile } from '@tidemark/example-order-fulfilment'
import { MemoryLog, type Log } from '@tidemark/log'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Database } from '../../apps/tracker/src/store/database.js'
import { openDatabase } from '../../apps/tracker/src/store/open-database.js'
import { askForRebuild, readRebuild } from '../../apps/tracker/src/store/rebuild/job.js'
import { ALWAYS, sourceHash } from '../../apps/tracker/src/store/model-source.js'
import { askForShadow, moveShadow, readShadow } from '../../apps/tracker/src/store/shadow/job.js'
import { readSnapshot } from '../../apps/tracker/src/store/snapshot/files.js'
import { askForSnapshot, readSnapshotJob } from '../../apps/tracker/src/store/snapshot/job.js'
import { restoreSnapshot } from '../../apps/tracker/src/store/snapshot/restore.js'
import { readShards } from '../../apps/tracker/src/store/write/shards.js'
import type { SnapshotOptions } from '../../apps/tracker/src/track/snapshot.js'
import { randomOf } from '../../libs/bpmn/src/testing/walk.js'
import { miscounted } from '../support/checker.js'
import { FedLog } from '../support/fed-log.js'
import { foldAll, isQuiet } from '../support/follower.js'
import { startPostgres } from '../support/postgres.js'
import { eventDraft, recordShop, START } from '../support/recorded-shop.js'
import { shuffled } from '../support/shuffled.js'
import { skipUnless } from '../support/requires.js'
import { BY_ORDER, cloudEvent, xmlOf } from '../support/small-process.js'
import { differences, emptyTables, readTables } from '../support/tables.js'
import { SharingTracker, until, type Sharing } from '../support/trackers.js'

const SPLITS = Number(process.env['TIDEMARK_SPLITS'] ?? 3)
const SEED = process.env['TIDEMARK_SEED'] ?? 'trackers'
const SHARDS = 4
const LEASE_MS = 1_000
const TIMEOUT_MS = 120_000

const postgres = await startPostgres()
const running = new Set<SharingTracker>()

describe.skipIf(skipUnless(postgres !== undefined, 'a Postgres server'))('several trackers on one log', () => {
  let db: Database
  beforeAll(async () => {
    db = await openDatabase({ dataDir: tmpdir(), databaseUrl: postgres!.url })
  }, TIMEOUT_MS)
  afterEach(async () => {
    await Promise.all([...running].map((tracker) => tracker.stop()))
    running.clear()
  })
  afterAll(async () => {
    await db?.close()
    await postgres?.stop()
  })

  let snapshots: SnapshotOptions
  beforeAll(async () => {
    snapshots = { dir: await mkdtemp(join(tmpdir(), 'tidemark-snapshots-')), kept: 9 }
  })
  afterAll(() => rm(snapshots.dir, { recursive: true, force: true }))
  const sharing = (log: Log): Sharing => ({ db, log, shards: SHARDS, leaseMs: LEASE_MS, snapshots })
  const start = async (name: string, log: Log) => {
    const tracker = await SharingTracker.start(name, sharing(log))
    running.add(tracker)
    return tracker
  }
  const stop = async (tracker: SharingTracker) => {
    running.delete(tracker)
    await tracker.stop()
  }
  const areShared = (two: readonly SharingTracker[]) => until('shards are shared', () => two.every(({ shards }) => shards.length === SHARDS / 2))
  const rebuildEnded = async () => ['done', 'failed'].includes((await readRebuild(db))?.status ?? '')
  const farthest = () => Math.max(0, ...[...running].map(({ progress }) => Number(progress.position)))
  /** Everything that is fed is folded, by whoever. */
  const settled = (log: Log) => until('everything is folded', async () => {
    for (const { failure } of running) if (failure !== undefined) throw failure
    const [row] = await db.query<{ position: string; clock: string }>(`select min(position) as position, min(clock) as clock from shard`)
    return BigInt(row!.position) >= log.stats().last && isQuiet(db, Number(row!.clock))
  })
  /** The log of a shop, of which nothing is fed yet, and the tables that one tracker kept of it. */
  const shop = async (seed: string) => {
    await emptyTables(db)
    const log = await recordShop(db, { seed, orders: 60, days: 16 })
    const alone = await readTables(db)
    await emptyTables(db)
    return { log: new FedLog(log, 10), alone }
  }

  test('share its shards, and fold what one folds', async () => {
    const { log, alone } = await shop(`${SEED}-share`)
    await Promise.all([start('a', log), start('b', log)])
    for (let part = 0; part < 10; part++) {
      log.feed(0.1)
      await settled(log)
    }
    log.feed(1)
    await settled(log)
    expect(differences(alone, await readTables(db))).toEqual([])
    expect(await miscounted(db)).toEqual([])
    await until('each has its half', () => [...running].every(({ shards }) => shards.length === SHARDS / 2))
    await until('each knows that all is folded', () => [...running].every(({ progress }) => progress.position === log.stats().last))
    expect([...running].filter(({ progress }) => progress.standing.leads)).toHaveLength(1)
  }, TIMEOUT_MS)

  test('hand shards over while they join and leave, and nothing is lost or doubled', async () => {
    const { log, alone } = await shop(`${SEED}-join`)
    log.feed(0.2)
    const first = await start('first', log)
    await until('it is under way', () => farthest() > 10)
    const second = await start('second', log)
    log.feed(0.2)
    await until('shards are shared', () => second.shards.length === SHARDS / 2)
    log.feed(0.2)
    await stop(first)
    await until('the other has all', () => second.shards.length === SHARDS)
    log.feed(0.2)
    const third = await start('third', log)
    await until('shards are shared again', () => third.shards.length === SHARDS / 2)
    log.feed(1)
    await settled(log)
    expect(differences(alone, await readTables(db))).toEqual([])
    expect(await miscounted(db)).toEqual([])
  }, TIMEOUT_MS)

  test('catch up with a model each in its own shards, and with those of one that leaves meanwhile; it is active when all have', async () => {
    await emptyTables(db)
    const log = new MemoryLog({ clock: () => START })
    const orders = Array.from({ length: 120 }, (_, n) => `order ${n}`)
    const events = (step: string) => orders.map((order) => eventDraft({ ...cloudEvent({ type: step, data: { order }, at: START }), id: `${step} ${order}`, time: new Date(START).toISOString() }))
    await log.append([...events('placed'), ...events('paid')])
    await log.append([{ kind: 'model', subject: 'model', payload: Buffer.from(JSON.stringify({ xml: xmlOf({ id: 'orders', steps: ['placed', 'paid', 'shipped'] }), mapping: BY_ORDER, by: 'test' })) }])
    await log.append(events('shipped'))
    await foldAll(db, log)
    const alone = await readTables(db)
    await emptyTables(db)
    const fed = new FedLog(log, 5)
    const [a, b] = await Promise.all([start('a', fed), start('b', fed)])
    await areShared([a, b])
    fed.feed(1)
    const statuses = async () => (await db.query<{ status: string; shards: string }>(`select status, count(*) as shards from model_shard group by status`))
    await until('both catch up', async () => (await statuses()).some(({ status, shards }) => status === 'catchingUp' && Number(shards) === SHARDS))
    await stop(b)
    await settled(fed)
    expect(await statuses()).toEqual([{ status: 'active', shards: String(SHARDS) }])
    expect(differences(alone, await readTables(db))).toEqual([])
    expect(alone.get('instance')).toHaveLength(orders.length)
  }, TIMEOUT_MS)

  test('find by other keys what belongs to either, also what waits for its key, while one is behind the other', async () => {
    await emptyTables(db)
    const run = generateOrders({ orders: 60, startTime: START, seed: SEED, ordersPerDay: 40, commands: 'timely' })
    const drafts = shuffled([...run].map(eventDraft), randomOf(7))
    const log = new MemoryLog({ clock: () => run.now() })
    await log.append([{ kind: 'model', subject: 'model', payload: Buffer.from(JSON.stringify({ xml: await readFile(modelFile, 'utf8'), by: 'test' })) }, ...drafts])
    await foldAll(db, log)
    const alone = await readTables(db)
    expect(alone.get('waiting_event')?.length).toBeGreaterThan(10)
    await emptyTables(db)
    const fed = new FedLog(log, 10)
    const [a, b] = await Promise.all([start('a', fed), start('b', fed)])
    await areShared([a, b])
    for (let part = 0; part < 6; part++) {
      const behind = part % 2 === 0 ? a : b
      behind.standStill()
      fed.feed(1 / 6)
      await pause(LEASE_MS / 3)
      behind.goOn()
    }
    fed.feed(1)
    await settled(fed)
    expect(differences(alone, await readTables(db))).toEqual([])
  }, TIMEOUT_MS)

  test('rebuild the state together: one folds it again, all go on in the tables that are swapped in', async () => {
    const { log, alone } = await shop(`${SEED}-rebuild`)
    const trackers = await Promise.all([start('a', log), start('b', log)])
    log.feed(0.6)
    await areShared(trackers)
    await settled(log)
    for (const damage of [`delete from token`, `update element_count set visits = visits + 1`, `delete from model_count`]) await db.query(damage)
    expect(await miscounted(db)).not.toEqual([])
    await askForRebuild(db, Date.now())
    log.feed(0.2)
    await until('it is done', rebuildEnded)
    expect(await readRebuild(db)).toMatchObject({ status: 'done', error: undefined })
    log.feed(1)
    await settled(log)
    expect(differences(alone, await readTables(db))).toEqual([])
    await until('each has its half', () => trackers.every(({ shards }) => shards.length === SHARDS / 2))
    expect(trackers.map(({ failure }) => failure)).toEqual([undefined, undefined])
  }, TIMEOUT_MS)

  test('rebuild the state also where somebody reads for longer than tables are waited for, and none of them goes back', async () => {
    const { log, alone } = await shop(`${SEED}-read`)
    const trackers = await Promise.all([start('a', log), start('b', log)])
    log.feed(0.3)
    await areShared(trackers)
    await settled(log)
    const waits = async (ms: number) => (await db.query(
      `select 1 from pg_locks where not granted and mode = 'AccessExclusiveLock' and waitstart < clock_timestamp() - make_interval(secs => $1::float8)`, [ms / 1_000])).length > 0
    const reader = db.transaction(async (tx) => {
      await tx.query('select count(*) from instance')
      await askForRebuild(db, Date.now())
      // Longer than the swap waits for it: it lets go, others go on, and it tries again.
      await until('the swap has waited for long', () => waits(2_500))
      await until('it has given up', async () => !(await waits(0)))
      log.feed(0.1)
      await settled(log)
      await until('the swap waits again', () => waits(0))
    })
    const seen = new Map<number, bigint>()
    const back: string[] = []
    const watching = until('it is done', async () => {
      for (const { id, position } of await readShards(db)) {
        if (position < (seen.get(id) ?? 0n)) back.push(`shard ${id}: from ${seen.get(id)} to ${position}`)
        seen.set(id, position)
      }
      return rebuildEnded()
    })
    await reader
    for (let step = 0; step < 20 && !(await rebuildEnded()); step++) {
      log.feed(0.02)
      await pause(50)
    }
    await watching
    expect(await readRebuild(db)).toMatchObject({ status: 'done', error: undefined })
    expect(back).toEqual([])
    log.feed(1)
    await settled(log)
    expect(differences(alone, await readTables(db))).toEqual([])
  }, TIMEOUT_MS)

  test('take snapshots while they go on, each with its shards where they stood; one goes on from the last', async () => {
    const { log, alone } = await shop(`${SEED}-snapshot`)
    const trackers = await Promise.all([start('a', log), start('b', log)])
    log.feed(0.2)
    await areShared(trackers)
    const taken: string[] = []
    for (let round = 0; round < 3; round++) {
      await until('it is asked for', async () => (await askForSnapshot(db, Date.now())) !== undefined)
      log.feed(0.2)
      await until('it is taken and checked', async () => ['done', 'failed'].includes((await readSnapshotJob(db))?.status ?? ''))
      const job = await readSnapshotJob(db)
      expect(job).toMatchObject({ status: 'done', error: undefined })
      taken.push(job!.name!)
    }
    await Promise.all(trackers.map(stop))
    const last = await readSnapshot(snapshots.dir, taken.at(-1)!)
    expect(last.verdict).toMatchObject({ found: 'folded', remarks: [] })
    log.feed(1)
    await emptyTables(db)
    await restoreSnapshot(db, last)
    await foldAll(db, log)
    expect(differences(alone, await readTables(db))).toEqual([])
  }, TIMEOUT_MS)

  test('try a version of a model while events come, and all go on with it; the log alone says the same', async () => {
    await emptyTables(db)
    const clock = { now: START }
    const log = new MemoryLog({ clock: () => clock.now })
    const xml = (steps: readonly string[]) => xmlOf({ id: 'parcels', steps })
    const tried = xml(['placed', 'packed', 'paid'])
    await log.append([{ kind: 'model', subject: 'model', payload: Buffer.from(JSON.stringify({ xml: xml(['placed', 'paid']), mapping: BY_ORDER, by: 'test' })) }])
    const trackers = await Promise.all([start('a', log), start('b', log)])
    const events = async (from: number, to: number) => {
      for (let order = from; order < to; order++) {
        clock.now += 60_000
        const types = ['placed', ...(order % 2 === 0 ? ['packed'] : []), ...(order % 3 === 0 ? [] : ['paid'])]
        await log.append(types.map((type) => eventDraft({ ...cloudEvent({ type, data: { order: `${order}` } }), id: `${type} ${order}`, time: new Date(clock.now).toISOString() })))
      }
    }
    await areShared(trackers)
    await events(0, 40)
    await settled(log)
    await askForShadow(db, { model: 'parcels', version: 2, hash: sourceHash(tried, BY_ORDER, undefined), since: ALWAYS, xml: tried, mapping: BY_ORDER, by: 'test' }, Date.now())
    await events(40, 60)
    await until('it is compared', async () => ['ready', 'failed'].includes((await readShadow(db))?.status ?? ''))
    const job = await readShadow(db)
    expect(job?.error).toBeUndefined()
    expect(job?.comparison?.different).toBeGreaterThan(0)
    await moveShadow(db, job!.id, ['ready'], 'accepting', Date.now())
    await events(60, 80)
    await until('it has taken over', async () => ['accepted', 'failed'].includes((await readShadow(db))?.status ?? ''))
    expect((await readShadow(db))?.error).toBeUndefined()
    await events(80, 90)
    await settled(log)
    await until('each has its half', () => trackers.every(({ shards }) => shards.length === SHARDS / 2))
    expect(trackers.map(({ failure }) => failure)).toEqual([undefined, undefined])
    await Promise.all(trackers.map(stop))
    expect(await db.query(`select distinct version from instance`)).toEqual([{ version: 2 }])
    const shared = await readTables(db)
    await emptyTables(db)
    await foldAll(db, log)
    expect(differences(shared, await readTables(db))).toEqual([])
  }, TIMEOUT_MS)

  test(`one that stands still longer than its lease writes nothing more in its old epoch (${SPLITS} times, seed ${SEED})`, async () => {
    const dice = new Dice(SEED)
    let fenced = 0
    for (let split = 0; split < SPLITS; split++) {
      const { log, alone } = await shop(`${SEED}-${split}`)
      const [a, b] = await Promise.all([start('a', log), start('b', log)])
      await areShared([a, b])
      log.feed(0.1 + dice.roll('moment', split) / 2)
      const isIdle = split === 0 || dice.roll('idle', split) < 0.5
      if (isIdle) await settled(log)
      const [still, other] = dice.roll('who', split) < 0.5 ? [a, b] : [b, a]
      if (isIdle) await until('it rests', () => still.rests)
      still.standStill()
      // It reads on, until it has something to commit.
      log.feed(0.1)
      const began = performance.now()
      await until('the other has taken over', () => other.shards.length === SHARDS)
      expect(performance.now() - began, 'a take-over takes a lease and two looks').toBeLessThan(LEASE_MS * 4)
      await until('it has gone on', () => other.progress.position >= log.stats().last)
      const epochs = await db.query(`select id, epoch, position from shard order by id`)
      still.goOn()
      await until('it has found out', () => still.fencedWrites > 0 || still.shards.length === 0)
      if ((await db.query(`select id, owner from shard where owner like '${still.name}/%'`)).length === 0) {
        expect(await db.query(`select id, epoch, position from shard order by id`)).toEqual(epochs)
      }
      await until('shards are shared again', () => still.shards.length === SHARDS / 2 && other.shards.length === SHARDS / 2)
      log.feed(1)
      await settled(log)
      fenced += still.fencedWrites
      expect(differences(alone, await readTables(db)), `split ${split}`).toEqual([])
      expect(await miscounted(db)).toEqual([])
      await stop(a)
      await stop(b)
    }
    expect(fenced).toBeGreaterThan(0)
  }, SPLITS * TIMEOUT_MS)
})
