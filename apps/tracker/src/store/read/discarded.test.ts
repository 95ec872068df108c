import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { prepareDatabase } from '../../../../../test/support/database-template.js'
import type { Database } from '../database.js'
import { openDatabase } from '../open-database.js'
import { readDiscarded } from './events.js'
import { readFaultTotals } from './faults.js'

const OPERATIONS = 20_000
const DISCARDED = 50
let dataDir: string
let db: Database

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tidemark-discarded-'))
  await prepareDatabase(dataDir)
  db = await openDatabase({ dataDir })
  await db.query(
    `insert into operation (position, op, target, actor, at, outcome)
     select n, case when n <= $1::int then 'discardEvent' else 'acknowledgeAlert' end, (n + 1000000)::text, 'ada', n, 'done' from generate_series(1, $2::int) as n`, [DISCARDED, OPERATIONS])
  await db.query(
    `insert into event_fate (position, model, kind, reason) select n + 1000000, 'orders', 'quarantined', 'unreadable' from generate_series(1, $1::int) as n`, [DISCARDED + 7])
  await db.query('analyze')
}, 60_000)
afterAll(async () => {
  await db.close()
  await rm(dataDir, { recursive: true, force: true })
})

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
