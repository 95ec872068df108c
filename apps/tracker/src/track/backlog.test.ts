import { expect, test } from 'vitest'
import { Backlog, NOTHING_AFTER, STAY, type Portion } from './backlog.js'
import type { Planned } from './batch.js'
import type { PlannedFact } from './core/plan.js'

const BOUNDS = { facts: 100, bytes: 1_000_000, portion: 2, near: 0 }

/** An event whose variables are these, as planning leaves it: its JSON is a view of memory that is not ours. */
function planned(position: bigint, patch: Readonly<Record<string, unknown>>, asWritten = true): PlannedFact {
  const fact = { position, kind: 'event', time: 1, appendTime: 2, source: '/shop', id: String(position), type: 'paid', sequence: undefined, labels: { 1: ['Pay'] }, patch } as const
  return { fact, contentHash: 'x', ...(asWritten ? { patchJson: Buffer.from(JSON.stringify(patch)) } : {}) }
}

function batch(keys: readonly string[], facts: readonly (readonly PlannedFact[])[], position: bigint): Planned {
  return {
    input: { clock: Number(position), position }, plans: [], released: [], fates: [], types: new Map([['paid', { count: facts.flat().length, first: 1, last: 2 }]]),
    parts: facts.map((own, index) => ({ model: 'order', key: keys[index] as string, facts: [...own] })), payloadBytes: 10,
  }
}

function written(portions: Iterable<Portion>): unknown[] {
  return [...portions].map(({ planned: { parts } }) => parts.map(({ key, facts }) => [key, ...facts.map(({ fact, patchJson }) => [fact.patch, patchJson && Buffer.from(patchJson).toString()])]))
}

test('what was held back of a unit comes together, with the variables and the JSON that it had', () => {
  const backlog = new Backlog(BOUNDS)
  const log = planned(1n, { name: 'Žofia — “ä”', parts: [1, { of: null }] })
  backlog.add(batch(['a', 'b'], [[log], [planned(2n, { amount: 12.5 }, false)]], 2n), STAY)
  // The log's memory is used again.
  ;(log.patchJson as Buffer).fill(0)
  backlog.add(batch(['a'], [[planned(3n, { paid: true })]], 3n), STAY)
  expect(written(backlog.take())).toEqual([[
    ['a', [{ name: 'Žofia — “ä”', parts: [1, { of: null }] }, '{"name":"Žofia — “ä”","parts":[1,{"of":null}]}'], [{ paid: true }, '{"paid":true}']],
  ], [['b', [{ amount: 12.5 }, '{"amount":12.5}']]]])
  expect(written(backlog.take())).toEqual([])
})

test('a fact that others have too stays as it is', () => {
  const backlog = new Backlog(BOUNDS)
  const shared = planned(1n, { amount: 1 })
  backlog.add(batch(['a', 'b'], [[shared], [shared]], 1n), STAY)
  expect(shared.fact.patch).toEqual({ amount: 1 })
  expect(written(backlog.take())).toEqual([[['a', [{ amount: 1 }, '{"amount":1}']], ['b', [{ amount: 1 }, '{"amount":1}']]]])
})

test('more than fits into a piece of memory, and one that fits into none, come back as they were', () => {
  const backlog = new Backlog({ ...BOUNDS, portion: 1_000 })
  const texts = [700_000, 700_000, 3_000_000, 10].map((length, index) => String(index).repeat(length))
  backlog.add(batch(['a'], [texts.map((text, index) => planned(BigInt(index + 1), { text }))], 4n), STAY)
  const [portion] = [...backlog.take()]
  expect(portion?.planned.parts[0]?.facts.map(({ fact }) => (fact.patch as { text: string }).text === texts[Number(fact.position) - 1])).toEqual([true, true, true, true])
})

