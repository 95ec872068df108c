/**
 * What cannot be folded stops nothing: the instance is suspended with its events kept, and goes on when it can be folded again; where too many of
 * a model cannot, the model is stopped, and goes on when somebody says so. At the end the state is what it would have been without the fault.
 */
import { Unit } from '@tidemark/bpmn'
import { MemoryLog, type Draft } from '@tidemark/log'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { discardFault } from '../../apps/tracker/src/serve/discard.js'
import { findFault, listFaults, tryFaults } from '../../apps/tracker/src/serve/faults.js'
import type { Database } from '../../apps/tracker/src/store/database.js'
import { openEmbedded, type Embedded } from '../support/embedded-database.js'
import { foldAll, follow, type Follower } from '../support/follower.js'
import { eventDraft, START } from '../support/recorded-shop.js'
import { Fold } from '../../libs/bpmn/src/track/fold.js'
import { BY_ORDER, cloudEvent, xmlOf } from '../support/small-process.js'
import { differences, emptyTables, readTables } from '../support/tables.js'

const PATIENCE = { timeout: 60_000, interval: 20 }
const TIMEOUT_MS = 120_000
const STEPS = ['placed', 'paid', 'shipped']
const healthy = Unit.prototype.add
const healthyFold = Fold.prototype.fold
let embedded: Embedded
let db: Database
let follower: Follower | undefined
beforeEach(async () => {
  embedded = await openEmbedded()
  db = embedded.db
})
afterEach(async () => {
  Unit.prototype.add = healthy
  Fold.prototype.fold = healthyFold
  await follower?.stop()
  follower = undefined
  await embedded.close()
})

/** As a fault of ours would: events whose id names it cannot be folded. */
function breakTheFold(): void {
  Unit.prototype.add = function broken(this: Unit, facts) {
    if (facts.some(({ id }) => id.includes('poison'))) throw new RangeError('the fold does not end')
    healthy.call(this, facts)
  }
}

const model = (id: string): Draft => ({ kind: 'model', subject: 'model', payload: Buffer.from(JSON.stringify({ xml: xmlOf({ id, steps: STEPS.map((step) => `${id}.${step}`) }), mapping: BY_ORDER, by: 'test' })) })
const clockEntry: Draft = { kind: 'clock', subject: 'clock', payload: new Uint8Array() }

async function startedLog() {
  const clock = { now: START }
  const log = new MemoryLog({ clock: () => (clock.now += 1_000) })
  await log.append([model('orders'), model('claims')])
  follower = await follow(db, log)
  let events = 0
  const send = (of: string, step: string, key: string, id = `${of} ${key} ${step} ${events++}`) =>
    log.append([eventDraft({ ...cloudEvent({ type: `${of}.${step}`, data: { order: key }, at: START }), id, time: new Date(clock.now).toISOString() })])
  return { log, send }
}

const stateOf = async (key: string) => (await db.query<{ status: string; tokens: { element: string }[] }>(`select status, tokens_json::json as tokens from instance where key = $1`, [key]))[0]
const folded = (log: MemoryLog) => expect.poll(() => follower!.progress.position >= log.stats().last, PATIENCE).toBe(true)

/** What the log says, by a program without the fault. */
async function expectAsIfNothing(log: MemoryLog): Promise<void> {
  const live = await readTables(db)
  await follower!.stop()
  follower = undefined
  await emptyTables(db)
  await foldAll(db, log)
  expect(differences(live, await readTables(db))).toEqual([])
}

