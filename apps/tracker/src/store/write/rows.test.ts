import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { prepareDatabase } from '../../../../../test/support/database-template.js'
import type { Database } from '../database.js'
import { openPglite } from '../pglite/open-pglite.js'
import { column, jsonColumn, plainColumn } from './rows.js'

let dataDir: string
let db: Database

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tidemark-rows-'))
  await prepareDatabase(dataDir)
  db = await openPglite(join(dataDir, 'db'), { upkeep: false })
}, 60_000)
afterAll(async () => {
  await db.close()
  await rm(dataDir, { recursive: true, force: true })
})

test('texts of every kind come back from an array as they went in', async () => {
  const texts = ['plain', '', 'null', 'NULL', 'Null', null, ' ', 'a,b', '{}', '{"a":"b\\"c\\\\d"}', '"', '\\', 'line\nbreak\ttab', '“quoted”', 'é', 'a b', '$1', "it's", '-', '\\N']
  expect(await db.query(`select value from unnest($1::text[]) as row (value)`, [column(texts, (text) => text)])).toEqual(texts.map((value) => ({ value })))
})

test('numbers and truth values do, too, and no rows are an empty array', async () => {
  expect(await db.query(`select * from unnest($1::bigint[], $2::boolean[]) as row (n, b)`, [column([1n, 2 ** 40, null, -3], (n) => n), column([true, false, null, true], (b) => b)]))
    .toEqual([{ n: '1', b: true }, { n: String(2 ** 40), b: false }, { n: null, b: null }, { n: '-3', b: true }])
  expect(await db.query(`select * from unnest($1::int[]) as row (n)`, [column([], () => null)])).toEqual([])
})

test('what needs no quotes and what is JSON come back as they went in, whatever the JSON holds', async () => {
  expect(await db.query(`select * from unnest($1::uuid[], $2::int[], $3::text[]) as row (id, n, word)`, [
    plainColumn(['00000000-0000-4000-8000-000000000001', null], (id) => id), plainColumn([1, null], (n) => n), plainColumn(['active', null], (word) => word),
  ])).toEqual([{ id: '00000000-0000-4000-8000-000000000001', n: 1, word: 'active' }, { id: null, n: null, word: null }])
  const values = [{}, [], null, 'NULL', { a: 'b"c\\d', 'line\nbreak\t': [1.5, true], '“quoted”, é': '\u2028\u007f', lone: '\ud800' }]
  expect(await db.query(`select value::json as value from unnest($1::text[]) as row (value)`, [jsonColumn(values, (value) => JSON.stringify(value))]))
    .toEqual(values.map((value) => ({ value })))
})
