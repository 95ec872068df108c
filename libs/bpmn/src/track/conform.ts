/**
 * Comparing finished cases with a model: how many fit, and what the others cost by optimal alignment (unit costs). For logs, not for live
 * instances: every case is one run, and it should have ended.
 */
import type { Net } from '../net/net.js'
import { labelOf, partsOf } from '../net/net.js'
import { BeliefTable, type Belief, type Step } from './belief.js'
import { TRACKING, UNIT, UNIT_WIDE, type CostScheme } from './costs.js'
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
  readonly #tables: readonly BeliefTable[]
  readonly #shortestRun: number

  /** `costs`: where the first finds more than one deviation, which a wider search may do without, the next looks again. */
  constructor(net: Net, costs: readonly [CostScheme, ...CostScheme[]] = [UNIT, UNIT_WIDE]) {
    this.#net = net
    this.#tables = costs.map((scheme) => new BeliefTable(net, scheme))
    this.#shortestRun = this.#end(initialMarking(net), MAX_END_COST) ?? MAX_END_COST
  }

  /** Steps of the shortest run of the model that would be observed. */
  get shortestRun(): number {
    return this.#shortestRun
  }

  verdict(labels: CaseLabels): CaseVerdict {
    let best: Aligned | undefined
    for (const table of this.#tables) {
      const found = align(table, labels, best?.cost ?? Infinity)
      if (best === undefined || found.cost < best.cost) best = found
      if (best.cost <= 1) break
    }
    const { cost, steps, last, ending } = best as Aligned
    const worst = labels.length + this.#shortestRun
    return {
      fits: cost === 0,
      cost,
      fitness: worst === 0 ? 1 : Math.max(0, 1 - cost / worst),
      deviations: this.#explain(labels, steps, last, ending),
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
    return this.#tables[0]?.search.drain(marking, 0, budget)[0]?.cost
  }
}

/** A whole case explained: its steps, the hypothesis after the last of them, and what is fired from there to the end. */
interface Aligned {
  readonly cost: number
  readonly steps: readonly Step[]
  readonly last: number
  readonly ending: readonly number[]
}

/** The cheapest explanation that the table's bounds allow; none that costs as much as `below` is of use. */
function align(table: BeliefTable, labels: CaseLabels, below: number): Aligned {
  const steps: Step[] = []
  const seen = new Set<string>()
  let belief: Belief = table.initial()
  let cost = 0
  for (const candidates of labels) {
    const symbol = table.symbol(candidates)
    const step = table.observe(belief, symbol, seen.has(symbol.id))
    seen.add(symbol.id)
    steps.push(step)
    belief = step.next
    cost += step.cost
    if (cost >= below) break
  }
  let best: Aligned = { cost: Infinity, steps, last: 0, ending: [] }
  belief.hypotheses.forEach((hypothesis, last) => {
    const way = table.search.drain(hypothesis.marking, 0, Math.min(MAX_END_COST, best.cost - cost - hypothesis.cost))[0]
    const total = cost + hypothesis.cost + (way?.cost ?? Infinity)
    if (total < best.cost) best = { cost: total, steps, last, ending: way?.fired ?? [] }
  })
  return best
}

/** Ending a case may take this many steps without events. */
const MAX_END_COST = 1000

/** Labels of an element in its default phase, for tests and tools that name steps by element. */
export function labelsOfElements(net: Net, elements: readonly string[]): readonly string[] {
  return elements.flatMap((element) => (['start', 'end', 'occur'] as const).map((phase) => labelOf(element, phase))).filter((label) => net.observations.has(label))
}

export { TRACKING, UNIT }
