import { MemoryLog } from '@tidemark/log'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { openEmbedded, type Embedded } from '../../../../test/support/embedded-database.js'
import { foldAll } from '../../../../test/support/follower.js'
import { eventDraft, START } from '../../../../test/support/recorded-shop.js'
import { BY_ORDER, cloudEvent, xmlOf } from '../../../../test/support/small-process.js'
import type { Database } from '../store/database.js'
import { readModelVersions } from '../store/write/model-versions.js'
import { Models } from './models.js'
import { Units } from './units.js'

const ORDERS = [...'ABCDEFGHI']
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

describe('what had to be loaded', () => {
  it('is kept while there is room, and takes the place of others when it has to be loaded again', async () => {
    const units = await roomForThree()
    expect(await askFor(units, 'ABCACBDADCDABE')).toEqual([
      'A loaded', 'B loaded', 'C loaded', 'A', 'C', 'B', 'D loaded', 'A', 'D loaded',
      // D took the place of C, which nobody had asked for in longest.
      'C loaded', 'D', 'A', 'B', 'E loaded',
    ])
  })

  it('counts as loaded again only where that was not long ago', async () => {
    const units = await roomForThree()
    expect(await askFor(units, 'ABCDEFGHIDDD')).toEqual([
      'A loaded', 'B loaded', 'C loaded', 'D loaded', 'E loaded', 'F loaded', 'G loaded', 'H loaded', 'I loaded', 'D loaded', 'D loaded', 'D',
    ])
  })
})

test('what begins is kept at once', async () => {
  const units = await roomForThree()
  await askFor(units, 'ABC')
  const wanted = [{ model: 'orders', key: 'new' }]
  const began = units.take(embedded.db, wanted)
  await began.loaded
  const [unit] = began.units
  const [like] = units.take(embedded.db, [{ model: 'orders', key: 'A' }]).units
  if (unit === undefined || like === undefined) throw new Error('nothing was taken')
  unit.unit.add(like.unit.facts)
  unit.views = unit.unit.view(START)
  units.keep(began.units)
  expect(units.take(embedded.db, wanted).units[0]).toBe(unit)
})

/** For three with one event each. */
async function roomForThree(): Promise<Units> {
  const models = new Models()
  for (const version of await readModelVersions(embedded.db)) models.put(version)
  return new Units(models, SHARDS, 3 * 4_500)
}

/** One after the other, each in a batch of its own: which of them had to be loaded. */
async function askFor(units: Units, keys: string): Promise<readonly string[]> {
  const seen: string[] = []
  for (const key of keys) {
    const { db, facts } = readingFacts(embedded.db)
    const taken = units.take(db, [{ model: 'orders', key }])
    await taken.loaded
    expect(taken.units[0]?.views).toHaveLength(1)
    units.keep(taken.units)
    seen.push(facts() > 0 ? `${key} loaded` : key)
  }
  return seen
}

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
