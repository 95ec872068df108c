import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { blocks, modelOf } from '../testing/models.js'
import { contextFor, factOf, START } from '../testing/scenario.js'
import { randomOf, walkOf } from '../testing/walk.js'
import type { Fact } from './fact.js'
import { Told, type History } from './history.js'
import { TrackedModel } from './tracked-model.js'
import { Unit } from './unit.js'
import type { RunView } from './view.js'

const NOTHING: History = { events: [], visits: new Map(), flows: [], durations: [] }

/** What was told, with what has been told since; comparable, whatever order its parts came in. */
function sum(before: History, since: History): object {
  const visits = new Map(before.visits)
  for (const [element, count] of since.visits) visits.set(element, (visits.get(element) ?? 0) + count)
  return {
    events: [...before.events, ...since.events].map((event) => `${event.position} ${event.element} ${event.phase} ${event.reading}`).sort(),
    visits: [...visits].filter(([, count]) => count !== 0).sort(), flows: [...before.flows, ...since.flows], durations: [...before.durations, ...since.durations],
  }
}

function since(view: RunView, before: RunView): History | undefined {
  const told = new Told()
  const isTold = view.tellSince(before, told)
  if (!isTold) expect(told).toEqual(new Told())
  return isTold ? told : undefined
}

describe('what has happened since an earlier view', () => {
  it('makes, with what was told then, what is told now; where the past is told otherwise, it does not say', () => {
    let [told, otherwise] = [0, 0]
    for (const [seed, block] of fc.sample(blocks({ loops: true, timers: true, ambiguous: true, nonInterrupting: true }), { numRuns: 120, seed: 5 }).entries()) {
      const model = new TrackedModel(modelOf(block))
      const random = randomOf(seed)
      const facts = walkOf(model.process, random).events.map((event, index): Fact =>
        factOf(model.process, BigInt(index + 1), random() < 0.1 ? 'nothing of the model' : event.type, event.time, {}))
      const unit = new Unit(contextFor(model), 'k')
      let views: readonly RunView[] = []
      while (facts.length > 0) {
        const late = random() < 0.1 ? facts.splice(1, 1) : []
        unit.add([...facts.splice(0, random() < 0.3 ? 2 : 1), ...late])
        const clock = START + Math.floor(random() * 36_000_000)
        const next = unit.view(clock).map(({ view }) => view)
        for (const [index, view] of next.entries()) {
          const before = views[index]
          if (before === undefined) continue
          const news = since(view, before)
          if (news === undefined) otherwise++
          else {
            told++
            expect(sum(before, news)).toEqual(sum(NOTHING, view))
          }
        }
        views = next
      }
    }
    expect(told).toBeGreaterThan(300)
    expect(otherwise).toBeGreaterThan(10)
  })

  it('is nothing where nothing has happened, and is not known of another unit', () => {
    const model = new TrackedModel(modelOf(fc.sample(blocks({ loops: false, timers: false, ambiguous: false, nonInterrupting: false }), { numRuns: 1, seed: 1 })[0] as Parameters<typeof modelOf>[0]))
    const [one, other] = [new Unit(contextFor(model), 'k'), new Unit(contextFor(model), 'k')]
    for (const unit of [one, other]) unit.add(walkOf(model.process, randomOf(1)).events.map((event, index) => factOf(model.process, BigInt(index + 1), event.type, event.time, {})))
    const [view, again, foreign] = [one, one, other].map((unit) => unit.view(START)[0]?.view as RunView)
    expect(sum(NOTHING, since(again as RunView, view as RunView) as History)).toEqual(sum(NOTHING, NOTHING))
    expect(since(foreign as RunView, view as RunView)).toBeUndefined()
  })
})
