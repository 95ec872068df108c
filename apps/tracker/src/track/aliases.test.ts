import type { Fact } from '@tidemark/bpmn'
import { describe, expect, test } from 'vitest'
import type { Database, Queryable, Transaction } from '../store/database.js'
import { storeFact } from '../store/write/keys.js'
import { Aliases } from './aliases.js'
import { aliasId, Parts, type Alias, type Plan, type PlannedFact } from './core/plan.js'

const PARCEL: Alias = { model: 'orders', name: 'parcel', value: 'P1' }
const ID = aliasId(PARCEL)

function planned(position: bigint): PlannedFact {
  const fact: Fact = { position, kind: 'event', time: 1, appendTime: 1, source: '/s', id: String(position), type: 'shipped', labels: {} }
  return { fact, contentHash: 'h' }
}

function planOf(what: Partial<Plan>): Plan {
  return { parts: new Parts(), links: [], waiting: [], released: [], fates: [], ...what }
}

/** Tables that hold these links and waiting events of the parcel. */
function tables(links: readonly string[], waiting: readonly PlannedFact[]): Database {
  return answering({
    query: async <Row extends object>(sql: string) => (sql.includes('instance_key')
      ? links.map((primary_key) => ({ ...PARCEL, primary_key }))
      : waiting.map(({ fact, contentHash }) => ({ ...PARCEL, fact_json: storeFact(fact, contentHash) }))) as unknown as Row[],
  })
}

function answering(tx: Queryable): Database {
  return { ...tx, embedded: true, transaction: (run) => run(tx as Transaction), close: () => Promise.resolve() }
}

const links = (...keys: string[]) => planOf({ links: keys.map((key) => ({ ...PARCEL, key, learnedAt: 1n })) })
const waits = (position: bigint) => planOf({ waiting: [{ ...PARCEL, planned: planned(position) }] })
const releases = (position: bigint) => planOf({ released: [{ ...PARCEL, position, by: position + 1n }] })

async function known(aliases: Aliases, db: Database) {
  const { linked, waiting } = await aliases.read(db, [PARCEL], 100n)
  return { linked: linked.get(ID) ?? [], waiting: (waiting.get(ID) ?? []).map(({ fact }) => fact.position) }
}

describe('what is known of a key', () => {
  test('is what the tables say, and what batches say that are not committed yet', async () => {
    const aliases = new Aliases()
    aliases.begin(links('B'))
    aliases.begin(waits(9n))
    expect(await known(aliases, tables(['A'], [planned(3n)]))).toEqual({ linked: ['A', 'B'], waiting: [3n, 9n] })
  })

  test('counts once where a batch is committed while it is read', async () => {
    const aliases = new Aliases()
    aliases.begin(links('A'))
    aliases.begin(waits(9n))
    expect(await known(aliases, tables(['A'], [planned(9n)]))).toEqual({ linked: ['A'], waiting: [9n] })
  })

  test('does not hold what a batch under way releases, be it in the tables or under way itself', async () => {
    const aliases = new Aliases()
    aliases.begin(waits(9n))
    aliases.begin(releases(9n))
    aliases.begin(releases(3n))
    expect(await known(aliases, tables([], [planned(3n), planned(9n)]))).toEqual({ linked: [], waiting: [] })
  })

  test('is only what the tables say once a batch is committed, or once everything is read again', async () => {
    const aliases = new Aliases()
    const first = links('B')
    aliases.begin(first)
    aliases.begin(links('C'))
    aliases.end(first)
    expect((await known(aliases, tables([], []))).linked).toEqual(['C'])
    aliases.clear()
    expect((await known(aliases, tables([], []))).linked).toEqual([])
  })

  test('is what was under way when it was asked for, whatever begins and ends meanwhile', async () => {
    const aliases = new Aliases()
    const [first, second] = [links('A'), links('B')]
    aliases.begin(first)
    aliases.begin(second)
    let answer: () => void = () => undefined
    const slow = new Promise<void>((resolve) => (answer = resolve))
    const asked = known(aliases, answering({ query: <Row extends object>(sql: string) => slow.then(() => tables([], []).query<Row>(sql)) }))
    aliases.begin(links('C'))
    aliases.end(first)
    aliases.clear()
    answer()
    expect((await asked).linked).toEqual(['A', 'B'])
  })

  test('is told of each key by itself, and of none that was not asked for', async () => {
    const aliases = new Aliases()
    const other = { ...PARCEL, value: 'P2' }
    const both = planOf({ links: [{ ...PARCEL, key: 'A', learnedAt: 1n }, { ...other, key: 'B', learnedAt: 1n }, { ...PARCEL, value: 'P3', key: 'C', learnedAt: 1n }] })
    aliases.begin(both)
    const { linked } = await aliases.read(tables([], []), [PARCEL, other], 100n)
    expect([...linked]).toEqual([[ID, ['A']], [aliasId(other), ['B']]])
    aliases.end(both)
    expect((await aliases.read(tables([], []), [PARCEL, other], 100n)).linked.size).toBe(0)
  })

  test('asks the tables nothing where no event has another key', async () => {
    const silent = answering({ query: () => Promise.reject(new Error('asked')) })
    expect((await new Aliases().read(silent, [], 1n)).linked.size).toBe(0)
  })
})
