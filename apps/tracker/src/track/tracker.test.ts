import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { prepareDatabase } from '../../../../test/support/database-template.js'
import { foldAll } from '../../../../test/support/follower.js'
import { recordShop } from '../../../../test/support/recorded-shop.js'
import { differences, emptyTables, readTables } from '../../../../test/support/tables.js'
import type { Database } from '../store/database.js'
import { openDatabase } from '../store/open-database.js'

let dataDir: string
let db: Database

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tidemark-tracker-'))
  await prepareDatabase(dataDir)
  db = await openDatabase({ dataDir })
}, 60_000)
afterAll(async () => {
  await db.close()
  await rm(dataDir, { recursive: true, force: true })
})

test('commits that fail while the next batch is already folded change nothing of what comes out', async () => {
  const log = await recordShop(db, { seed: 'failing', orders: 40, days: 9 })
  const smooth = await readTables(db)
  await emptyTables(db)
  let commits = 0
  const failing: Database = {
    embedded: db.embedded,
    query: (sql, params) => db.query(sql, params),
    close: () => db.close(),
    // Every fourth is rolled back at its end, every sixth is committed but its answer is lost.
    async transaction(run, options) {
      commits++
      if (commits % 6 === 5) {
        await db.transaction(run, options)
        throw new Error('the connection broke after the commit')
      }
      return db.transaction(async (tx) => {
        const result = await run(tx)
        if (commits % 4 === 3) throw new Error('the connection broke before the commit')
        return result
      }, options)
    },
  }
  await foldAll(failing, log, { batch: 25 })
  expect(commits).toBeGreaterThan(12)
  expect(differences(smooth, await readTables(db))).toEqual([])
}, 120_000)
