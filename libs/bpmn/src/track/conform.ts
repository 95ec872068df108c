/**
 * Comparing finished cases with a model: how many fit, and what the others cost by optimal alignment (unit costs). For logs, not for live
 * instances: every case is one run, and it should have ended.
 */
import type { Net } from '../net/net.js'
import { labelOf, partsOf } from '../net/net.js'
import { BeliefTable, type Belief, type Step } from './belief.js'
import { TRACKING, UNIT, type CostScheme } from './costs.js'
import { initialMarking } from './marking.js'

export interface CaseVerdict {
  /** Every event fits and the process can end after the last one. */
  readonly fits: boolean
  /** Deviations of the cheapest explanation: events that fit nowhere plus steps without their event. */
  readonly cost: number
  /** 1 - cost / (events + length of the shortest run of the model), Adriansyah's alignment-based fitness. */
  readonly fitness: number
  readonly deviations: readonly { readonly kind: 'skipped' | 'unexpected' | 'repeated'; readonly element: string }[]
}

/** An event of a case as the labels it may mean; empty where nothing binds it. */
export type CaseLabels = readonly (readonly string[])[]

export class Conformance {
  readonly #net: Net
  readonly #table: BeliefTable
  readonly #shortestRun: number

  constructor(net: Net, costs: CostScheme = UNIT) {
    this.#net = net
    this.#table = new BeliefTable(net, costs)
    this.#shortestRun = this.#end(initialMarking(net), MAX_END_COST) ?? MAX_END_COST
  }

  /** Steps of the shortest run of the model that would be observed. */
  get shortestRun(): number {
    return this.#shortestRun
  }

  verdict(labels: CaseLabels): CaseVerdict {
    const steps: Step[] = []
    const seen = new Set<string>()
    let belief: Belief = this.#table.initial()
    let cost = 0
    for (const candidates of labels) {
      const symbol = this.#table.symbol(candidates)
      const step = this.#table.observe(belief, symbol, seen.has(symbol.id))
      seen.add(symbol.id)
      steps.push(step)
      belief = step.next
      cost += step.cost
    }
    let best = { total: Infinity, index: 0, fired: [] as readonly number[] }
    belief.hypotheses.forEach((hypothesis, index) => {
      const way = this.#table.search.drain(hypothesis.marking, 0, Math.min(MAX_END_COST, best.total - hypothesis.cost))[0]
      if (way !== undefined && hypothesis.cost + way.cost < best.total) best = { total: hypothesis.cost + way.cost, index, fired: way.fired }
    })
    const total = cost + best.total
    const worst = labels.length + this.#shortestRun
    return {
      fits: total === 0,
      cost: total,
      fitness: worst === 0 ? 1 : Math.max(0, 1 - total / worst),
      deviations: this.#explain(labels, steps, best.index, best.fired),
    }
  }

  #explain(labels: CaseLabels, steps: readonly Step[], last: number, ending: readonly number[]): CaseVerdict['deviations'] {
    const found: { kind: 'skipped' | 'unexpected' | 'repeated'; element: string }[] = []
    const skipped = (fired: readonly number[]) => {
      for (const index of fired) {
        const transition = this.#net.transitions[index]
        if (transition?.kind === 'observe') found.push({ kind: 'skipped', element: transition.element })
      }
    }
    let index = last
    const moves = steps.map((step) => step.moves)
    const chosen: { move: Step['moves'][number] | undefined; at: number }[] = []
    for (let at = steps.length - 1; at >= 0; at--) {
      const move = moves[at]?.[index]
      chosen.push({ move, at })
      index = move?.from ?? 0
    }
    const seen = new Set<string>()
    for (const { move, at } of chosen.reverse()) {
      const event = labels[at] ?? []
      if (move?.how === 'sync') skipped(move.fired.slice(0, move.main))
      if (move?.how === 'log') {
        const id = event.join('\u0001')
        found.push({ kind: seen.has(id) ? 'repeated' : 'unexpected', element: event[0] === undefined ? '' : partsOf(event[0]).element })
      }
      seen.add(event.join('\u0001'))
    }
    skipped(ending)
    return found
  }

  #end(marking: string, budget: number): number | undefined {
    return this.#table.search.drain(marking, 0, budget)[0]?.cost
  }
}

/** Ending a case may take this many steps without events. */
const MAX_END_COST = 1000

/** Labels of an element in its default phase, for tests and tools that name steps by element. */
export function labelsOfElements(net: Net, elements: readonly string[]): readonly string[] {
  return elements.flatMap((element) => (['start', 'end', 'occur'] as const).map((phase) => labelOf(element, phase))).filter((label) => net.observations.has(label))
}

export { TRACKING, UNIT }
