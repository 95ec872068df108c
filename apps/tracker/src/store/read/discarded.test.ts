import { afterAll, beforeAll, expect, test } from 'vitest'
import { openEmbedded, type Embedded } from '../../../../../test/support/embedded-database.js'
import type { Database } from '../database.js'
import { readDiscarded } from './events.js'
import { readFaultTotals } from './faults.js'

const OPERATIONS = 20_000
const DISCARDED = 50
let embedded: Embedded
let db: Database

beforeAll(async () => {
  embedded = await openEmbedded()
  db = embedded.db
  await db.query(
    `insert into operation (position, op, target, actor, at, outcome)
     select n, case when n <= $1::int then 'discardEvent' else 'acknowledgeAlert' end, (n + 1000000)::text, 'ada', n, 'done' from generate_series(1, $2::int) as n`, [DISCARDED, OPERATIONS])
  await db.query(
    `insert into event_fate (position, model, kind, reason) select n + 1000000, 'orders', 'quarantined', 'unreadable' from generate_series(1, $1::int) as n`, [DISCARDED + 7])
  await db.query('analyze')
}, 60_000)
afterAll(() => embedded.close())

/** How often the table was read whole, and how many rows were looked at by the index of what was discarded. */
async function looks(): Promise<{ whole: number; byIndex: number }> {
  await db.query('select pg_stat_force_next_flush()')
  const [row] = await db.query<{ whole: string; by_index: string }>(
    `select (select seq_scan from pg_stat_user_tables where relname = 'operation') as whole,
       (select idx_tup_read from pg_stat_user_indexes where indexrelname = 'operation_discarded') as by_index`)
  return { whole: Number(row?.whole), byIndex: Number(row?.by_index) }
}

test('what was thrown away is found without reading everything that people did', async () => {
  const before = await looks()
  const rows = await readDiscarded(db, ['1000001', '1000050', String(1_000_000 + OPERATIONS), 'nothing'])
  expect(rows.map(({ position, actor }) => [position, actor])).toEqual([['1000001', 'ada'], ['1000050', 'ada']])
  expect(await readFaultTotals(db)).toMatchObject({ events: '7' })
  const after = await looks()
  expect(after.whole).toBe(before.whole)
  expect(after.byIndex).toBeGreaterThan(before.byIndex)
})
