import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrations } from '@tidemark/migrations'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { prepareDatabase } from '../../../../test/support/database-template.js'
import { startPostgres } from '../../../../test/support/postgres.js'
import { skipUnless } from '../../../../test/support/requires.js'
import { TrackerError } from '../problem.js'
import { copyRows } from './binary.js'
import type { Database, Transaction } from './database.js'
import { migrate } from './migrate.js'
import { openDatabase } from './open-database.js'
import { moveShards } from './write/shards.js'

const postgres = await startPostgres()

describe('the embedded database', () => behavesAsDatabase(async () => undefined))
describe.skipIf(skipUnless(postgres !== undefined, 'a Postgres server'))('a Postgres server', () => {
  afterAll(() => postgres?.stop())
  behavesAsDatabase(async () => postgres?.url)
})

function behavesAsDatabase(urlOf: () => Promise<string | undefined>) {
  let dataDir: string
  let database: Database

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'tidemark-database-'))
    const databaseUrl = await urlOf()
    if (databaseUrl === undefined) await prepareDatabase(dataDir)
    database = await openDatabase({ dataDir, ...(databaseUrl === undefined ? {} : { databaseUrl }) })
    await database.query(`create table sample (id bigint primary key, unit uuid, note text, data jsonb)`)
  })
  afterAll(async () => {
    await database.query(`drop table sample`)
    await database.close()
    await rm(dataDir, { recursive: true, force: true })
  })

  test('has the schema, and opening it again changes nothing', async () => {
    await migrate(database)
    expect(await database.query(`select id from schema_migration order by id`)).toEqual(migrations.map(({ id }) => ({ id })))
    expect(await database.query(`select * from instance`)).toEqual([])
  })

  describe('rows that are copied', () => {
    beforeAll(() => database.query('create table copied (a int primary key, b text, c boolean, d json)'))
    afterAll(() => database.query('drop table copied'))

    test('arrive as they were, whatever stands in them', async () => {
      const texts = ['plain', 'tab\there', 'line\nbreak\r', 'back\\slash \\N', '', '€ 𝄞', '\\.']
      const rows = copyRows([...texts.entries()], 4, (out, [at, text]) => out.int(at).text(text).boolean(at % 2 === 0).text(JSON.stringify({ text })))
      await database.transaction((tx) => tx.copy('copy copied (a, b, c, d) from stdin (format binary)', rows))
      expect(await database.query('select * from copied order by a')).toEqual(texts.map((text, a) => ({ a, b: text, c: a % 2 === 0, d: { text } })))
    })

    test('leave as they came', async () => {
      const lines = Buffer.from('1\ttab\\there\n2\t\\N\n')
      await database.transaction(async (tx) => {
        await tx.query('delete from copied')
        await tx.copy('copy copied (a, b) from stdin', lines)
        const [out, [row]] = await Promise.all([tx.copyOut('copy (select a, b from copied order by a) to stdout'), tx.query('select count(*) as n from copied')])
        expect({ out, row }).toEqual({ out: lines, row: { n: '2' } })
        await tx.query('delete from copied')
      })
      await expect(database.transaction((tx) => tx.copyOut('copy (select * from nowhere) to stdout'))).rejects.toThrow('nowhere')
      await expect(database.transaction((tx) => tx.query('delete from copied'), { seesOneMoment: true })).rejects.toThrow('read-only')
    })

    const numbers = (...of: number[]) => copyRows(of, 1, (out, number) => out.int(number))

    test('share the transaction with statements issued beside them', async () => {
      await database.transaction((tx) => Promise.all([
        tx.query('delete from copied'), tx.copy('copy copied (a) from stdin (format binary)', numbers(1, 2)), tx.query(`update copied set b = 'one' where a = $1`, [1]),
      ]))
      expect(await database.query('select a, b from copied order by a')).toEqual([{ a: 1, b: 'one' }, { a: 2, b: null }])
    })

    test('leave nothing where one of them is refused, and the session goes on', async () => {
      await expect(database.transaction((tx) => Promise.all([
        tx.copy('copy copied (a) from stdin (format binary)', numbers(7, 8)), tx.copy('copy copied (a) from stdin (format binary)', numbers(9, 7)), tx.copy('copy copied (a) from stdin (format binary)', numbers(10)), tx.query('select 1'),
      ]))).rejects.toThrow(/duplicate key/)
      expect(await database.query('select a from copied order by a')).toEqual([{ a: 1 }, { a: 2 }])
      await database.transaction((tx) => tx.copy('copy copied (a) from stdin (format binary)', numbers(7)))
      expect(await database.query('select a from copied where a = $1', [7])).toEqual([{ a: 7 }])
    })
  })

  test('takes and gives every shape the rooms use', async () => {
    const unit = '00000000-0000-4000-8000-000000000001'
    const [row] = await database.query(
      `select $1::bigint as big, $2::jsonb as json, $3::uuid[] as uuids, $4::bigint[] as bigs, $5::text[] as texts, $6::boolean[] as flags,
              $7::int[] as ints, $8::jsonb[] as jsons, $9::uuid as uuid, $10::text as nothing, 3::int as small, $11::jsonb as list`,
      [
        9007199254740993n, { a: [1, { b: 'ü' }] }, [unit], [1n, 9007199254740993n], ['a,b', 'c"d\\e', '{}', '', null], [true, false],
        [1, 2], ['{"x":"y,\\"z"}', 'null'], unit, null, JSON.stringify([1, 2]),
      ],
    )
    expect(row).toEqual({
      big: '9007199254740993', json: { a: [1, { b: 'ü' }] }, uuids: [unit], bigs: ['1', '9007199254740993'],
      texts: ['a,b', 'c"d\\e', '{}', '', null], flags: [true, false], ints: [1, 2], jsons: [{ x: 'y,"z' }, null], uuid: unit, nothing: null, small: 3,
      list: [1, 2],
    })
  })

  test('commits what a transaction did, all of it or nothing', async () => {
    await database.transaction(async (tx) => {
      await Promise.all([
        tx.query(`insert into sample (id) select unnest($1::bigint[])`, [[1, 2, 3]]),
        tx.query(`update sample set note = $1 where id = 2`, ['second']),
      ])
    }, { synchronousCommit: false })
    await expect(
      database.transaction(async (tx) => {
        await tx.query(`delete from sample`)
        throw new Error('no')
      }),
    ).rejects.toThrow('no')
    expect(await database.query(`select id, note from sample order by id`)).toEqual([
      { id: '1', note: null }, { id: '2', note: 'second' }, { id: '3', note: null },
    ])
  })

  test('does not call a transaction committed in which a statement failed and the error was swallowed', async () => {
    await expect(
      database.transaction(async (tx) => {
        await tx.query(`insert into sample (id) values (10)`)
        await tx.query(`select 1 / 0`).catch(() => undefined)
      }),
    ).rejects.toThrow(/rolled back/)
    expect(await database.query(`select 1 from sample where id = 10`)).toEqual([])
  })

  describe('a transaction that is over', () => {
    /** Ends while something of it still runs, and answers how many of its rows there are. */
    async function endsTooEarly(fails: boolean): Promise<number> {
      let left: Promise<unknown> = Promise.resolve()
      const transaction = database.transaction(async (tx) => {
        await tx.query(`insert into sample (id) values (100)`)
        left = (async () => {
          for (let id = 101; id < 200; id++) await tx.query(`insert into sample (id) values ($1)`, [id])
        })()
        left.catch(() => undefined)
        if (fails) throw new Error('fenced')
      })
      if (fails) await expect(transaction).rejects.toThrow('fenced')
      else await transaction
      await expect(left).rejects.toThrow('came too late')
      return (await database.query(`delete from sample where id between 100 and 199 returning id`)).length
    }

    test('takes no statement more where it was rolled back: none stands by itself', async () => {
      expect(await endsTooEarly(true)).toBe(0)
    })

    test('takes no statement more where it was committed', async () => {
      // What was issued before it ended belongs to it.
      expect(await endsTooEarly(false)).toBe(2)
    })
  })

  describe('a commit that goes out with its statements', () => {
    const insert = (tx: Transaction, id: number) => tx.query(`insert into sample (id) values ($1)`, [id])
    const left = async () => (await database.query(`delete from sample where id >= 300 returning id`)).map(({ id }) => Number(id)).sort((a, b) => a - b)

    test('writes all of them', async () => {
      await database.transaction((tx) => Promise.all([300, 301].map((id) => insert(tx, id))), { atOnce: true })
      expect(await left()).toEqual([300, 301])
    })

    test('comes to nothing where one of them fails', async () => {
      await expect(database.transaction((tx) => Promise.all([300, 301, 300, 302].map((id) => insert(tx, id))), { atOnce: true })).rejects.toMatchObject({ code: '23505' })
      const swallowed = database.transaction((tx) => Promise.all([insert(tx, 300), tx.query('select 1 / 0').catch(() => undefined)]), { atOnce: true })
      await expect(swallowed).rejects.toMatchObject({ code: '22012' })
      expect(await left()).toEqual([])
    })

    test('comes to nothing where rows that go with it are none, and the next one is well', async () => {
      const rows = (tx: Transaction, text: string) => tx.copy('copy sample (id) from stdin', Buffer.from(text))
      const write = (text: string) => database.transaction((tx) => Promise.all([insert(tx, 300), rows(tx, text), insert(tx, 303)]), { atOnce: true, byKey: true })
      await expect(write('301\nno number\n')).rejects.toMatchObject({ code: '22P02' })
      expect(await left()).toEqual([])
      await write('301\n302\n')
      expect(await left()).toEqual([300, 301, 302, 303])
    })

    test('answers each of its statements, also of nothing', async () => {
      const answers = await database.transaction((tx) => Promise.all([
        tx.query('-- nothing'), insert(tx, 300), tx.query(`select $1::int as n, $2::text as word`, [7, null]), tx.query(`update sample set note = 'x' where id = $1 returning id, note`, [300]),
        tx.query(`select n from generate_series(1, 3) as n`),
      ]), { atOnce: true })
      expect(answers).toEqual([[], [], [{ n: 7, word: null }], [{ id: '300', note: 'x' }], [{ n: 1 }, { n: 2 }, { n: 3 }]])
      expect(await left()).toEqual([300])
    })

    test('does not go out where the function fails by itself, however deep', async () => {
      const deep = async (levels: number): Promise<void> => (levels === 0 ? Promise.reject(new Error('no rows')) : deep(levels - 1))
      await expect(database.transaction(async (tx) => Promise.all([insert(tx, 300), deep(100)]), { atOnce: true })).rejects.toThrow('no rows')
      // What cannot be sent as a parameter is found here, and its statement never runs.
      const unsendable = { toPostgres: () => { throw new Error('no value') } }
      await expect(database.transaction((tx) => Promise.all([insert(tx, 300), tx.query('insert into sample (id) values ($1)', [unsendable])]), { atOnce: true })).rejects.toThrow('no value')
      expect(await left()).toEqual([])
    })

    test('takes no statement that waited for an answer', async () => {
      const waits = database.transaction(async (tx) => {
        await insert(tx, 300)
        await insert(tx, 301)
      }, { atOnce: true })
      await expect(waits).rejects.toThrow('came too late')
      expect(await left()).toEqual([300])
    })

    test.each(['moved', 'held'] as const)('comes to nothing where shards that are %s have another owner', async (how) => {
      await database.query(`insert into shard (id, epoch, owner, position, clock, log_identity, checksum) values (900, 2, 'b', 10, 0, 'log', ''), (901, 1, 'a', 10, 0, 'log', '')`)
      const mine = [900, 901].map((id) => ({ id, epoch: 1n, owner: 'a', position: 10n, clock: 0, logIdentity: 'log', checksum: '', commits: 0 }))
      const commit = (shards: typeof mine) => database.transaction(async (tx) => {
        const held = moveShards(tx, shards, how === 'held' ? undefined : { position: 11n, clock: 1, checksum: 'x' })
        insert(tx, 300).catch(() => undefined)
        if (!(await held)) throw new Error('fenced')
      }, { atOnce: true })
      await expect(commit(mine)).rejects.toThrow('fenced')
      expect(await left()).toEqual([])
      await commit(mine.slice(1))
      expect(await left()).toEqual([300])
      expect(await database.query('delete from shard where id >= 900 returning id, position, commits')).toEqual([
        { id: 900, position: '10', commits: '0' }, { id: 901, position: how === 'held' ? '10' : '11', commits: '1' },
      ])
    })
  })

  describe('plans that are kept', () => {
    const text = `insert into sample (id, note) select id, note from unnest($1::bigint[], $2::text[]) as row (id, note)`
    const write = (ids: readonly number[], before?: string) => database.transaction((tx) => Promise.all([
      ...(before === undefined ? [] : [tx.query(before)]), tx.query(text, [ids, ids.map(String)]),
    ]), { byKey: true, atOnce: true })
    const plans = () => database.query<{ name: string; statement: string }>(`select name, statement from pg_prepared_statements where statement = $1`, [text])
    const left = async () => (await database.query(`delete from sample where id >= 400 returning id`)).length
    afterEach(left)

    test('are made once per connection', async () => {
      for (const id of [400, 401, 402]) await write([id])
      expect(await left()).toBe(3)
      expect((await plans()).length).toBe(1)
    })

    test('are kept of large statements too', async () => {
      const large = `insert into sample (id, note) select $1::bigint, length($2::bytea)::text`
      for (const id of [400, 401, 402]) await database.transaction((tx) => tx.query(large, [id, Buffer.alloc(40_000)]), { byKey: true, atOnce: true })
      expect(await database.query(`select distinct note from sample where id >= 400`)).toEqual([{ note: '40000' }])
      expect(await database.query(`select 1 from pg_prepared_statements where statement = $1`, [large])).toHaveLength(1)
    })

    test('are made later where the first transaction with the statement has failed', async () => {
      await database.query('deallocate all').then(() => write([400])).catch(() => undefined)
      await expect(write([401], 'select 1 / 0')).rejects.toMatchObject({ code: '22012' })
      await write([402])
      expect(await database.query('select id from sample where id = 402')).toHaveLength(1)
    })

    test('are made anew on another connection where the server has lost them', async () => {
      await write([400])
      await database.query('deallocate all')
      await expect(write([401])).rejects.toMatchObject({ code: '26000' })
      await write([402])
      expect(await left()).toBe(2)
    })

    test('do not become more when connections are replaced', async () => {
      for (let id = 400; id < 405; id++) {
        await write([id])
        await database.query('select $1::int', ['no number']).catch(() => undefined)
      }
      expect(await left()).toBe(5)
      expect((await plans()).length).toBeLessThanOrEqual(1)
    })

    test('are those of the table that has the name now', async () => {
      const swapped = (id: number) => database.transaction((tx) => tx.query('update swapped set id = $1', [id]), { byKey: true, atOnce: true })
      await database.query('create table swapped as select 1 as id')
      await swapped(2)
      await database.query('create schema aside')
      await database.transaction(async (tx) => {
        await tx.query('alter table swapped set schema aside')
        await tx.query('create table swapped as select 3 as id, 4 as other')
      })
      await swapped(5)
      expect(await database.query('select (select id from swapped) as now, (select id from aside.swapped) as before')).toEqual([{ now: 5, before: 2 }])
      await database.query('drop schema aside cascade')
      await database.query('drop table swapped')
    })
  })

  test('keeps transactions that run at the same time apart', async () => {
    const counts = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        database.transaction(async (tx) => {
          await tx.query(`insert into sample (id) values ($1)`, [100 + index])
          if (index % 2 === 1) throw new Error('odd')
          return 1
        }).catch(() => 0),
      ),
    )
    expect(counts.filter((count) => count === 1)).toHaveLength(10)
    expect(await database.query(`select count(*) as n from sample where id >= 100 and id % 2 = 0`)).toEqual([{ n: '10' }])
    expect(await database.query(`select count(*) as n from sample where id >= 100 and id % 2 = 1`)).toEqual([{ n: '0' }])
  })

  test('names the statement that is wrong and goes on', async () => {
    await expect(database.query(`select * from nowhere`)).rejects.toMatchObject({ code: '42P01' })
    await expect(database.query(`select $1::text`, ['a\u0000b'])).rejects.toMatchObject({ code: '22021' })
    expect(await database.query(`select 1 as one`)).toEqual([{ one: 1 }])
  })

  test('refuses a schema that a newer version set up', async () => {
    await database.query(`insert into schema_migration (id) values ('9999-from-the-future')`)
    const error = await migrate(database).catch((fault: unknown) => fault)
    await database.query(`delete from schema_migration where id = '9999-from-the-future'`)
    expect(error).toBeInstanceOf(TrackerError)
    expect(error).toMatchObject({ code: 'newerSchema', message: expect.stringContaining('9999-from-the-future') })
  })
}
