import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LAW_RUNS, LAW_SEED } from '../testing/law-runs.js'
import { blocks, modelOf, type Block, type BlockOptions } from '../testing/models.js'
import { pictureOf } from '../testing/picture.js'
import { contextFor, factOf } from '../testing/scenario.js'
import { walkWithItems } from '../testing/item-walk.js'
import { randomOf, type WalkEvent } from '../testing/walk.js'
import type { ProcessModel } from '../model.js'
import type { Fact } from './fact.js'
import { TrackedModel } from './tracked-model.js'
import { Unit } from './unit.js'

const anything: BlockOptions = { loops: true, timers: true, ambiguous: true, nonInterrupting: true, inclusive: true, repeated: true, eventSubs: true }
const withItems: BlockOptions = { ...anything, depth: 2, items: 'nested' }
const sources = ['/checkout', '/payment', '/shipment']

type Holds = (model: TrackedModel, random: () => number, block: Block) => void

/** Models with items have several times as many events. */
const ITEM_RUNS = Math.ceil(LAW_RUNS / 8)

function lawWithItems(name: string, holds: Holds): void {
  law(name, anything, holds)
  law(`${name}: items`, withItems, holds, ITEM_RUNS)
}

function law(name: string, options: BlockOptions, holds: Holds, runs = LAW_RUNS): void {
  it(`${name} (${runs} runs)`, () => {
    fc.assert(fc.property(blocks(options), fc.nat(), (block, seed) => holds(new TrackedModel(modelOf(block)), randomOf(seed), block)), { numRuns: runs, ...LAW_SEED })
  }, 120_000)
}

describe('laws of following', () => {
  // Not both at once: where an event may have been either of two, nobody can say which of their timers runs.
  law('a walk that fits has no deviation, and ends when it ends', { ...anything, ambiguous: false }, fits)
  law('nor where one event type stands for several tasks', { ...anything, timers: false }, fits)

  function fits(model: TrackedModel, random: () => number): void {
    const { events, ended } = walkWithItems(model.process, random)
    const unit = unitOf(model, factsOf(model.process, events, random))
    const views = unit.view(quietAfter(unit))
    expect(views.flatMap(({ view }) => view.deviations.map((deviation) => `${deviation.kind} ${deviation.elements.join(' ')}`))).toEqual([])
    expect(views.length).toBe(events.length === 0 ? 0 : 1)
    if (ended && events.length > 0) expect(views[0]?.view).toMatchObject({ status: 'completed', tokens: [], approximate: false })
  }

  law('nor where items overlap', { ...anything, ambiguous: false, items: 'plain' }, fits, Math.ceil(LAW_RUNS / 2))
  law('nor where items have items', { ...anything, ambiguous: false, timers: false, items: 'nested' }, fits, Math.ceil(LAW_RUNS / 4))

  lawWithItems('the order of arrival, the cuts and duplicates change nothing', (model, random) => {
    const facts = factsOf(model.process, disturbed(walkWithItems(model.process, random).events, random), random)
    const whole = unitOf(model, facts)
    const clock = quietAfter(whole) + Math.floor(random() * 36_000_000)
    const pieces = unitOf(model, [])
    const shuffled = shuffle(facts, random)
    for (let at = 0; at < shuffled.length;) {
      const size = 1 + Math.floor(random() * 4)
      pieces.add(shuffled.slice(at, at + size))
      if (random() < 0.3) pieces.add(shuffle(shuffled.slice(0, at + size), random).slice(0, 2))
      if (random() < 0.3) pieces.view(clock)
      at += size
    }
    expect(pictureOf(pieces, clock)).toBe(pictureOf(whole, clock))
  })

  lawWithItems('nor does it matter which source arrived first, once nothing more can overtake', (model, random) => {
    const events = disturbed(walkWithItems(model.process, random).events, random).map((event) => ({ event, source: sources[Math.floor(random() * sources.length)] ?? '' }))
    const [one, other] = [0, 1].map(() => unitOf(model, events.map(({ event, source }, index) => {
      const appendTime = event.time + Math.floor(random() * 7_200_000)
      return { ...factOf(model.process, BigInt(appendTime) * 1000n + BigInt(index), event.type, event.time, { appendTime, item: event.item, source, id: String(index) }), sequence: String(index).padStart(3, '0') }
    }))) as [Unit, Unit]
    const clock = Math.max(quietAfter(one), quietAfter(other)) + Math.floor(random() * 36_000_000)
    expect(withoutArrivals(pictureOf(one, clock))).toBe(withoutArrivals(pictureOf(other, clock)))
  })

  lawWithItems('folding event by event is folding from scratch, after each of them', (model, random) => {
    const facts = factsOf(model.process, disturbed(walkWithItems(model.process, random, 15).events, random).slice(0, 40), random)
    const growing = unitOf(model, [])
    facts.forEach((fact, index) => {
      growing.add([fact])
      const clock = fact.appendTime + Math.floor(random() * 36_000_000)
      expect(pictureOf(growing, clock)).toBe(pictureOf(unitOf(model, facts.slice(0, index + 1)), clock))
    })
  })

  lawWithItems('no sequence of events breaks it, or takes long', (model, random) => {
    const types = [...new Set(model.process.elements.flatMap((element) => element.bindings.map((binding) => binding.event))), 'foreign']
    const events = Array.from({ length: 25 }, (): WalkEvent => ({
      type: types[Math.floor(random() * types.length)] ?? '', label: '', time: 1e12 + Math.floor(random() * 200_000_000), tokens: '', ...(random() < 0.2 ? {} : { item: ['a', 'b', 'a/x', 'b/x', 'b/y'][Math.floor(random() * 5)] ?? '' }),
    }))
    const begun = process.cpuUsage()
    const unit = unitOf(model, [])
    for (const fact of factsOf(model.process, events, random)) {
      unit.add([fact])
      unit.view(fact.appendTime)
    }
    pictureOf(unit, quietAfter(unit) + 1e9)
    expect(process.cpuUsage(begun).user).toBeLessThan(2_000_000)
  })
})

