import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { prepareDatabase } from '../../../../../test/support/database-template.js'
import { openPglite } from './open-pglite.js'
import { Upkeep } from './upkeep.js'
import type { Database } from '../database.js'

let dir: string
let database: Database
/** The embedded database has one session; what upkeep needs of a pool is its queries and who waits. */
const pool = (waitingCount = 0) =>
  ({ waitingCount, query: async (sql: string) => ({ rows: await database.query(sql) }) }) as unknown as pg.Pool

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tidemark-upkeep-'))
  await prepareDatabase(dir)
  database = await openPglite(join(dir, 'db'), { upkeep: false })
  await database.query(`create table busy (id int primary key, note text)`)
})
afterAll(async () => {
  await database.close()
  await rm(dir, { recursive: true, force: true })
})

test('a table that grew gets statistics, one that was rewritten is vacuumed, one that rests is left alone', async () => {
  const upkeep = new Upkeep(pool())
  await database.query(`insert into busy select id, 'x' from generate_series(1, 5000) as id`)
  expect(await upkeep.look()).toEqual(['analyze busy'])
  expect(await upkeep.look()).toEqual([])
  await database.query(`update busy set note = 'y'`)
  expect(await upkeep.look()).toEqual(['vacuum (analyze) busy'])
  expect(await upkeep.look()).toEqual([])
})

test('while others wait, vacuum waits until it is twice as needed', async () => {
  await database.query(`update busy set note = 'z' where id <= 2000`)
  const calm = await new Upkeep(pool(3)).look()
  expect(calm).not.toContainEqual(expect.stringContaining('vacuum'))
  await database.query(`update busy set note = 'a'`)
  expect(await new Upkeep(pool(3)).look()).toContainEqual(expect.stringContaining('vacuum'))
})

test('each 256 MB of changes end in a checkpoint', async () => {
  const statements: string[] = []
  let written = 1_000
  const counting = {
    waitingCount: 0,
    query: async (sql: string) => {
      statements.push(sql)
      return { rows: sql.includes('pg_wal_lsn_diff') ? [{ bytes: String(written) }] : [] }
    },
  } as unknown as pg.Pool
  const upkeep = new Upkeep(counting)
  await upkeep.look()
  written += 255 * 1024 * 1024
  expect(await upkeep.look()).toEqual([])
  written += 2 * 1024 * 1024
  expect(await upkeep.look()).toEqual(['checkpoint'])
  expect(await upkeep.look()).toEqual([])
  expect((await database.query<{ lsn: string }>('select pg_current_wal_insert_lsn()::text as lsn'))[0]?.lsn).toMatch(/^[0-9A-F]+\/[0-9A-F]+$/)
})
