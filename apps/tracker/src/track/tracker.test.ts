import { setImmediate } from 'node:timers/promises'
import { MemoryLog } from '@tidemark/log'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openEmbedded, type Embedded } from '../../../../test/support/embedded-database.js'
import { foldAll, follow } from '../../../../test/support/follower.js'
import { eventDraft, recordShop, START } from '../../../../test/support/recorded-shop.js'
import { BY_ORDER, cloudEvent, xmlOf } from '../../../../test/support/small-process.js'
import { differences, emptyTables, readTables } from '../../../../test/support/tables.js'
import type { Database, TransactionOptions } from '../store/database.js'

let embedded: Embedded
let db: Database

beforeAll(async () => {
  embedded = await openEmbedded()
  db = embedded.db
}, 60_000)
afterAll(() => embedded.close())

test('commits that fail while the next batch is already folded change nothing of what comes out', async () => {
  const log = await recordShop(db, { seed: 'failing', orders: 40, days: 9 })
  const smooth = await readTables(db)
  await emptyTables(db)
  const failing = failingCommits(db)
  await foldAll(failing.db, log, { batch: 25 })
  expect(failing.commits()).toBeGreaterThan(12)
  expect(differences(smooth, await readTables(db))).toEqual([])
}, 120_000)

test('what a batch writes goes out at once with its commit, and is planned once', async () => {
  await emptyTables(db)
  const options: TransactionOptions[] = []
  const seen: Database = {
    embedded: db.embedded,
    query: (sql, params) => db.query(sql, params),
    close: () => db.close(),
    transaction: (run, how = {}) => {
      options.push(how)
      return db.transaction(run, how)
    },
  }
  const log = new MemoryLog({ clock: () => at(60) })
  await log.append([{ kind: 'model', subject: 'model', payload: Buffer.from(JSON.stringify({ xml: xmlOf({ id: 'orders', steps: ['placed', 'paid'] }), mapping: BY_ORDER, by: 'test' })) }])
  const follower = await follow(seen, log)
  const BATCHES = 5
  for (let n = 0; n < BATCHES; n++) {
    await follower.settled()
    await log.append([eventDraft({ ...cloudEvent({ type: 'placed', data: { order: `order ${n}` }, at: at(n) }), time: new Date(at(n)).toISOString() })])
  }
  await follower.settled()
  await follower.stop()
  expect(options.filter((how) => how.atOnce === true && how.byKey === true).length).toBeGreaterThanOrEqual(BATCHES)
}, 120_000)

test('a model becomes active though something comes in with each commit', async () => {
  await emptyTables(db)
  const log = new MemoryLog({ clock: () => at(60) })
  const placed = (n: number) => eventDraft({ ...cloudEvent({ type: 'placed', data: { order: `order ${n}` }, at: at(n % 50) }), time: new Date(at(n % 50)).toISOString() })
  await log.append(Array.from({ length: 50 }, (_, n) => placed(n)))
  const follower = await follow(db, log)
  await follower.settled()
  let more = 0
  const MOST = 150
  follower.progress.watch(() => {
    if (more < MOST) void log.append([placed(50 + more++)])
  })
  await log.append([{ kind: 'model', subject: 'model', payload: Buffer.from(JSON.stringify({ xml: xmlOf({ id: 'orders', steps: ['placed', 'paid'] }), mapping: BY_ORDER, by: 'test' })) }])
  while ((await db.query(`select 1 from model_version where status = 'active'`)).length === 0) await setImmediate()
  expect(more).toBeLessThan(MOST)
  more = MOST
  await follower.settled()
  const live = await readTables(db)
  await follower.stop()
  await emptyTables(db)
  await foldAll(db, log)
  expect(differences(live, await readTables(db))).toEqual([])
}, 120_000)

test('an instance whose commits fail while its beginning moves is still found by every id that it had, and no token of it stays behind', async () => {
  await emptyTables(db)
  const log = new MemoryLog({ clock: () => at(60) })
  const steps = ['placed', 'paid', 'shipped', 'delivered']
  await log.append([{ kind: 'model', subject: 'model', payload: Buffer.from(JSON.stringify({ xml: xmlOf({ id: 'orders', steps }), mapping: BY_ORDER, by: 'test' })) }])
  const failing = failingCommits(db)
  const follower = await follow(failing.db, log)
  const ids = new Set<string>()
  for (const [index, step] of [...steps].reverse().entries()) {
    for (const order of ORDERS) await log.append([eventDraft({ ...cloudEvent({ type: step, data: { order }, at: at(40 - index) }), time: new Date(at(40 - index)).toISOString() })])
    await follower.settled()
    for (const { id } of await db.query<{ id: string }>(`select id from instance`)) ids.add(id)
  }
  await follower.stop()
  const rows = await db.query<{ id: string; former_ids: string[] }>(`select id, former_ids from instance`)
  expect(rows).toHaveLength(ORDERS.length)
  expect(new Set(rows.flatMap(({ id, former_ids }) => [id, ...former_ids]))).toEqual(ids)
  expect(ids.size).toBe(ORDERS.length * steps.length)
  expect(await db.query(`select * from token where instance not in (select id from instance)`)).toEqual([])
  const live = await readTables(db)
  await emptyTables(db)
  await foldAll(db, log)
  expect(differences(live, await readTables(db))).toEqual([])
}, 120_000)

const ORDERS = ['A', 'B', 'C', 'D', 'E', 'F']
const at = (minutes: number) => START + minutes * 60_000

/** Of transactions that write every fourth is rolled back at its end, and every sixth is committed but its answer is lost. */
function failingCommits(through: Database): { readonly db: Database; readonly commits: () => number } {
  let commits = 0
  const failing: Database = {
    embedded: through.embedded,
    query: (sql, params) => through.query(sql, params),
    close: () => through.close(),
    async transaction(run, options) {
      if (options?.readsOnly === true) return through.transaction(run, options)
      commits++
      if (commits % 6 === 5) {
        await through.transaction(run, options)
        throw new Error('the connection broke after the commit')
      }
      return through.transaction(async (tx) => {
        const result = await run(tx)
        if (commits % 4 === 3) throw new Error('the connection broke before the commit')
        return result
        // Else the commit were on its way already.
      }, { ...options, atOnce: false })
    },
  }
  return { db: failing, commits: () => commits }
}
