import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LAW_SEED } from '../testing/law-runs.js'
import { blocks, modelOf } from '../testing/models.js'
import { contextFor, factOf } from '../testing/scenario.js'
import { randomOf, walkOf } from '../testing/walk.js'
import { chainToArray } from './chain.js'
import type { ReadingState } from './reading.js'
import { storyAt } from './story.js'
import { TrackedModel } from './tracked-model.js'
import { chosenOf } from './trail.js'
import { Unit } from './unit.js'

describe('what a move does to tokens, worked out once per layout', () => {
  it('is what moving them one by one does, and so are the visits that end', () => {
    let steps = 0
    fc.assert(fc.property(blocks({ loops: true, timers: true, ambiguous: true, nonInterrupting: true }), fc.nat(), (block, seed) => {
      const model = new TrackedModel(modelOf(block))
      const random = randomOf(seed)
      const types = [...new Set(model.process.elements.flatMap((element) => element.bindings.map((binding) => binding.event)))]
      const events = walkOf(model.process, random, 25).events
        .flatMap((event) => (random() < 0.1 ? [] : random() < 0.1 ? [event, { ...event, type: types[Math.floor(random() * types.length)] ?? event.type }] : [event]))
      const unit = new Unit(contextFor(model), 'k')
      unit.add(events.map((event, index) => factOf(model.process, BigInt(index + 1), event.type, event.time)))
      for (const run of unit.runs) {
        const chosen = chosenOf(run.head)
        let told: ReadingState = model.reader.advance(model.reader.start(run.begin.context), model.initialMove, run.begin.context)
        for (const step of run.trail) {
          const move = step.step.moves[chosen[step.index] ?? 0]
          if (move !== undefined) told = model.reader.advance(told, move, step)
          expect(storyAt(model, run.begin, step, chosen[step.index] ?? 0)).toMatchObject({ tokens: told.tokens, terminated: told.terminated })
          steps++
        }
        expect(run.endedVisits).toEqual(chainToArray(told.visits))
      }
    }), { numRuns: 100, ...LAW_SEED })
    expect(steps).toBeGreaterThan(500)
  }, 60_000)
})
