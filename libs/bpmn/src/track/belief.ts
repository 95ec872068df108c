/**
 * A belief: every marking that explains what was seen, each with its cost, the cheapest at 0. Steps between beliefs are worked out once and
 * kept, as a regular-expression engine builds its automaton: following is one look-up per event.
 */
import type { Net, Transition } from '../net/net.js'
import { alternativesOf } from '../net/alternatives.js'
import { labelOf } from '../net/net.js'
import { overflows, fire, initialMarking, type Marking } from './marking.js'
import { MAX_DEBT, MAX_EXACT_MARKINGS, type CostScheme } from './costs.js'
import { Search } from './search.js'
import { compareFired, type Way } from './ways.js'

export interface Hypothesis {
  readonly marking: Marking
  readonly cost: number
  /** Labels its cheapest path skipped and that may still come late; oldest first. */
  readonly debt: readonly string[]
}

/**
 * How a hypothesis came out of the one before.
 * `sync`: the event is its step. `redeem`: its step was skipped before. `log`: the event fits nowhere. `own`: a timer, command or decision of
 * ours fired. `contrary`: it should have fired, and this explanation says it did not. `idle`: it did not concern this one.
 * `placed`: a person has said where the tokens are.
 */
export type MoveHow = 'sync' | 'redeem' | 'log' | 'own' | 'contrary' | 'idle' | 'placed'

export interface Move {
  readonly how: MoveHow
  /** Index of the hypothesis it came from. */
  readonly from: number
  /** Transitions fired, in order, silent ones included. The observed or own one is at `main`, what follows it rested. */
  readonly fired: readonly number[]
  /** Index into `fired`, -1 where nothing was observed. */
  readonly main: number
  /** The label paid back, of `redeem`. */
  readonly label?: string
  /** Where the tokens are, of `placed`, and whether the process is over by it. */
  readonly places?: readonly number[]
  readonly terminates?: boolean
}

export interface Step {
  readonly next: Belief
  /** Per hypothesis of `next`. */
  readonly moves: readonly Move[]
  /** How much dearer the cheapest explanation became. */
  readonly cost: number
  /** A bound was hit: the outcome is the best known, not exact. */
  readonly approximate: boolean
}

export interface Belief {
  /** Content as a string: equal beliefs are equal strings on every machine. */
  readonly content: string
  readonly hypotheses: readonly Hypothesis[]
  /** Steps known so far, by symbol. */
  readonly steps: Map<string, Step>
}

/** What an event may mean in a net: the labels it is bound to, and their transitions. Exactly one of them fires. */
export interface Symbol {
  readonly id: string
  /** As a symbol that occurred before in a run. */
  readonly again: string
  readonly labels: readonly string[]
  readonly transitions: readonly Transition[]
}

/** Beliefs kept; beyond it the table starts anew. Everything in it can be worked out again. */
const MAX_BELIEFS = 50_000

export class BeliefTable {
  readonly net: Net
  readonly search: Search
  readonly #costs: CostScheme
  #beliefs = new Map<string, Belief>()
  readonly #symbols = new Map<string, Symbol>()
  /** What was asked for last: the same is asked several times in a row. */
  #lastLabels: readonly string[] | undefined
  #lastSymbol: Symbol | undefined
  #alternatives: ReadonlyMap<string, ReadonlySet<string>> | undefined

  constructor(net: Net, costs: CostScheme) {
    this.net = net
    this.#costs = costs
    this.search = new Search(net, costs)
  }

  initial(): Belief {
    return this.#intern([{ marking: this.search.rest(initialMarking(this.net)).marking, cost: 0, debt: [] }])
  }

  /** The transitions fired before anything was seen: those of the initial rest. */
  initialWay(): Way {
    return this.search.rest(initialMarking(this.net))
  }

  get size(): number {
    return this.#beliefs.size
  }

  symbol(labels: readonly string[]): Symbol {
    if (this.#lastLabels === labels && this.#lastSymbol !== undefined) return this.#lastSymbol
    const id = labels.length === 1 ? labels[0] as string : labels.join('\u0001')
    let symbol = this.#symbols.get(id)
    if (symbol === undefined) {
      symbol = this.#symbolOf(id, labels)
      this.#symbols.set(id, symbol)
    }
    this.#lastLabels = labels
    this.#lastSymbol = symbol
    return symbol
  }

  #symbolOf(id: string, labels: readonly string[]): Symbol {
    const indexes = labels.flatMap((label) => this.net.observations.get(label) ?? [])
    const transitions = [...new Set(indexes)].sort((a, b) => a - b).flatMap((index) => this.net.transitions[index] ?? [])
    return { id, again: `!${id}`, labels, transitions }
  }