describe('an instance that cannot be folded', () => {
  test('is suspended with its events kept, and others go on; it is itself again once it can be folded', async () => {
    const { log, send } = await startedLog()
    for (const key of ['A', 'B']) await send('orders', 'placed', key)
    await follower!.settled()
    const before = await stateOf('A')
    breakTheFold()
    await send('orders', 'paid', 'A', 'poison 1')
    await send('orders', 'paid', 'B')
    await folded(log)
    await send('orders', 'shipped', 'A')
    await send('orders', 'shipped', 'B')
    await send('orders', 'paid', 'A', 'poison 1')
    await folded(log)
    expect(await stateOf('A')).toEqual(before)
    expect((await stateOf('B'))?.status).toBe('completed')
    const { items } = await listFaults(db, { limit: 10 })
    expect(items).toMatchObject([{ model: 'orders', key: 'A', events: 2, error: 'RangeError: the fold does not end' }])
    await expect(tryFaults(db, 'nothing')).rejects.toMatchObject({ status: 404, code: 'faultNotFound' })

    // Tried again without a mend, it stays what it is.
    expect(await tryFaults(db, items[0]!.unit)).toEqual({ tried: 1 })
    await log.append([clockEntry])
    await expect.poll(async () => (await db.query(`select 1 from deadline where at = 0`)).length, PATIENCE).toBe(0)
    expect((await listFaults(db, { limit: 10 })).items).toHaveLength(1)

    Unit.prototype.add = healthy
    expect(await tryFaults(db)).toEqual({ tried: 1 })
    await log.append([clockEntry])
    await expect.poll(async () => (await listFaults(db, { limit: 10 })).items, PATIENCE).toEqual([])
    expect((await stateOf('A'))?.status).toBe('completed')
    await follower!.settled()
    await expectAsIfNothing(log)
  }, TIMEOUT_MS)

  test('stays suspended over a restart, also where its first event cannot be folded', async () => {
    const { log, send } = await startedLog()
    await follower!.settled()
    breakTheFold()
    await send('orders', 'placed', 'A', 'poison first')
    await folded(log)
    await follower!.stop()
    follower = await follow(db, log)
    await send('orders', 'paid', 'A')
    await folded(log)
    expect(await stateOf('A')).toBeUndefined()
    expect((await listFaults(db, { limit: 10 })).items).toMatchObject([{ key: 'A', events: 2 }])
    Unit.prototype.add = healthy
    await tryFaults(db)
    await log.append([clockEntry])
    await expect.poll(async () => (await stateOf('A'))?.tokens.length, PATIENCE).toBe(1)
    await follower.settled()
    await expectAsIfNothing(log)
  }, TIMEOUT_MS)
})

test('what a rebuild has written of a suspended instance is no repetition when it dies between two portions and reads the same again', async () => {
  const { log, send } = await startedLog()
  breakTheFold()
  for (const key of ['A', ...Array.from({ length: 40 }, (_, n) => `order ${n}`)]) {
    await send('orders', 'placed', key, key === 'A' ? 'poison 1' : undefined)
    await send('orders', 'paid', key)
  }
  await send('orders', 'shipped', 'A')
  await folded(log)
  await follower!.settled()
  const live = await readTables(db)
  expect((await listFaults(db, { limit: 10 })).items).toMatchObject([{ key: 'A', events: 3 }])
  await follower!.stop()
  await emptyTables(db)

  // All of the log is held back, and written in many portions; only the last one moves the shards.
  const holdsBack = { facts: 1e6, bytes: 1e9, portion: 10, near: 0 }
  follower = await follow(db, log, holdsBack)
  const stored = async () => Number((await db.query<{ count: string }>('select count(*) from instance_event'))[0]?.count)
  await expect.poll(stored, { ...PATIENCE, interval: 1 }).toBeGreaterThan(10)
  await follower.stop()
  const [stopped] = await db.query<{ position: string }>('select min(position) as position from shard')
  expect([Number(stopped?.position) < 10, (await stored()) < 83], 'it died between two portions').toEqual([true, true])
  await foldAll(db, log, { holdsBack })
  expect(differences(live, await readTables(db))).toEqual([])
}, TIMEOUT_MS)

test('an instance whose past cannot be folded by this program stands as it is shown, and goes on by one that can', async () => {
  const { log, send } = await startedLog()
  await send('orders', 'placed', 'A', 'poison 1')
  await send('orders', 'paid', 'A')
  await follower!.settled()
  const before = await stateOf('A')
  await follower!.stop()
  breakTheFold()
  follower = await follow(db, log)
  await send('orders', 'shipped', 'A')
  await folded(log)
  expect(await stateOf('A')).toEqual(before)
  expect((await listFaults(db, { limit: 10 })).items).toMatchObject([{ key: 'A', events: 1 }])
  await tryFaults(db)
  await log.append([clockEntry])
  await expect.poll(async () => (await db.query(`select 1 from deadline where at = 0`)).length, PATIENCE).toBe(0)
  expect(await stateOf('A')).toEqual(before)
  Unit.prototype.add = healthy
  await tryFaults(db)
  await log.append([clockEntry])
  await expect.poll(async () => (await listFaults(db, { limit: 10 })).items, PATIENCE).toEqual([])
  expect((await stateOf('A'))?.status).toBe('completed')
  await follower.settled()
  await expectAsIfNothing(log)
}, TIMEOUT_MS)

