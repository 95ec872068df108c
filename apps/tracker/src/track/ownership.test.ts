/** One tracker that takes over from another which stands still in the middle of a commit. */
import { EventEmitter, once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EmbeddedLog } from '@tidemark/log'
import { afterAll, describe, expect, test } from 'vitest'
import { startPostgres } from '../../../../test/support/postgres.js'
import { skipUnless } from '../../../../test/support/requires.js'
import { openDatabase } from '../store/open-database.js'
import { Progress } from '../store/progress.js'
import { makeFreshTables } from '../store/rebuild/fresh-tables.js'
import { ensureShards } from '../store/shards.js'
import { SoleOwner } from './ownership.js'

const postgres = await startPostgres()

describe.skipIf(skipUnless(postgres !== undefined, 'a Postgres server'))('the only tracker', () => {
  afterAll(() => postgres?.stop())

  test('waits for nobody who holds its shards in a commit that does not end; other tables are none of its business', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'tidemark-ownership-'))
    const log = await EmbeddedLog.open(join(dataDir, 'log'))
    const db = await openDatabase({ dataDir, databaseUrl: postgres!.url })
    await ensureShards(db, 2, log)
    const before = new SoleOwner(db, new Progress())
    await before.settle()
    const turns = new EventEmitter()
    const locked = once(turns, 'locked')
    const goesOn = once(turns, 'goesOn')
    const commit = db.transaction(async (tx) => {
      await tx.query('update shard set position = 7')
      turns.emit('locked')
      await goesOn
      await tx.query('select 1')
    }, before.commits)
    commit.catch(() => undefined)
    await locked
    const fresh = await makeFreshTables(db)
    await ensureShards(fresh, 2, log)
    await new SoleOwner(fresh, new Progress()).settle()
    const held = () => db.query(`select pid from pg_stat_activity where application_name = $1`, [before.commits.sessionName])
    expect(await held()).toHaveLength(1)
    const { mine } = await new SoleOwner(db, new Progress()).settle()
    expect(mine.map(({ position }) => position)).toEqual([0n, 0n])
    expect(await held()).toHaveLength(0)
    turns.emit('goesOn')
    await expect(commit).rejects.toThrow()
    await expect(before.settle()).rejects.toMatchObject({ code: 'fenced' })
    await db.close()
    await log.close()
    await rm(dataDir, { recursive: true, force: true })
  })
})