  /** An event. `repeated`: its symbol occurred before in this run. */
  observe(belief: Belief, symbol: Symbol, repeated: boolean): Step {
    const key = repeated ? symbol.again : symbol.id
    const known = belief.steps.get(key)
    if (known !== undefined) return known
    const step = this.#observe(belief, symbol, repeated)
    belief.steps.set(key, step)
    return step
  }

  /** A timer, command or decision of our own. */
  act(belief: Belief, transition: Transition): Step {
    const key = `#${transition.index}`
    const known = belief.steps.get(key)
    if (known !== undefined) return known
    const step = this.#act(belief, transition)
    belief.steps.set(key, step)
    return step
  }

  /** A person says that it happened: what must have come before costs nothing, other explanations are gone. Undefined where it cannot be reached. */
  assert(belief: Belief, symbol: Symbol): Step | undefined {
    const found = new Candidates()
    this.search.takeCut()
    belief.hypotheses.forEach((hypothesis, from) => {
      // They speak of what is shown: another explanation that would allow it is not preferred for that.
      if (hypothesis.cost > 0) return
      for (const transition of symbol.transitions) this.#addSteps(found, hypothesis, from, transition, this.#costs.search)
    })
    return found.cheapest === Infinity ? undefined : this.#settle(found, belief)
  }

  /** A person says where the tokens are: nothing else is believed. */
  place(places: readonly number[], terminates: boolean): Step {
    const rested = this.search.rest(String.fromCharCode(...places))
    const move: Move = { how: 'placed', from: 0, fired: rested.fired, main: -1, places, ...(terminates ? { terminates } : {}) }
    return { next: this.#intern([{ marking: rested.marking, cost: 0, debt: [] }]), moves: [move], cost: 0, approximate: false }
  }

  #addSteps(found: Candidates, hypothesis: Hypothesis, from: number, transition: Transition, room: number): void {
    for (const way of this.search.enable(hypothesis.marking, transition, room)) {
      const rested = this.search.rest(fire(way.marking, transition))
      found.add({
        marking: rested.marking,
        cost: hypothesis.cost + way.cost + (way.cost > 0 ? this.#costs.gap : 0),
        debt: this.#owed(hypothesis.debt, way.fired),
        move: { how: 'sync', from, fired: [...way.fired, transition.index, ...rested.fired], main: way.fired.length },
      })
    }
  }

  #observe(belief: Belief, symbol: Symbol, repeated: boolean): Step {
    const found = new Candidates()
    this.search.takeCut()
    belief.hypotheses.forEach((hypothesis, from) => {
      const room = Math.min(this.#costs.search, found.cheapest + this.#costs.window - hypothesis.cost)
      for (const transition of symbol.transitions) this.#addSteps(found, hypothesis, from, transition, room)
      const owed = hypothesis.debt.find((label) => symbol.labels.includes(label)) ?? hypothesis.debt.find((label) => this.#standsFor(symbol, label))
      if (owed !== undefined) {
        const at = hypothesis.debt.indexOf(owed)
        found.add({
          marking: hypothesis.marking,
          cost: hypothesis.cost + this.#costs.late,
          debt: hypothesis.debt.filter((_, index) => index !== at),
          move: { how: 'redeem', from, fired: [], main: -1, label: owed },
        })
      }
      found.add({
        marking: hypothesis.marking,
        cost: hypothesis.cost + (repeated ? this.#costs.repeated : this.#costs.unexpected),
        debt: hypothesis.debt,
        move: { how: 'log', from, fired: [], main: -1 },
      })
    })
    return this.#settle(found, belief)
  }

  /** The event is another of the ways of which one was skipped: nobody could say which. */
  #standsFor(symbol: Symbol, skipped: string): boolean {
    this.#alternatives ??= alternativesOf(this.net)
    const others = this.#alternatives.get(skipped)
    return others !== undefined && symbol.labels.some((label) => others.has(label))
  }

  #act(belief: Belief, transition: Transition): Step {
    const found = new Candidates()
    this.search.takeCut()
    belief.hypotheses.forEach((hypothesis, from) => {
      const ways = this.search.enable(hypothesis.marking, transition, 0)
      for (const way of ways) {
        const rested = this.search.rest(fire(way.marking, transition))
        found.add({
          marking: rested.marking, cost: hypothesis.cost, debt: hypothesis.debt,
          move: { how: 'own', from, fired: [...way.fired, transition.index, ...rested.fired], main: way.fired.length },
        })
      }
      // That a called process has begun or ended is no decision that reality could overrule.
      if (ways.length > 0 && transition.kind === 'call') return
      found.add({
        marking: hypothesis.marking,
        cost: hypothesis.cost + (ways.length > 0 ? this.#costs.contrary : 0),
        debt: hypothesis.debt,
        move: { how: ways.length > 0 ? 'contrary' : 'idle', from, fired: [], main: -1 },
      })
    })
    return this.#settle(found, belief)
  }

  /** The labels a path owes after skipping these transitions. */
  #owed(debt: readonly string[], fired: readonly number[]): readonly string[] {
    if (!this.#costs.debt) return debt
    const owed = [...debt]
    for (const index of fired) {
      const transition = this.net.transitions[index]
      if (transition?.kind === 'observe' && transition.phase !== undefined) owed.push(labelOf(transition.element, transition.phase))
    }
    return owed.length > MAX_DEBT ? owed.slice(owed.length - MAX_DEBT) : owed
  }

  /** Work was lost sight of on the way, because there were more tokens at one element than are told apart. */
  #overflowed(belief: Belief, { from, fired }: Move): boolean {
    let marking = belief.hypotheses[from]?.marking ?? ''
    return fired.some((index) => {
      const transition = this.net.transitions[index]
      if (transition === undefined) return false
      const before = marking
      marking = fire(marking, transition)
      return overflows(before, { ...transition, outputs: transition.outputs.filter((place) => ['at', 'in'].includes(this.net.places[place]?.kind ?? '')) })
    })
  }

  #settle(found: Candidates, belief: Belief): Step {
    const { window, beam } = this.#costs
    const sorted = found.sorted()
    const cheapest = sorted[0]?.cost ?? 0
    const exact = sorted.filter((candidate) => candidate.cost === cheapest)
    const rest = sorted.filter((candidate) => candidate.cost > cheapest && candidate.cost <= cheapest + window).slice(0, beam)
    const kept = [...exact.slice(0, MAX_EXACT_MARKINGS), ...rest]
    const next = this.#intern(kept.map(({ marking, cost, debt }) => ({ marking, cost: cost - cheapest, debt })))
    const isOverflowing = exact[0] !== undefined && this.#overflowed(belief, exact[0].move)
    const approximate = this.search.takeCut() || exact.length > MAX_EXACT_MARKINGS || isOverflowing
    return { next, moves: kept.map((candidate) => candidate.move), cost: cheapest, approximate }
  }