test('an instance is folded without what somebody throws away, also by a program that still cannot fold it, and a rebuild knows that', async () => {
  const { log, send } = await startedLog()
  await send('orders', 'placed', 'A')
  await follower!.settled()
  Fold.prototype.fold = function broken(this: Fold, fact, facts) {
    // What was set aside is bound to nothing, and so not read.
    if (fact.id.includes('poison') && Object.keys(fact.labels).length > 0) throw new RangeError('the fold does not end')
    healthyFold.call(this, fact, facts)
  }
  const { last: poison } = await send('orders', 'paid', 'A', 'poison 1')
  await folded(log)
  await send('orders', 'shipped', 'A')
  await folded(log)
  const [fault] = (await listFaults(db, { limit: 10 })).items
  expect(await findFault(db, fault!.unit)).toMatchObject({ key: 'A', events: 2, waiting: [{ position: String(poison), id: 'poison 1', type: 'orders.paid' }, { type: 'orders.shipped' }] })
  const context = { db, log, progress: follower!.progress }
  const because = { by: 'Ada', comment: 'sent by a test' }
  await expect(discardFault(context, fault!.unit, { ...because, positions: ['1'] })).rejects.toMatchObject({ status: 422, code: 'invalidCorrection' })
  await expect(discardFault(context, 'nothing', because)).rejects.toMatchObject({ status: 404, code: 'faultNotFound' })
  expect(await discardFault(context, fault!.unit, { ...because, positions: [String(poison)] })).toEqual({ discarded: 1 })
  await log.append([clockEntry])
  await expect.poll(async () => (await listFaults(db, { limit: 10 })).items, PATIENCE).toEqual([])
  expect((await stateOf('A'))?.status).toBe('completed')
  expect(await db.query(`select op, target, actor, comment from operation`)).toEqual([{ op: 'setAside', target: fault!.unit, actor: 'Ada', comment: 'sent by a test' }])
  await follower!.settled()
  await expectAsIfNothing(log)
}, TIMEOUT_MS)

test('a model of which many instances cannot be folded is stopped, others go on, and it goes on from there when somebody says so', async () => {
  const { log, send } = await startedLog()
  await send('orders', 'placed', 'before')
  await follower!.settled()
  breakTheFold()
  const many = Array.from({ length: 30 }, (_, index) => `K${index}`)
  await log.append(many.map((key) => eventDraft({ ...cloudEvent({ type: 'orders.placed', data: { order: key }, at: START }), id: `poison ${key}`, time: new Date(START).toISOString() })))
  await send('claims', 'placed', 'C')
  await folded(log)
  const statusOf = async () => (await db.query<{ status: string }>(`select status from model_version where model = 'orders'`))[0]?.status
  expect(await statusOf()).toBe('suspended')
  expect((await listFaults(db, { limit: 10 })).items).toEqual([])
  expect((await stateOf('C'))?.tokens).toHaveLength(1)
  await send('orders', 'placed', 'after')
  await folded(log)
  expect(await stateOf('after')).toBeUndefined()

  Unit.prototype.add = healthy
  await log.append([{ kind: 'operation', subject: 'operation.resumeModel', payload: Buffer.from(JSON.stringify({ op: 'resumeModel', model: 'orders', by: 'Ada' })) }])
  await expect.poll(statusOf, PATIENCE).toBe('active')
  expect(await db.query(`select 1 from instance where model = 'orders'`)).toHaveLength(many.length + 2)
  expect(await db.query(`select actor, target from operation`)).toEqual([{ actor: 'Ada', target: 'orders' }])
  await follower!.settled()
  await expectAsIfNothing(log)
}, TIMEOUT_MS)
