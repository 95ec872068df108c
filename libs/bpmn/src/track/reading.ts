/**
 * A reading: where one explanation has its tokens and since when, which stays have ended, which transitions fired. Persistent (each state shares
 * its past with the one before), so that the steps of a run can keep their own and nothing is copied when a story changes.
 */
import { isShown, type Net, type Transition } from '../net/net.js'
import type { Move } from './belief.js'
import type { Cause } from './cause.js'
import type { Chain } from './chain.js'
import { MAX_TOKENS_PER_PLACE } from './marking.js'

export type VisitHow = 'observed' | 'assumed' | 'silent' | 'timer' | 'command'

export interface TokenAt {
  readonly place: number
  /** Epoch milliseconds at which it came. */
  readonly since: number
  /** With the element, the identity of the stay. */
  readonly cause: Cause
  /** Index of the trail step that brought it. */
  readonly by: number
  /** False where its coming was assumed, so that its age means nothing. */
  readonly sure: boolean
}

export interface Visit {
  readonly element: string
  readonly entered: number
  readonly left: number
  readonly how: VisitHow
  /** Both ends were seen: the duration may be counted. */
  readonly measured: boolean
  /** Ended by a boundary event, a terminate end or an error, not by itself. */
  readonly interrupted: boolean
  /** The item that it belongs to, of what is followed item by item; of items inside items, all of them, the outermost first, with ' / ' between. */
  readonly item?: string
}

export interface ReadingState {
  readonly tokens: readonly TokenAt[]
  readonly visits: Chain<Visit> | undefined
  /** Transitions fired, newest first. */
  readonly fired: Chain<number> | undefined
  /** Set by a terminate end. */
  readonly terminated: boolean
}

/** What the step of a trail says about time and cause. `begin` is what is fired before anything was seen. */
export interface StepContext {
  readonly kind: 'begin' | 'event' | 'timer' | 'command' | 'call' | 'decide'
  readonly index: number
  readonly time: number
  readonly cause: Cause
}

const HOW: Readonly<Record<StepContext['kind'], VisitHow>> = { begin: 'silent', event: 'observed', timer: 'timer', command: 'command', call: 'observed', decide: 'silent' }

/** What of a transition matters to stays, worked out once. */
interface Facet {
  readonly transition: Transition
  /** How the stay ends where nothing was observed. */
  readonly how: VisitHow
  readonly isBoundary: boolean
  /** Elements that it puts a token inside of, where one was at or in them before: the same stay goes on. */
  readonly stays: ReadonlySet<string>
  /** It takes nothing that was at an element: a further instance beside those that run, or what begins without a start event. */
  readonly isSpawn: boolean
  /** A token that it takes from another element is taken away from there. */
  readonly interrupts: boolean
}

/** Reads the moves of one net. */
export class Reader {
  readonly #net: Net
  readonly #facets: readonly Facet[]

