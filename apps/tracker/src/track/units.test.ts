import { MemoryLog } from '@tidemark/log'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openEmbedded, type Embedded } from '../../../../test/support/embedded-database.js'
import { foldAll } from '../../../../test/support/follower.js'
import { eventDraft, START } from '../../../../test/support/recorded-shop.js'
import { BY_ORDER, cloudEvent, xmlOf } from '../../../../test/support/small-process.js'
import type { Database } from '../store/database.js'
import { readModelVersions } from '../store/write/model-versions.js'
import { Models } from './models.js'
import { Units } from './units.js'

const ORDERS = ['A', 'B', 'C', 'D', 'E']
const SHARDS = 4

let embedded: Embedded

beforeAll(async () => {
  embedded = await openEmbedded()
  const log = new MemoryLog({ clock: () => START })
  await log.append([{ kind: 'model', subject: 'model', payload: Buffer.from(JSON.stringify({ xml: xmlOf({ id: 'orders', steps: ['placed', 'paid'] }), mapping: BY_ORDER, by: 'test' })) }])
  await log.append(ORDERS.map((order) => eventDraft({ ...cloudEvent({ type: 'placed', data: { order }, at: START }), time: new Date(START).toISOString() })))
  await foldAll(embedded.db, log)
}, 60_000)
afterAll(() => embedded.close())

test('what had to be loaded is kept while there is room, and takes the place of others when it has to be loaded again', async () => {
  const models = new Models()
  for (const version of await readModelVersions(embedded.db)) models.put(version)
  // For three with one event each.
  const units = new Units(models, SHARDS, 3 * 4_500)
  const isLoaded = async (key: string) => {
    const { db, facts } = readingFacts(embedded.db)
    const taken = units.take(db, [{ model: 'orders', key }])
    await taken.loaded
    expect(taken.units[0]?.views).toHaveLength(1)
    units.keep(taken.units)
    return facts() > 0
  }
  const seen: string[] = []
  for (const key of 'ABCACBDADCDABE') seen.push((await isLoaded(key)) ? `${key} loaded` : key)
  expect(seen).toEqual([
    'A loaded', 'B loaded', 'C loaded', 'A', 'C', 'B', 'D loaded', 'A', 'D loaded',
    // In the place of C, which nobody had asked for in longest.
    'C loaded', 'D', 'A', 'B', 'E loaded',
  ])
})

/** How many facts were read. */
function readingFacts(through: Database): { readonly db: Database; readonly facts: () => number } {
  let facts = 0
  return {
    db: {
      embedded: through.embedded,
      query: (sql, params) => through.query(sql, params),
      close: () => through.close(),
      transaction: (run, options) => through.transaction((tx) => run({
        copy: (sql, rows) => tx.copy(sql, rows), copyOut: (sql) => tx.copyOut(sql),
        query: async <Row extends object>(sql: string, params?: readonly unknown[]) => {
          const rows = await tx.query<Row>(sql, params)
          facts += rows.filter((row) => 'content_hash' in row).length
          return rows
        },
      }), options),
    },
    facts: () => facts,
  }
}
