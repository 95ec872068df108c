/** An event that fits nowhere, but would have fitted had it come before the last ones: those overtook it on a way around its step. */
import { MAX_DEBT } from './costs.js'
import { fire } from './marking.js'
import type { TrackedModel } from './tracked-model.js'
import type { Transition } from '../net/net.js'
import type { TrailStep } from './trail.js'

/** The event that it should have come before; undefined where there is none among the last few. `hypothesis`: the one before the stray event. */
export function overtakenBy(model: TrackedModel, stray: TrailStep, hypothesis: number): TrailStep | undefined {
  const fitsAfter = (step: TrailStep | undefined, index: number, passed: readonly Transition[]) => {
    const marking = (step?.step.next ?? model.table.initial()).hypotheses[index]?.marking
    return marking !== undefined && (stray.symbol?.transitions ?? []).some((own) => fitInOrder(model, marking, [own, ...passed]))
  }
  // What fits where it came is foreign only because what came later needs its place.
  if (fitsAfter(stray.before, hypothesis, [])) return undefined
  const passed: Transition[] = []
  let at = stray.before
  for (let back = 0; back < MAX_DEBT && at?.kind === 'event'; back++, at = at.before) {
    const move = at.step.moves[hypothesis]
    const main = model.net.transitions[move?.fired[move.main] ?? -1]
    if (move?.how !== 'sync' || main === undefined) return undefined
    passed.unshift(main)
    hypothesis = move.from
    if (fitsAfter(at.before, hypothesis, passed)) return at
  }
  return undefined
}

/** Whether these can be fired one after the other with nothing but silent steps between. */
function fitInOrder(model: TrackedModel, marking: string, transitions: readonly Transition[]): boolean {
  const { search } = model.table
  let markings: readonly string[] = [marking]
  for (const transition of transitions) {
    markings = [...new Set(markings.flatMap((from) => search.enable(from, transition, 0).map((way) => search.rest(fire(way.marking, transition)).marking)))]
  }
  return markings.length > 0
}
