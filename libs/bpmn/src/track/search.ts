/**
 * Which moves come before a step: silent ones, skipped ones and guesses, only as far as the step needs them (its causal past). Going for the
 * goal instead of closing forward keeps parallel branches from multiplying: each missing input is sought on its own.
 */
import { outputsOf, type Net, type Transition } from '../net/net.js'
import { awaited, fire, holds, isEmpty, isEnabled, placesOf, type Marking } from './marking.js'
import { MAX_SEARCH_STATES, type CostScheme } from './costs.js'
import { Heap, Ways, type Way } from './ways.js'

export class Search {
  readonly #net: Net
  readonly #costs: CostScheme
  /** Per place: the places from which a token can get there. */
  readonly #ancestors: (ReadonlySet<number> | undefined)[] = []
  readonly #observeMode: boolean
  readonly #rested = new Map<Marking, Way>()
  readonly #shown = new Map<Marking, Way>()
  /** Per place: transitions that need its token and leave it there. */
  readonly #readers: readonly (readonly Transition[])[]
  /** Per transition: it takes or drops a flow of a choice. */
  readonly #ofChoice: readonly boolean[]
  #states = 0
  /** Set when a bound cut a search short since the last {@link takeCut}. */
  #cut = false

  constructor(net: Net, costs: CostScheme) {
    this.#net = net
    this.#costs = costs
    this.#observeMode = net.process.mode === 'observe'
    this.#ofChoice = net.transitions.map(({ inputs, reads }) => [...inputs, ...reads].some((place) => net.places[place]?.kind === 'option'))
    this.#readers = net.places.map((_, place) => net.transitions.filter((transition) => transition.reads.includes(place)))
  }

  /** Whether a search was cut short since this was last asked. */
  takeCut(): boolean {
    const cut = this.#cut
    this.#cut = false
    return cut
  }

  /** Every way, within the budget, in which the transition becomes enabled; the transition itself is not fired. */
  enable(marking: Marking, transition: Transition, budget: number): readonly Way[] {
    this.#states = 0
    return this.#enable({ marking, cost: 0, fired: [] }, transition, budget, [])
  }

  /** Every way, within the budget, in which all tokens of the scope are gone. */
  drain(marking: Marking, scope: number, budget: number): readonly Way[] {
    this.#states = 0
    const inner = this.#net.scopes[scope]?.inner ?? []
    return this.#empty({ marking, cost: 0, fired: [] }, (current) => tokensAt(current, inner), budget, [])
  }