  constructor(net: Net) {
    this.#net = net
    const boundaries = new Set(net.process.elements.flatMap((element) => (element.kind === 'boundaryEvent' ? [element.id] : [])))
    this.#facets = net.transitions.map((transition) => ({
      transition, how: howOf(transition), isBoundary: boundaries.has(transition.element), interrupts: transition.clears.length > 0 || boundaries.has(transition.element),
      isSpawn: transition.kind === 'silent' && (transition.inputs.length === 0
        || (transition.inputs[0] === net.source && transition.outputs.some((output) => net.places[output]?.element === transition.element))),
      stays: new Set(transition.outputs.flatMap((output) => {
        const place = net.places[output]
        const isInside = place?.kind === 'in' || place?.kind === 'scope'
        return isInside && transition.inputs.some((input) => net.places[input]?.element === place.element) ? [place.element] : []
      })),
    }))
  }

  /** Before anything has happened. */
  start(context: StepContext): ReadingState {
    const source: TokenAt = { place: this.#net.source, since: context.time, cause: context.cause, by: context.index, sure: true }
    return { tokens: [source], visits: undefined, fired: undefined, terminated: false }
  }

  advance(state: ReadingState, move: Move, context: StepContext): ReadingState {
    if (move.fired.length === 0 && move.places === undefined) return state
    let { tokens, visits, fired, terminated } = move.places === undefined ? state : this.#placed(state, move, move.places, context)
    for (let at = 0; at < move.fired.length; at++) {
      const index = move.fired[at] ?? -1
      const facet = this.#facets[index]
      if (facet === undefined) continue
      const { transition } = facet
      const how = at === move.main ? HOW[context.kind] : facet.how
      const kept = tokens.slice()
      const taken: TokenAt[] = []
      for (const place of transition.inputs) {
        const token = takeOldest(kept, place)
        if (token !== undefined) taken.push(token)
      }
      const cleared = transition.clears.length === 0 ? NONE : kept.filter((token) => transition.clears.includes(token.place))
      const remaining = cleared.length === 0 ? kept : kept.filter((token) => !transition.clears.includes(token.place))
      let own = false
      const first = taken[0]
      for (const token of taken) {
        const element = this.#net.places[token.place]?.element ?? ''
        const isOwn = element === transition.element
        // One stay for a join, however many tokens it took.
        if (!facet.stays.has(element) && !(own && isOwn)) visits = this.#close(visits, token, how, context.time, !isOwn && facet.interrupts)
        own ||= isOwn
      }
      for (const token of cleared) visits = this.#close(visits, token, how, context.time, true)
      if (!own && !facet.isSpawn) {
        const waited = first !== undefined && how === 'observed' && this.#net.places[first.place]?.kind === 'at' && !facet.isBoundary ? first.since : context.time
        visits = { item: { element: transition.element, entered: waited, left: context.time, how, measured: false, interrupted: false }, before: visits }
      }
      // Tokens moved on by a decision keep the cause of the token that was there: it is not an arrival.
      const cause = context.kind === 'decide' ? (first?.cause ?? context.cause) : context.cause
      // What was done last is undone first; its identity is what was done.
      for (const { token, place } of undoneBy(transition, remaining)) if (!isFull(remaining, place)) remaining.push({ place, since: context.time, cause: token.cause, by: context.index, sure: token.sure })
      for (const place of transition.outputs) {
        if (isFull(remaining, place)) continue
        // Going inside an activity is the same stay, and so is going on where something inside has interrupted the rest: it keeps when it came and why.
        const { element, kind } = this.#net.places[place] ?? { element: '', kind: 'at' }
        const same = kind !== 'at' && facet.stays.has(element) ? taken.find((token) => this.#net.places[token.place]?.element === element) : undefined
        remaining.push(same !== undefined ? movedTo(place, same) : { place, since: context.time, cause, by: context.index, sure: how !== 'assumed' })
      }
      tokens = remaining
      fired = { item: index, before: fired }
      if (transition.terminates === true) terminated = true
    }
    return { tokens, visits, fired, terminated }
  }

  /** Tokens that stay where they are keep when they came; others are taken away, or come now. */
  #placed(state: ReadingState, move: Move, places: readonly number[], context: StepContext): ReadingState {
    const before = state.tokens.slice()
    const tokens = places.map((place) => takeOldest(before, place) ?? { place, since: context.time, cause: context.cause, by: context.index, sure: true })
    const visits = before.reduce((all, token) => this.#close(all, token, 'silent', context.time, true), state.visits)
    return { tokens, visits, fired: state.fired, terminated: state.terminated || move.terminates === true }
  }

  /** Sequence flows that a move takes, in order. */
  flowsOf(move: Move): readonly string[] {
    return move.fired.flatMap((index) => this.#net.transitions[index]?.flows ?? [])
  }

  /** Where tokens are shown: moved on over silent steps, each keeping the time it came. */
  moveShown(tokens: readonly TokenAt[], fired: readonly number[]): readonly TokenAt[] {
    if (fired.length === 0) return tokens
    let current = tokens.slice()
    for (const index of fired) {
      const transition = this.#net.transitions[index]
      if (transition === undefined) continue
      let newest: TokenAt | undefined
      for (const place of transition.inputs) {
        const token = takeFirst(current, place)
        if (token !== undefined && (newest === undefined || token.since > newest.since)) newest = token
      }
      if (transition.clears.length > 0) current = current.filter((token) => !transition.clears.includes(token.place))
      for (const { token, place } of undoneBy(transition, current)) current.push({ ...(newest ?? token), cause: token.cause, sure: token.sure, place })
      for (const place of transition.outputs) if (newest !== undefined) current.push(movedTo(place, newest))
    }
    return current
  }

  #close(visits: Chain<Visit> | undefined, token: TokenAt, how: VisitHow, left: number, interrupted: boolean): Chain<Visit> | undefined {
    const place = this.#net.places[token.place]
    if (place === undefined || !isShown(place) || place.kind === 'choice') return visits
    // A sub-process is done when the last thing inside is: that was seen, though its own end is silent.
    const seen = how === 'observed' || how === 'timer' || (how === 'silent' && place.kind === 'scope')
    return { item: { element: place.element, entered: token.since, left, how, measured: token.sure && seen && !interrupted, interrupted }, before: visits }
  }
}

const NONE: readonly TokenAt[] = []

/** Takes what is moved on by transfers out of the tokens, and answers where each goes, the newest first. */
function undoneBy(transition: Transition, tokens: TokenAt[]): readonly { readonly token: TokenAt; readonly place: number }[] {
  if (transition.transfers === undefined) return NOTHING
  const undone = transition.transfers.flatMap(({ from, to }) => tokens.filter((token) => token.place === from).flatMap((token) => to.map((place) => ({ token, place }))))
  for (const { token } of undone) {
    const at = tokens.indexOf(token)
    if (at >= 0) tokens.splice(at, 1)
  }
  return undone.sort((a, b) => b.token.since - a.token.since)
}

const NOTHING: readonly { readonly token: TokenAt; readonly place: number }[] = []

/** As in the marking: another token there would add nothing. */
function isFull(tokens: readonly TokenAt[], place: number): boolean {
  let count = 0
  for (const token of tokens) if (token.place === place) count++
  return count >= MAX_TOKENS_PER_PLACE
}

function movedTo(place: number, { since, cause, by, sure }: TokenAt): TokenAt {
  return { place, since, cause, by, sure }
}

function takeFirst(tokens: TokenAt[], place: number): TokenAt | undefined {
  for (let at = 0; at < tokens.length; at++) if (tokens[at]?.place === place) return takeAt(tokens, at)
  return undefined
}

function takeAt(tokens: TokenAt[], at: number): TokenAt | undefined {
  const token = tokens[at]
  tokens.copyWithin(at, at + 1)
  tokens.pop()
  return token
}

function takeOldest(tokens: TokenAt[], place: number): TokenAt | undefined {
  let found: TokenAt | undefined
  let at = -1
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index]
    if (token === undefined || token.place !== place || (found !== undefined && token.since >= found.since)) continue
    found = token
    at = index
  }
  return at < 0 ? undefined : takeAt(tokens, at)
}

function howOf(transition: Transition): VisitHow {
  switch (transition.kind) {
    case 'observe':
    case 'guess':
    case 'timer':
      return 'assumed'
    case 'command':
    case 'call':
    case 'silent':
      return 'silent'
  }
}
