/** One tracker that takes over from another which stands still in the middle of a commit. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EmbeddedLog } from '@tidemark/log'
import pg from 'pg'
import { afterAll, describe, expect, test } from 'vitest'
import { startPostgres } from '../../../../test/support/postgres.js'
import { skipUnless } from '../../../../test/support/requires.js'
import { openDatabase } from '../store/open-database.js'
import { Progress } from '../store/progress.js'
import { ensureShards } from '../store/shards.js'
import { SoleOwner } from './ownership.js'

const postgres = await startPostgres()

describe.skipIf(skipUnless(postgres !== undefined, 'a Postgres server'))('the only tracker', () => {
  afterAll(() => postgres?.stop())

  test('waits for nobody who holds its shards in a commit that does not end', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'tidemark-ownership-'))
    const log = await EmbeddedLog.open(join(dataDir, 'log'))
    const db = await openDatabase({ dataDir, databaseUrl: postgres!.url })
    await ensureShards(db, 2, log)
    const before = new SoleOwner(db, new Progress())
    await before.settle()
    const stopped = new pg.Client({ connectionString: postgres!.url })
    stopped.on('error', () => undefined)
    await stopped.connect()
    await stopped.query(`begin; select set_config('application_name', '${before.commits.sessionName}', true)`)
    await stopped.query('update shard set position = 7')
    const { mine } = await new SoleOwner(db, new Progress()).settle()
    expect(mine.map(({ position }) => position)).toEqual([0n, 0n])
    await expect(stopped.query('commit')).rejects.toThrow()
    await expect(before.settle()).rejects.toMatchObject({ code: 'fenced' })
    await db.close()
    await log.close()
    await rm(dataDir, { recursive: true, force: true })
  })
})