  #intern(hypotheses: readonly Hypothesis[]): Belief {
    const content = hypotheses.map(({ marking, cost, debt }) => `${cost}\u0002${marking}\u0002${debt.join('\u0001')}`).join('\u0003')
    const known = this.#beliefs.get(content)
    if (known !== undefined) return known
    if (this.#beliefs.size >= MAX_BELIEFS) this.#beliefs = new Map()
    const belief: Belief = { content, hypotheses, steps: new Map() }
    this.#beliefs.set(content, belief)
    return belief
  }
}

interface Candidate extends Hypothesis {
  readonly move: Move
}

/** The best candidate per marking: cheapest, then the event explained, then the shorter debt, then canonical order. */
class Candidates {
  readonly #byMarking = new Map<Marking, Candidate>()
  cheapest = Infinity

  add(candidate: Candidate): void {
    if (candidate.cost < this.cheapest) this.cheapest = candidate.cost
    const known = this.#byMarking.get(candidate.marking)
    if (known === undefined || compareCandidates(candidate, known) < 0) this.#byMarking.set(candidate.marking, candidate)
  }

  sorted(): readonly Candidate[] {
    // On equal cost the story told so far goes on: a reading does not switch without a reason.
    return [...this.#byMarking.values()].sort((a, b) => a.cost - b.cost || a.move.from - b.move.from || rankOf(a.move) - rankOf(b.move) || a.debt.length - b.debt.length
      || (a.marking < b.marking ? -1 : a.marking > b.marking ? 1 : 0))
  }
}

function compareCandidates(a: Candidate, b: Candidate): number {
  return a.cost - b.cost || rankOf(a.move) - rankOf(b.move) || a.debt.length - b.debt.length
    || compareFired(a.move.fired, b.move.fired) || a.move.from - b.move.from
}

const RANK: Readonly<Record<MoveHow, number>> = { sync: 0, own: 0, placed: 0, redeem: 1, idle: 2, contrary: 3, log: 4 }

function rankOf(move: Move): number {
  return RANK[move.how]
}