function unitOf(model: TrackedModel, facts: readonly Fact[]): Unit {
  const unit = new Unit(contextFor(model), 'k')
  unit.add(facts)
  return unit
}

/** When nothing that has arrived can still be overtaken. */
function quietAfter(unit: Unit): number {
  return unit.facts.reduce((last, fact) => Math.max(last, fact.appendTime), 0) + 30_000
}

/** What says when something arrived, and where it lies, is another where it arrived at another time. */
function withoutArrivals(picture: string): string {
  return JSON.stringify(JSON.parse(picture, (key, value: unknown) => (['position', 'arrival', 'lastArrival', 'actsAt', 'nextAt', 'leavesAt', 'silent'].includes(key) ? undefined : value)))
}

/** As they arrive: some late, positions in the order of arrival. */
function factsOf(process: ProcessModel, events: readonly WalkEvent[], random: () => number): Fact[] {
  const arrivals = events.map((event) => ({ event, appendTime: event.time + (random() < 0.2 ? Math.floor(random() * 7_200_000) : 0) }))
    .sort((a, b) => a.appendTime - b.appendTime)
  return arrivals.map(({ event, appendTime }, index) => factOf(process, BigInt(index + 1), event.type, event.time, {
    appendTime, item: event.item, source: sources[Math.floor(random() * sources.length)], patch: { [`v${index % 3}`]: index },
  }))
}

/** Half of the walks lose, repeat or swap something. */
function disturbed(events: readonly WalkEvent[], random: () => number): readonly WalkEvent[] {
  const list = [...events]
  for (let faults = Math.floor(random() * 4); faults > 0 && list.length > 1; faults--) {
    const at = Math.floor(random() * (list.length - 1))
    const [one, two] = [list[at], list[at + 1]] as [WalkEvent, WalkEvent]
    const fault = Math.floor(random() * 3)
    if (fault === 0) list.splice(at, 1)
    else if (fault === 1) list.splice(at, 2, { ...two, time: one.time }, { ...one, time: two.time })
    else list.splice(at + 1, 0, { ...one, time: one.time + 1 })
  }
  return list
}

function shuffle<T>(items: readonly T[], random: () => number): T[] {
  const shuffled = [...items]
  for (let at = shuffled.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1))
    const [a, b] = [shuffled[at] as T, shuffled[other] as T]
    shuffled[at] = b
    shuffled[other] = a
  }
  return shuffled
}
