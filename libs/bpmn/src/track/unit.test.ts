import { describe, expect, it } from 'vitest'
import { blocks, modelOf } from '../testing/models.js'
import { pictureOf } from '../testing/picture.js'
import { contextFor, factOf, processOf, START } from '../testing/scenario.js'
import { randomOf, walkOf } from '../testing/walk.js'
import fc from 'fast-check'
import type { Fact } from './fact.js'
import { Told } from './history.js'
import { FactPacker } from './packed-facts.js'
import { TrackedModel } from './tracked-model.js'
import { MAX_FACTS, Unit } from './unit.js'

const loop = new TrackedModel(processOf({
  elements: { start: { trigger: { kind: 'message' } }, xor1: {}, a: {}, xor2: {}, end: {} }, flows: ['start > xor1 > a > xor2 > end', 'xor2 > xor1'],
}))

describe('a unit with more events than are followed', () => {
  const events = Array.from({ length: MAX_FACTS + 40 }, (_, index): Fact => factOf(loop.process, BigInt(index + 1), index === 0 ? 'start' : 'a', START + index * 1000))
  const told: Fact = { position: 1_000_000n, kind: 'settled', time: START + 1e9, appendTime: START + 1e9, source: '/tidemark', id: 'x', type: 'commandSettled', labels: {}, command: 'c' }

  it('keeps the first in event time, whatever order and pieces they came in, and says that it is not exact', () => {
    const whole = new Unit(contextFor(loop), 'k')
    whole.add([...events, told])
    const pieces = new Unit(contextFor(loop), 'k')
    const late = events.filter((_, index) => index % 1000 === 500)
    const rest = events.filter((_, index) => index % 1000 !== 500)
    pieces.add(rest.slice(0, 7000))
    pieces.add([told])
    pieces.add(rest.slice(7000))
    pieces.add(late)
    pieces.add(rest.slice(-10))
    expect(whole.oversized && pieces.oversized).toBe(true)
    expect(pieces.size).toBe(MAX_FACTS + 1)
    expect(pieces.facts.map((fact) => fact.position)).toEqual(whole.facts.map((fact) => fact.position))
    const clock = START + 2e9
    expect(pieces.view(clock).map(({ view }) => [view.approximate, view.visits.get('a')])).toEqual(whole.view(clock).map(({ view }) => [view.approximate, view.visits.get('a')]))
    expect(whole.view(clock)[0]?.view.approximate).toBe(true)
  })
})

describe('a unit that sleeps', () => {
  it('wakes as it was, whatever its entries hold', () => {
    const packer = new FactPacker()
    const given: Fact[] = [
      { position: 7n, kind: 'event', time: START, appendTime: START + 1, source: '/ärger', id: '"quoted", [id]', type: 'start', labels: { 1: ['start\u0000occur'], 2: [] }, patch: { at: undefined, when: 1 } },
      { position: 2n ** 60n, kind: 'event', time: START + 0.25, appendTime: 1e-7, source: '/b', id: '1', type: 'a', sequence: '007', labels: { 1: ['a\u0000end'] } },
      { position: 9n, kind: 'operation', time: START + 2, appendTime: START + 2, source: '/tidemark', id: '9', type: 'approveCommand', labels: {}, command: 'c', outcome: 'approved', by: 'ada', note: '' },
      { position: 10n, kind: 'left', time: START + 3, appendTime: START + 3, source: '/tidemark', id: '10', type: 'commandLeft', labels: {}, command: 'c', element: 'a', patch: { data: null } },
    ]
    const unit = new Unit(contextFor(loop), 'k')
    unit.add(given)
    const before = pictureOf(unit, START + 1e6)
    unit.sleep(packer)
    unit.sleep(packer)
    expect(unit.sleeps).toBe(true)
    expect([unit.has(9n), unit.has(8n), unit.sleeps, unit.size]).toEqual([true, false, false, 4])
    expect(unit.facts).toEqual(given)
    expect(unit.facts[0]?.patch).toBe(given[0]?.patch)
    unit.sleep(packer)
    expect(pictureOf(unit, START + 1e6)).toBe(before)
  })

  it('goes on as if it had not slept', () => {
    const packer = new FactPacker()
    for (const [seed, block] of fc.sample(blocks({ loops: true, timers: true, ambiguous: true, nonInterrupting: true }), { numRuns: 60, seed: 11 }).entries()) {
      const model = new TrackedModel(modelOf(block))
      const random = randomOf(seed)
      const facts = walkOf(model.process, random).events.map((event, index) => factOf(model.process, BigInt(index + 1), event.type, event.time, { patch: { index } }))
      const [awake, sleepy] = [new Unit(contextFor(model), 'k'), new Unit(contextFor(model), 'k')]
      for (const fact of facts) {
        for (const unit of [awake, sleepy]) unit.add([fact])
        if (random() < 0.5) sleepy.sleep(packer)
        const clock = fact.appendTime + Math.floor(random() * 36_000_000)
        if (random() < 0.5) expect(pictureOf(sleepy, clock)).toBe(pictureOf(awake, clock))
      }
      expect(pictureOf(sleepy, START + 1e9)).toBe(pictureOf(awake, START + 1e9))
    }
  })
})

describe('a unit that rests', () => {
  it('goes on as if it had not rested, also where an entry comes late', () => {
    for (const [seed, block] of fc.sample(blocks({ loops: true, timers: true, ambiguous: true, nonInterrupting: true }), { numRuns: 80, seed: 12 }).entries()) {
      const model = new TrackedModel(modelOf(block))
      const random = randomOf(seed)
      const facts = walkOf(model.process, random, 80).events.map((event, index) => factOf(model.process, BigInt(index + 1), event.type, event.time, { patch: { index } }))
      const [awake, resting] = [new Unit(contextFor(model), 'k'), new Unit(contextFor(model), 'k')]
      while (facts.length > 0) {
        const next = facts.splice(random() < 0.1 ? 1 : 0, random() < 0.3 ? 3 : 1)
        for (const unit of [awake, resting]) unit.add(next)
        const clock = START + Math.floor(random() * 36_000_000)
        if (random() < 0.5) expect(pictureOf(resting, clock)).toBe(pictureOf(awake, clock))
        if (random() < 0.7) resting.rest()
      }
      expect(pictureOf(resting, START + 1e9)).toBe(pictureOf(awake, START + 1e9))
    }
  })

  it('holds the story of its last step, and of few before it', () => {
    const unit = new Unit(contextFor(loop), 'k')
    for (let index = 0; index < 200; index++) {
      unit.add([factOf(loop.process, BigInt(index + 1), index === 0 ? 'start' : 'a', START + index * 1000)])
      unit.view(START + index * 1000)[0]?.view.tell(new Told())
      if (index % 3 === 0) unit.rest()
    }
    unit.rest()
    const kept = unit.runs[0]?.trail.flatMap((step) => (step.story === undefined ? [] : [step.index]))
    expect(kept).toEqual([31, 63, 95, 127, 159, 191, 199])
  })
})