test('is full by facts, by what their events weigh in the log, and by what is kept of them', () => {
  const add = (backlog: Backlog, facts: readonly PlannedFact[], payloadBytes: number) => {
    backlog.add({ ...batch(['a', 'b'], [facts, facts], 1n), payloadBytes }, STAY)
    return backlog.isFull
  }
  const small = planned(1n, { text: 'x' })
  expect(add(new Backlog(BOUNDS), Array.from({ length: 49 }, () => small), 10)).toBe(false)
  expect(add(new Backlog(BOUNDS), Array.from({ length: 50 }, () => small), 10)).toBe(true)
  expect(add(new Backlog(BOUNDS), [small], BOUNDS.bytes)).toBe(true)
  // An event that concerns two units is kept twice.
  expect(add(new Backlog(BOUNDS), [planned(1n, { text: 'x'.repeat(BOUNDS.bytes / 2) })], BOUNDS.bytes / 2)).toBe(true)
  const again = new Backlog(BOUNDS)
  add(again, [small], BOUNDS.bytes)
  again.take()
  expect(again.isFull).toBe(false)
})

test('memory is used again once all of it is committed, and not before', () => {
  const backlog = new Backlog(BOUNDS)
  const bufferOf = (portions: readonly Portion[]) => portions[0]?.planned.parts[0]?.facts[0]?.patchJson?.buffer
  const taken = (position: bigint) => {
    backlog.add(batch(['a'], [[planned(position, { position: String(position) })]], position), STAY)
    return [...backlog.take()]
  }
  const first = taken(1n)
  const second = taken(2n)
  expect(bufferOf(second)).not.toBe(bufferOf(first))
  first.at(-1)?.step.after()
  const third = taken(3n)
  expect(bufferOf(third)).toBe(bufferOf(first))
  expect(third[0]?.planned.parts[0]?.facts[0]?.fact.patch).toEqual({ position: '3' })
})

test('what batches say of keys goes along with the portions, in the order of the log, and all of it', () => {
  const backlog = new Backlog(BOUNDS)
  const keys = (position: number) => ({ links: [{ model: 'order', name: 'paymentId', value: `P-${position}`, key: 'a', learnedAt: BigInt(position) }], waiting: [], released: [] })
  const positions = [1, 2, 3, 4, 5, 6, 7]
  for (const position of positions) {
    backlog.add({ ...batch([`order ${position}`], [[planned(BigInt(position), {})]], BigInt(position)), plans: [keys(position)], released: [{ model: 'order', name: 'paymentId', value: 'P', position: BigInt(position), by: BigInt(position) }], fates: [{ position: BigInt(position), model: 'order', kind: 'ignored', reason: '' }] }, STAY)
  }
  const told = [...backlog.take()].map(({ planned: { plans, fates, released } }) => [
    plans.flatMap(({ links }) => links.map(({ learnedAt }) => Number(learnedAt))), fates.map(({ position }) => Number(position)), released.map(({ position }) => Number(position)),
  ])
  expect(told.map(([of]) => of?.length)).toEqual([2, 2, 2, 1])
  expect([0, 1, 2].map((which) => told.flatMap((of) => of[which]))).toEqual([positions, positions, positions])
})

test('the last portion moves the shards, and says once what cannot be said twice', () => {
  const backlog = new Backlog(BOUNDS)
  const done: string[] = []
  const units = ['a', 'b', 'c']
  backlog.add(batch(units, units.map((_, index) => [planned(BigInt(index + 1), { index }), planned(BigInt(index + 10), { index })]), 12n), { ...STAY, after: () => done.push('first') })
  backlog.add(batch(['a'], [[planned(13n, {})]], 13n), { ...STAY, to: { position: 13n, clock: 13, checksum: 'sum' }, after: NOTHING_AFTER })
  const portions = [...backlog.take()]
  expect(portions.map(({ step: { to } }) => to?.position)).toEqual([undefined, undefined, 13n])
  expect(portions.map(({ planned: { types } }) => types.get('paid')?.count)).toEqual([undefined, undefined, 7])
  expect(portions.map(({ planned: { input } }) => input.position)).toEqual([13n, 13n, 13n])
  portions.at(-1)?.step.after()
  expect(done).toEqual(['first'])
})