  /** Passes what passes by itself: silent steps that nothing else competes for. */
  rest(marking: Marking): Way {
    const known = this.#rested.get(marking)
    if (known !== undefined) return known
    let current = marking
    const fired: number[] = []
    const bound = this.#net.transitions.length * 4 + 16
    for (let next = this.#certain(current); next !== undefined && fired.length < bound; next = this.#certain(current)) {
      current = fire(current, next)
      fired.push(next.index)
    }
    const way = { marking: current, cost: 0, fired }
    if (this.#rested.size > MAX_SEARCH_STATES) this.#rested.clear()
    this.#rested.set(marking, way)
    return way
  }

  /** As {@link rest}, and past exception paths that nobody has seen: where tokens are shown, timed and waited for. */
  shownRest(marking: Marking): Way {
    const known = this.#shown.get(marking)
    if (known !== undefined) return known
    const way = this.#shownRest(marking)
    if (this.#shown.size > MAX_SEARCH_STATES) this.#shown.clear()
    this.#shown.set(marking, way)
    return way
  }

  #shownRest(marking: Marking): Way {
    let current = marking
    const fired: number[] = []
    const bound = this.#net.transitions.length * 4 + 16
    for (let next = this.#likely(current); next !== undefined && fired.length < bound; next = this.#likely(current)) {
      current = fire(current, next)
      fired.push(next.index)
      const rested = this.rest(current)
      current = rested.marking
      fired.push(...rested.fired)
    }
    return { marking: current, cost: 0, fired }
  }

  moveCost(transition: Transition): number {
    if (transition.onlyDecided === true) return Infinity
    switch (transition.kind) {
      case 'silent':
        return 0
      case 'observe':
        return this.#costs.skip
      case 'command':
        return this.#observeMode ? 0 : this.#costs.guess
      case 'call':
        return this.#costs.contrary
      case 'timer':
      case 'guess':
        return this.#costs.guess
    }
  }

  #certain(marking: Marking): Transition | undefined {
    for (const place of placesOf(marking)) {
      const kind = this.#net.places[place]?.kind
      const consumers = this.#net.consumers[place] ?? []
      const thrown = this.#thrown(marking, consumers)
      if (thrown !== undefined) return thrown
      for (const index of consumers) {
        const transition = this.#net.transitions[index]
        if (transition === undefined || transition.kind !== 'silent' || transition.rests || transition.immediate === true || transition.onlyDecided === true) continue
        // A sub-process that has become empty is done, whatever else could have interrupted it.
        if (transition.whenEmpty !== undefined && kind === 'scope') {
          const ways = consumers.filter((other) => this.#net.transitions[other]?.whenEmpty !== undefined)
          if (ways.length === 1 && isEmpty(this.#net, marking, transition.whenEmpty)) return transition
          continue
        }
        if (consumers.length > 1 || !this.#unread(place)) continue
        if (transition.inputs.every((input) => input === place || (this.#net.consumers[input]?.length ?? 0) === 1) && isEnabled(this.#net, marking, transition)) {
          return transition
        }
      }
    }
    return undefined
  }

  /** What is thrown here, where it is certain who catches it. */
  #thrown(marking: Marking, consumers: readonly number[]): Transition | undefined {
    const possible = consumers.flatMap((index) => this.#net.transitions[index] ?? [])
      .filter((transition) => transition.immediate === true && transition.kind === 'silent' && isEnabled(this.#net, marking, transition))
    return possible.length === 1 ? possible[0] : undefined
  }

  #likely(marking: Marking): Transition | undefined {
    for (const place of placesOf(marking)) {
      const free = (this.#net.consumers[place] ?? []).filter((index) => {
        const kind = this.#net.transitions[index]?.kind
        return kind !== 'guess'
      })
      const transition = free.length === 1 ? this.#net.transitions[free[0] ?? -1] : undefined
      if (transition === undefined || transition.kind !== 'silent' || transition.rests || transition.whenEmpty !== undefined) continue
      if (this.#hasTimerReader(place)) continue
      if (isEnabled(this.#net, marking, transition)) return transition
    }
    return undefined
  }

  #unread(place: number): boolean {
    return (this.#readers[place]?.length ?? 0) === 0
  }

  #hasTimerReader(place: number): boolean {
    return (this.#readers[place] ?? []).some((transition) => transition.kind !== 'guess')
  }

  #enable(from: Way, transition: Transition, budget: number, goals: readonly number[]): readonly Way[] {
    // A choice is made of the tokens that it has: nothing is moved to make one.
    if (this.#ofChoice[transition.index] === true) return isEnabled(this.#net, from.marking, transition) ? [from] : []
    let ways: readonly Way[] = [from]
    if (transition.upstream === undefined) {
      for (const place of [...transition.inputs, ...transition.reads]) ways = this.#hold(ways, [place], budget, goals)
    } else {
      ways = this.#hold(ways, transition.inputs, budget, goals)
    }
    if (transition.whenEmpty !== undefined || transition.upstream !== undefined) {
      const inside = this.#net.scopes[transition.whenEmpty ?? -1]?.inner ?? []
      const inTheWay = transition.upstream === undefined ? (marking: Marking) => tokensAt(marking, inside) : (marking: Marking) => awaited(marking, transition)
      const next = new Ways()
      for (const way of ways) for (const emptied of this.#empty(way, inTheWay, budget, goals)) next.add(emptied)
      ways = next.sorted()
    }
    // Seeking one input may have used up another.
    return ways.filter((way) => isEnabled(this.#net, way.marking, transition))
  }

  /** Ways on which one of these places holds a token. */
  #hold(ways: readonly Way[], places: readonly number[], budget: number, goals: readonly number[]): readonly Way[] {
    const isHeld = (way: Way) => places.some((place) => holds(way.marking, place))
    if (ways.every(isHeld)) return ways
    const next = new Ways()
    for (const way of ways) {
      if (isHeld(way)) next.add(way)
      else for (const place of places) for (const reached of this.#mark(way, place, budget, goals)) next.add(reached)
    }
    return next.sorted()
  }

  /** Cheapest first: one token at a time walks towards the place; what other inputs a step on its way needs is sought in turn. */
  #mark(from: Way, goal: number, budget: number, goals: readonly number[]): readonly Way[] {
    if (goals.includes(goal)) return []
    const inner = [...goals, goal]
    const ancestors = this.#ancestorsOf(goal)
    const found = new Ways()
    const open = new Heap()
    const best = new Map<string, number>()
    for (const place of new Set(placesOf(from.marking))) if (ancestors.has(place)) open.push({ ...from, focus: place })
    for (let state = open.pop(); state !== undefined; state = open.pop()) {
      if (state.cost > found.cheapest + this.#costs.window) break
      if (++this.#states > MAX_SEARCH_STATES) {
        this.#cut = true
        break
      }
      // A non-interrupting boundary event leaves its host alone and starts a token of its own.
      const moves = [...(this.#net.consumers[state.focus] ?? []).flatMap((index) => this.#net.transitions[index] ?? []), ...(this.#readers[state.focus] ?? [])]
      for (const transition of moves) {
        const cost = this.moveCost(transition)
        if (state.cost + cost > budget) continue
        const leads = outputsOf(transition).filter((place) => place === goal || ancestors.has(place))
        if (leads.length === 0) continue
        for (const ready of this.#enable(state, transition, budget - cost, inner)) {
          const marking = fire(ready.marking, transition)
          const reached = { marking, cost: ready.cost + cost, fired: [...ready.fired, transition.index] }
          if (holds(marking, goal)) {
            found.add(reached)
            continue
          }
          for (const focus of leads) {
            if (transition.transfers !== undefined && !holds(marking, focus)) continue
            const key = `${String.fromCharCode(focus)}${marking}`
            const known = best.get(key)
            if (known !== undefined && known <= reached.cost) continue
            best.set(key, reached.cost)
            open.push({ ...reached, focus })
          }
        }
      }
    }
    return found.sorted()
  }

  /** Until nothing is in the way. Token by token in canonical order: each has to go anyway, so their order does not matter. */
  #empty(from: Way, inTheWay: (marking: Marking) => readonly number[], budget: number, goals: readonly number[]): readonly Way[] {
    const found = new Ways()
    const open = new Heap()
    const best = new Map<string, number>()
    open.push({ ...from, focus: 0 })
    for (let state = open.pop(); state !== undefined; state = open.pop()) {
      if (++this.#states > MAX_SEARCH_STATES) {
        this.#cut = true
        break
      }
      if (state.cost > found.cheapest + this.#costs.window) break
      const { marking: current } = state
      const tokens = inTheWay(current)
      const token = tokens.find((place) => !this.#waitsForOthers(current, place, tokens)) ?? tokens[0]
      if (token === undefined) {
        found.add(state)
        continue
      }
      // A flow that need not be taken is not taken.
      const isOption = this.#net.places[token]?.kind === 'option'
      for (const index of this.#net.consumers[token] ?? []) {
        const transition = this.#net.transitions[index]
        if (transition === undefined || (isOption && transition.inputs.length === 1 && transition.outputs.length > 0)) continue
        const cost = this.moveCost(transition)
        if (state.cost + cost > budget) continue
        for (const ready of this.#enable(state, transition, budget - cost, goals)) {
          const marking = fire(ready.marking, transition)
          const reached = ready.cost + cost
          const known = best.get(marking)
          if (known !== undefined && known <= reached) continue
          best.set(marking, reached)
          open.push({ marking, cost: reached, fired: [...ready.fired, index], focus: 0 })
        }
      }
    }
    return found.sorted()
  }

  /** A token at a join whose other inputs are missing, or a sub-process that is not empty: another token goes first. */
  #waitsForOthers(marking: Marking, place: number, tokens: readonly number[]): boolean {
    const kind = this.#net.places[place]?.kind
    if (kind !== 'join' && kind !== 'scope' && kind !== 'option') return false
    if (tokens.every((other) => other === place)) return false
    return !(this.#net.consumers[place] ?? []).some((index) => {
      const transition = this.#net.transitions[index]
      return transition !== undefined && isEnabled(this.#net, marking, transition)
    })
  }

  #ancestorsOf(goal: number): ReadonlySet<number> {
    const known = this.#ancestors[goal]
    if (known !== undefined) return known
    const ancestors = new Set<number>()
    const open = [goal]
    for (let place = open.pop(); place !== undefined; place = open.pop()) {
      for (const index of this.#net.producers[place] ?? []) {
        const transition = this.#net.transitions[index]
        if (transition === undefined) continue
        for (const before of [...transition.inputs, ...transition.reads, ...(transition.transfers ?? []).map(({ from }) => from)]) {
          if (ancestors.has(before)) continue
          ancestors.add(before)
          open.push(before)
        }
      }
    }
    this.#ancestors[goal] = ancestors
    return ancestors
  }
}

/** Those of these places that hold a token, in canonical order. */
function tokensAt(marking: Marking, places: readonly number[]): readonly number[] {
  return placesOf(marking).filter((place) => places.includes(place))
}
