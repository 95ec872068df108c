import { tmpdir } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startPostgres } from '../../../../../test/support/postgres.js'
import { skipUnless } from '../../../../../test/support/requires.js'
import type { Database } from '../database.js'
import { openDatabase } from '../open-database.js'
import { moveShards, readShards } from '../write/shards.js'
import { dropFreshTables, freshTables, makeFreshTables, REBUILD_SCHEMA } from './fresh-tables.js'
import { swapTables } from './swap.js'

const postgres = await startPostgres()

describe.skipIf(skipUnless(postgres !== undefined, 'a Postgres server'))('tables are swapped while another tracker follows', () => {
  let db: Database
  beforeAll(async () => {
    db = await openDatabase({ dataDir: tmpdir(), databaseUrl: postgres!.url })
  })
  afterAll(async () => {
    await db?.close()
    await postgres?.stop()
  })
  beforeEach(async () => {
    await dropFreshTables(db)
    await db.query('delete from shard')
    await insertShards(db, 7)
    await insertShards(await makeFreshTables(db), 5)
  })

  const insertShards = (to: Database, position: number) =>
    to.query(`insert into shard (id, epoch, owner, position, clock, log_identity, checksum) select id, 1, 'b', $1, 0, 'log', '' from generate_series(0, 1) as id`, [position])
  const positions = async (of: Database = db) => (await readShards(of)).map(({ position }) => Number(position))
  /** What the other tracker commits: answers whether it still had its shards. */
  const commit = async (to: bigint) => {
    const mine = await readShards(db)
    return db.transaction((tx) => moveShards(tx, mine, { position: to, clock: 0, checksum: '' }), { atOnce: true, byKey: true }).catch(() => false)
  }
  const untilSomebodyWaits = async () => {
    while ((await db.query('select 1 from pg_locks where not granted')).length === 0) await pause(10)
  }

  test('it waits, and the new ones have come to where it is: nothing goes back', async () => {
    await commit(8n)
    let late: Promise<boolean> | undefined
    const asked: bigint[] = []
    let stopped = 0
    await swapTables(db, REBUILD_SCHEMA, {
      apart: {
        upTo: async (position) => {
          asked.push(position)
          late = commit(9n)
          await untilSomebodyWaits()
          expect(await positions()).toEqual([8, 8])
          await freshTables(db).query('update shard set position = $1', [position])
        },
        stop: async () => void stopped++,
      },
    })
    expect([asked, stopped]).toEqual([[8n], 1])
    // It was to be written to the tables that are gone.
    expect(await late).toBe(false)
    expect(await positions()).toEqual([8, 8])
    // One commit before it, and the swap itself, which a tracker that only looks would miss otherwise.
    expect((await readShards(db)).map(({ epoch, owner, commits }) => [epoch, owner, commits])).toEqual([[2n, 'b', 2], [2n, 'b', 2]])
    expect(await commit(9n)).toBe(true)
  })

  test('one whose commit has lost its answer has happened, once', async () => {
    const lost = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })
    let tries = 0
    const also: string[] = []
    const losing: Database = {
      embedded: false, query: db.query.bind(db), close: db.close.bind(db),
      async transaction(run, options) {
        const answer = await db.transaction(run, options)
        if (++tries === 1) throw lost
        return answer
      },
    }
    await swapTables(losing, REBUILD_SCHEMA, {
      apart: { upTo: async (position) => void (await freshTables(db).query('update shard set position = $1', [position])), stop: async () => undefined }, also: async () => void also.push('once'),
    })
    expect([tries, also]).toEqual([2, ['once']])
    expect(await positions()).toEqual([7, 7])
  })

  test('one that has to wait for long leaves it to whoever still folds to come again', async () => {
    let reader: Promise<void> | undefined
    const letGo = await new Promise<() => void>((reads, fails) => {
      reader = db.transaction(async (tx) => {
        await tx.query('select count(*) from instance')
        await new Promise<void>((resolve) => reads(resolve))
      })
      reader.catch(fails)
    })
    let stopped = 0
    const swapped = swapTables(db, REBUILD_SCHEMA, { apart: { upTo: async () => undefined, stop: async () => void stopped++ } })
    await expect(swapped).rejects.toMatchObject({ code: '55P03' })
    expect(stopped).toBe(0)
    expect(await commit(9n)).toBe(true)
    letGo()
    await reader
  })

  test('it goes on at once where the new ones do not come so far', async () => {
    const gaveUp = swapTables(db, REBUILD_SCHEMA, { apart: { upTo: () => Promise.reject(new Error('cancelled')), stop: async () => undefined } })
    await expect(gaveUp).rejects.toThrow('cancelled')
    expect(await commit(9n)).toBe(true)
    expect(await positions()).toEqual([9, 9])
    expect(await positions(freshTables(db))).toEqual([5, 5])
  })
})
