import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { prepareDatabase } from '../../../../test/support/database-template.js'
import { startPostgres } from '../../../../test/support/postgres.js'
import { skipUnless } from '../../../../test/support/requires.js'
import { bigints, booleans, copyRows, ints, jsons, texts, uuids } from './binary.js'
import type { Database } from './database.js'
import { EarlyStatements } from './early-statements.js'
import { openPglite } from './pglite/open-pglite.js'
import { openPostgres } from './postgres/open-postgres.js'

const OPEN_MS = 60_000
const close: (() => Promise<unknown>)[] = []

async function embedded(): Promise<Database> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tidemark-binary-'))
  close.push(() => rm(dataDir, { recursive: true, force: true }))
  await prepareDatabase(dataDir)
  return openPglite(join(dataDir, 'db'), { upkeep: false })
}

/** Undefined where there is none on this machine. */
async function server(): Promise<Database | undefined> {
  const postgres = await startPostgres()
  if (postgres === undefined) return undefined
  close.push(() => postgres.stop())
  return openPostgres(postgres.url)
}

const UUIDS = ['00000000-0000-4000-8000-000000000001', 'fedcba98-7654-3210-9abc-def012345678', null]
const BIGINTS = [0, -1, 1, 2 ** 31, 2 ** 32, -(2 ** 32), 1_700_000_000_000, -1_700_000_000_001, Number.MAX_SAFE_INTEGER, 2n ** 63n - 1n, -(2n ** 63n), null]
const INTS = [0, -1, 2 ** 31 - 1, -(2 ** 31), null]
const TEXTS = [
  'plain', '', 'null', 'NULL', null, ' ', 'a,b', '{}', '{"a":"b\\"c\\\\d"}', '"', '\\', '\\N', 'line\nbreak\ttab', '“quoted”', 'é', '€ 𝄞', `${'x'.repeat(63)}é`, 'x'.repeat(64), 'ü'.repeat(5_000),
]
const JSONS = [
  {}, [], 'NULL', { a: 'b"c\\d', 'line\nbreak\t': [1.5, -0, 10, -709, 999_999_999, 1_000_000_000, -1_000_000_090, 12_000_000_000, 1_700_000_000_999, Number.MAX_SAFE_INTEGER, 2 ** 53, 1e300, true, null, undefined, Number.NaN], '“quoted”, é': '\u2028\u007f', missing: undefined },
  ['€'.repeat(1_000)], { '': { x: ['y'.repeat(30), `${'y'.repeat(30)}"`, ' '] }, date: new Date(0), 7: 7 },
]

/** What comes back of a value that was sent as JSON. */
function asRead(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}

describe.each([['the embedded database', embedded], ['a Postgres server', server]] as const)('on %s', (name, open) => {
  let db: Database
  let opened: Database | undefined

  beforeAll(async () => {
    opened = await open()
    if (opened !== undefined) close.push(() => (opened as Database).close())
  }, OPEN_MS)
  beforeEach(({ skip }) => {
    if (skipUnless(opened !== undefined, name)) skip()
    db = opened as Database
  })
  afterAll(async () => {
    for (const step of close.splice(0).reverse()) await step()
  })

  test('columns of every type come back as they went in', async () => {
    const column = async (type: string, values: Buffer) => (await db.query<{ value: unknown }>(`select value from unnest($1::${type}[]) as row (value)`, [values])).map(({ value }) => value)
    expect(await column('uuid', uuids(UUIDS, (value) => value))).toEqual(UUIDS)
    expect(await column('bigint', bigints(BIGINTS, (value) => value))).toEqual(BIGINTS.map((value) => (value === null ? null : String(value))))
    expect(await column('int', ints(INTS, (value) => value))).toEqual(INTS)
    expect(await column('boolean', booleans([true, null, false], (value) => value))).toEqual([true, null, false])
    expect(await column('text', texts(TEXTS, (value) => value))).toEqual(TEXTS)
  })

  test('columns of any size arrive, and memory that is lent again says what was written last', async () => {
    for (const count of [10, 10_000, 9_999]) {
      const numbers = Array.from({ length: count }, (_, index) => index * count)
      const early = new EarlyStatements()
      const answered = early.query<{ all: string; sum: string; last: string }>(
        `select count(*) as all, sum(n) as sum, max(name) filter (where n = $4) as last from unnest($1::bigint[], $2::text[]) as row (n, name) where $3::text is null`,
        [bigints(numbers, (n) => n), texts(numbers, (n) => `the number ${n}`), null, numbers.at(-1)],
      )
      expect(await db.transaction((tx) => (early.send(tx), answered))).toEqual([
        { all: String(count), sum: String(numbers.reduce((sum, n) => sum + n, 0)), last: `the number ${(count - 1) * count}` },
      ])
      early.end()
    }
  })

  test('what is wrong with a large statement is said, and the connection goes on', async () => {
    const numbers = Array.from({ length: 20_000 }, (_, index) => index)
    await expect(db.transaction((tx) => tx.query(`select 1 / (n - 7) from unnest($1::bigint[]) as row (n)`, [bigints(numbers, (n) => n)]))).rejects.toThrow('division by zero')
    expect(await db.query(`select 1 as one`)).toEqual([{ one: 1 }])
  })

  test('no rows are an empty array', async () => {
    const values = [uuids([], () => null), texts([], () => null), ints([], () => null), bigints([], () => null), booleans([], () => null)]
    expect(await db.query(`select $1::uuid[] as a, $2::text[] as b, $3::int[] as c, $4::bigint[] as d, $5::boolean[] as e`, values)).toEqual([{ a: [], b: [], c: [], d: [], e: [] }])
  })

  test('copied rows come back as they went in', async () => {
    await db.query(`create table copied (row int, a uuid, b bigint, c int, d boolean, e text, f json, g text, h uuid[])`)
    const rows = TEXTS.map((text, row) => ({ row, text, uuid: UUIDS[row % 3] ?? null, big: BIGINTS[row % BIGINTS.length] ?? null, small: INTS[row % 5] ?? null, json: JSONS[row % JSONS.length] }))
    await db.transaction((tx) => tx.copy(`copy copied from stdin (format binary)`, copyRows(rows, 9, (out, { row, uuid, big, small, text, json }) => {
      out.int(row).uuid(uuid).bigint(big).int(small).boolean(row % 2 === 0).text(text).json(json).json(json).uuids(uuid === null ? [] : [uuid, uuid])
    })))
    expect(await db.query(`select * from copied order by row`)).toEqual(rows.map(({ row, uuid, big, small, text, json }) => ({
      row, a: uuid, b: big === null ? null : String(big), c: small, d: row % 2 === 0, e: text, f: asRead(json), g: json === null ? null : JSON.stringify(json),
      h: uuid === null ? [] : [uuid, uuid],
    })))
  })

  test('JSON is the text that JSON.stringify makes of it, byte for byte; nothing is null', async () => {
    const values = [...JSONS, { 'half of a pair': '\ud800' }]
    expect(await db.query(`select value from unnest($1::text[]) as row (value)`, [jsons([...values, undefined, null], (value) => value)]))
      .toEqual([...values.map((value) => ({ value: JSON.stringify(value) })), { value: null }, { value: null }])
  })

  test('half of a surrogate pair, which no database takes, becomes the character for what cannot be read', async () => {
    for (const text of ['\ud800', `${'x'.repeat(100)}\udc00`]) {
      expect(await db.query(`select value from unnest($1::text[]) as row (value)`, [texts([text], (value) => value)])).toEqual([{ value: `${text.slice(0, -1)}\ufffd` }])
    }
  })
})
