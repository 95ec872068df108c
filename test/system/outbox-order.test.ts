/** The order in which an outbox is read is that of commits, and it stays so over faults in the middle of it. */
import { describe, expect, test } from 'vitest'
import { Random } from '../../libs/log/src/testing/random.js'
import {
  connect, db, follow, given, insert, keepsCommitTimes, open, ORDER, PLAIN, postgres, standOnOutbox, taken, takes, until, WITH_TRANSACTION, writeLarge,
} from '../support/outbox-ground.js'
import { startPostgres } from '../support/postgres.js'
import { skipUnless } from '../support/requires.js'

/** Appends that fail while many write: half of them after they were kept. */
const FAULTS = 8

describe.skipIf(skipUnless(postgres !== undefined, 'a Postgres server'))('an outbox', () => {
  standOnOutbox()

  describe('is read in the order of commits', () => {
    test('a row with a lower id that commits later comes later, and is not waited for', async () => {
      await db.query(WITH_TRANSACTION)
      const [slow, quick] = [await connect(), await connect()]
      open.push(() => slow.end(), () => quick.end())
      follow()
      await slow.query('begin')
      await insert(slow, 'slow')
      await insert(quick, 'quick')
      await takes(1)
      expect((await taken()).map(({ subject }) => subject)).toEqual(['quick'])
      await slow.query('commit')
      await insert(quick, 'last')
      expect((await takes(3)).map(({ subject }) => subject)).toEqual(['quick', 'slow', 'last'])
    })

    test.skipIf(skipUnless(keepsCommitTimes, 'a Postgres with track_commit_timestamp'))('also where all of it is found in one look', async () => {
      await db.query(WITH_TRANSACTION)
      const clients = await Promise.all(Array.from({ length: 5 }, () => connect()))
      open.push(...clients.map((client) => () => client.end()))
      for (const [n, client] of clients.entries()) {
        await client.query('begin')
        await insert(client, n)
      }
      for (const n of [3, 0, 4, 2, 1]) await clients[n]!.query('commit')
      follow()
      expect((await takes(5)).map(({ subject }) => subject)).toEqual(['3', '0', '4', '2', '1'])
    })

    test('a table as Debezium has it, without a column for the transaction, loses nothing that a savepoint wrote', async () => {
      await db.query(PLAIN)
      const slow = await connect()
      open.push(() => slow.end())
      await slow.query('begin')
      await insert(slow, 'before')
      await slow.query('savepoint a')
      await insert(slow, 'inside')
      await slow.query('release a')
      await insert(db, 'quick')
      follow()
      // A look that must not take what is not committed, nor move past it.
      await until('it has looked', () => given.waysIn.list(), ([way]) => way !== undefined && way.error === undefined)
      await new Promise((resolve) => setTimeout(resolve, 100))
      expect(await taken()).toEqual([])
      await slow.query('commit')
      expect((await takes(3)).map(({ subject }) => subject).sort()).toEqual(['before', 'inside', 'quick'])
    })
  })

  /** Writers with transactions of several rows, savepoints and rollbacks; tells when each commit was asked for and answered. */
  async function write(writers: number, goesOn: () => boolean, seed: number): Promise<{ ids: string[]; asked: number; answered: number }[]> {
    const committed: { ids: string[]; asked: number; answered: number }[] = []
    let tick = 0
    await Promise.all(Array.from({ length: writers }, async (_, writer) => {
      const dice = new Random(seed + writer)
      const client = await connect()
      for (let n = 0; goesOn(); n += 1) {
        const ids: string[] = []
        await client.query('begin')
        for (let rows = 1 + dice.below(4); rows > 0; rows -= 1) {
          const id = `${writer}-${n}-${rows}`
          const undone = dice.below(5) === 0
          if (undone) await client.query('savepoint s')
          await insert(client, id)
          if (undone) await client.query('rollback to s')
          else ids.push(id)
        }
        if (dice.below(8) === 0) {
          await client.query('rollback')
          continue
        }
        const asked = (tick += 1)
        await client.query('commit')
        committed.push({ ids, asked, answered: (tick += 1) })
      }
      await client.end()
    }))
    return committed.filter(({ ids }) => ids.length > 0)
  }

  const flat = (committed: readonly { ids: string[] }[]) => committed.flatMap(({ ids }) => ids).sort()

  test.each([['with a column for the transaction', WITH_TRANSACTION, true], ['without one', PLAIN, false]])(
    'written by many at once is taken whole, once and in order, while appends fail before and after they were kept: %s',
    async (_how, table, isInOrder) => {
      await db.query(table)
      const append = given.log.append.bind(given.log)
      let faults = 0
      let repeated = 0
      let appends = 0
      given.log.append = async (drafts, options) => {
        appends += 1
        if (appends % 4 === 1) throw new Error(`lost (${(faults += 1)})`)
        const result = await append(drafts, options)
        repeated += result.duplicates
        if (appends % 4 === 3) throw new Error(`kept, but not told (${(faults += 1)})`)
        return result
      }
      let outbox = follow()
      const writing = write(6, () => faults < FAULTS, 11)
      for (let isDone = false; !isDone;) {
        isDone = await Promise.race([writing.then(() => true), new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 150))])
        await outbox.stop()
        outbox = follow()
      }
      const committed = await writing
      const expected = flat(committed)
      const subjects = (await takes(expected.length)).map(({ subject }) => subject!)
      expect([...subjects].sort()).toEqual(expected)
      expect(faults).toBeGreaterThanOrEqual(FAULTS)
      // The position alone kept them apart: the log had no repetition to recognise.
      expect(repeated).toBe(0)
      if (!isInOrder || !keepsCommitTimes) return
      const place = new Map(subjects.map((id, at) => [id, at]))
      // Rows of a transaction stand in their order, and a commit that was asked for after another was answered comes behind it.
      for (const { ids } of committed) expect(ids.map((id) => place.get(id)!)).toEqual(ids.map((id) => place.get(id)!).toSorted((a, b) => a - b))
      for (const first of committed) {
        const later = committed.filter(({ asked }) => asked > first.answered)
        const last = Math.max(...first.ids.map((id) => place.get(id)!))
        for (const { ids } of later) expect(Math.min(...ids.map((id) => place.get(id)!))).toBeGreaterThan(last)
      }
    },
  )

  test.each(['on', 'off'])('goes on in the middle of a set after a fault, with track_commit_timestamp %s', async (keeps) => {
    const server = keeps === 'on' ? postgres! : (await startPostgres())!
    if (server !== postgres) open.push(() => server.stop())
    const other = await connect(server.url)
    open.push(() => other.end())
    await other.query(WITH_TRANSACTION)
    await writeLarge(server.url)
    const append = given.log.append.bind(given.log)
    let [appends, repeated] = [0, 0]
    given.log.append = async (drafts, options) => {
      appends += 1
      if (appends % 3 === 1) throw new Error('lost')
      const result = await append(drafts, options)
      repeated += result.duplicates
      if (appends % 3 === 0) throw new Error('kept, but not told')
      return result
    }
    follow({ url: server.url })
    const subjects = (await takes(3_000)).map(({ subject }) => subject)
    const order = keeps === 'on' && keepsCommitTimes ? ORDER : ORDER.toSorted()
    expect(subjects).toEqual(order.flatMap((n) => Array.from({ length: 600 }, (_, row) => `${n}-${row + 1}`)))
    expect(repeated).toBe(0)
    expect(appends).toBeGreaterThan(4)
    // What was read stays read.
    await insert(other, 'last')
    expect((await takes(3_001)).at(-1)?.subject).toBe('last')
    expect(repeated).toBe(0)
  })
})
