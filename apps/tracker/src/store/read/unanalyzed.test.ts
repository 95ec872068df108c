import { afterAll, beforeAll, expect, test } from 'vitest'
import { openEmbedded, type Embedded } from '../../../../../test/support/embedded-database.js'
import type { Database } from '../database.js'
import { readFates, readTracked } from './events.js'
import { readInstance, readInstances } from './instances.js'

const ROWS = 20_000
/** Of a page. */
const ASKED = 50
let embedded: Embedded
let db: Database

/** The row of this number; every one is a unit, an instance, a key and an event. */
const idAt = (number: number) => `00000000-0000-0000-0000-${String(number).padStart(12, '0')}`
const numbers = Array.from({ length: ASKED }, (_, index) => 1 + index * 100)

beforeAll(async () => {
  embedded = await openEmbedded()
  db = embedded.db
  const id = `lpad(n::text, 32, '0')::uuid`
  for (const [into, values] of [
    ['instance (id, unit, run, shard, model, version, key, status, started_at, last_event_at, shown_at, position, tokens_json, variables_json)', `${id}, ${id}, 0, 0, 'order', 1, n::text, 'active', n, n, n, n, '[]', '{}'`],
    ['instance_key (model, name, value, unit, primary_key, learned_at)', `'order', 'paymentId', 'P-' || n, ${id}, n::text, n`],
    ['instance_event (unit, position, kind, time, append_time, source, event_id, type, content_hash, labels_json, instance, element)', `${id}, n, 'event', n, n, 's', n::text, 't', '', '{}', ${id}, 'pay'`],
    ['event_fate (position, model, kind, reason)', `n, 'other', 'ignored', 'no key'`],
  ]) await db.query(`insert into ${into} select ${values} from generate_series(1, $1::int) as n`, [ROWS])
}, 60_000)
afterAll(() => embedded.close())

/** How often each table was read whole. */
async function readWhole(): Promise<unknown> {
  await db.query('select pg_stat_force_next_flush()')
  return db.query(`select relname, seq_scan from pg_stat_user_tables where relname in ('instance', 'instance_key', 'instance_event', 'event_fate') order by relname`)
}

test('what a page shows is looked up row by row, in tables that were filled a moment ago and never analyzed', async () => {
  const before = await readWhole()
  expect((await readInstances(db, { key: { value: 'P-7', units: [idAt(7), idAt(8), idAt(ROWS + 1)] } }, ASKED)).rows.map(({ key }) => key)).toEqual(['8', '7'])
  expect((await readInstances(db, { key: { value: 'P-7', units: numbers.map(idAt) } }, ASKED + 1)).rows).toHaveLength(ASKED + 1)
  expect((await readInstance(db, idAt(7)))?.keys).toEqual([['paymentId', 'P-7']])
  expect((await readTracked(db, numbers.map(String))).map(({ position, model, element }) => [Number(position), model, element])).toEqual(numbers.map((number) => [number, 'order', 'pay']))
  expect((await readFates(db, numbers.map(String))).map(({ position }) => Number(position))).toEqual(numbers)
  expect(await readWhole()).toEqual(before)
})
