/** What a search finds and keeps in order: ways to a marking, the cheapest of each, and states that are still to be looked at. Every tie has one order. */
import type { Marking } from './marking.js'

/** A marking that can be reached, what it costs, and the transitions fired on the way. */
export interface Way {
  readonly marking: Marking
  readonly cost: number
  readonly fired: readonly number[]
}

export interface State extends Way {
  /** The token that is on its way to the goal. */
  readonly focus: number
}

/** Ways kept for one goal; cheaper ones first, ties in canonical order. */
const MAX_WAYS = 64

/** The cheapest way per marking. */
export class Ways {
  readonly #byMarking = new Map<Marking, Way>()
  cheapest = Infinity

  add(way: Way): void {
    this.cheapest = Math.min(this.cheapest, way.cost)
    const known = this.#byMarking.get(way.marking)
    if (known === undefined || isBetter(way, known)) this.#byMarking.set(way.marking, { marking: way.marking, cost: way.cost, fired: way.fired })
  }

  sorted(): readonly Way[] {
    const ways = [...this.#byMarking.values()].sort(compareWays)
    return ways.length > MAX_WAYS ? ways.filter((way, index) => way.cost === 0 || index < MAX_WAYS) : ways
  }
}

function isBetter(a: Way, b: Way): boolean {
  if (a.cost !== b.cost) return a.cost < b.cost
  return compareFired(a.fired, b.fired) < 0
}

function compareWays(a: Way, b: Way): number {
  if (a.cost !== b.cost) return a.cost - b.cost
  return a.marking < b.marking ? -1 : a.marking > b.marking ? 1 : 0
}

/** Fewer moves first, then document order. */
export function compareFired(a: readonly number[], b: readonly number[]): number {
  if (a.length !== b.length) return a.length - b.length
  for (let index = 0; index < a.length; index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

/** A binary heap of states: cheapest first, then fewer moves, then canonical order. */
export class Heap {
  readonly #items: State[] = []

  push(state: State): void {
    const items = this.#items
    let index = items.push(state) - 1
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (compareStates(items[parent] as State, state) <= 0) break
      items[index] = items[parent] as State
      index = parent
    }
    items[index] = state
  }

  pop(): State | undefined {
    const items = this.#items
    const top = items[0]
    const last = items.pop()
    if (top === undefined || last === undefined || items.length === 0) return top
    let index = 0
    for (;;) {
      let child = index * 2 + 1
      if (child >= items.length) break
      if (child + 1 < items.length && compareStates(items[child + 1] as State, items[child] as State) < 0) child++
      if (compareStates(last, items[child] as State) <= 0) break
      items[index] = items[child] as State
      index = child
    }
    items[index] = last
    return top
  }
}

function compareStates(a: State, b: State): number {
  if (a.cost !== b.cost) return a.cost - b.cost
  if (a.fired.length !== b.fired.length) return a.fired.length - b.fired.length
  if (a.marking !== b.marking) return a.marking < b.marking ? -1 : 1
  return a.focus - b.focus
}
