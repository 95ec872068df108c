import { beforeEach, expect, test } from 'vitest'
import type { Queryable } from '../store/database.js'
import { NextDue } from './next-due.js'

/** Moments in the table; each question is noted. */
let table: number[]
let asked: number
const db: Queryable = {
  query: <Row extends object>(_sql: string, params: readonly unknown[] = []) => {
    asked++
    const first = table.filter((at) => at > Number(params[0])).sort((a, b) => a - b)[0]
    return Promise.resolve((first === undefined ? [] : [{ at: String(first) }]) as unknown as Row[])
  },
}
const SHARDS = [0, 1]

beforeEach(() => {
  table = []
  asked = 0
})

test('whoever knows nothing looks at once', async () => {
  expect(await new NextDue(1).mayBe(db, SHARDS, 5)).toBe(true)
  expect(asked).toBe(0)
})

test('until the first of the table is due, nothing is asked', async () => {
  const next = new NextDue(1)
  table = [500, 900]
  await next.passing(db, SHARDS, 100)
  asked = 0
  expect(await next.mayBe(db, SHARDS, 499)).toBe(false)
  expect(await next.mayBe(db, SHARDS, 500)).toBe(true)
  expect(asked).toBe(0)
})

test('what a batch under way brings counts, though the table does not say it yet', async () => {
  const next = new NextDue(1)
  table = [900]
  await next.passing(db, SHARDS, 100)
  next.tell([{ at: 700 }, { at: 300 }, { at: 1_200 }])
  expect(await next.mayBe(db, SHARDS, 299)).toBe(false)
  expect(await next.mayBe(db, SHARDS, 300)).toBe(true)
})

test('what others wrote into the table is found within a second of the clock, however fast that runs', async () => {
  for (const scale of [1, 60]) {
    const next = new NextDue(scale)
    table = []
    await next.passing(db, SHARDS, 100)
    table = [0]
    expect(await next.mayBe(db, SHARDS, 99 + 1_000 * scale)).toBe(false)
    expect(await next.mayBe(db, SHARDS, 100 + 1_000 * scale)).toBe(true)
  }
})

test('what was not passed to the end is looked at again', async () => {
  const next = new NextDue(1)
  await next.passing(db, SHARDS, 100)
  expect(await next.mayBe(db, SHARDS, 200)).toBe(false)
  next.forget()
  next.tell([{ at: 300 }])
  expect(await next.mayBe(db, SHARDS, 200)).toBe(true)
})
