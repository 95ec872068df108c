/**
 * A reading: the story that one explanation tells. Tokens with the moment they came, stays that ended, flows that were taken. Persistent (each
 * state shares its past with the one before), so that every step of a run can keep its own and nothing is copied when a story changes.
 */
import type { Net, Transition } from '../net/net.js'
import type { Move } from './belief.js'

export type VisitHow = 'observed' | 'assumed' | 'silent' | 'timer' | 'command'

export interface TokenAt {
  readonly place: number
  /** Epoch milliseconds at which it came. */
  readonly since: number
  /** What brought it: with the element, the identity of the stay. */
  readonly cause: string
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
}

interface Chain<T> {
  readonly item: T
  readonly before: Chain<T> | undefined
}

export interface ReadingState {
  readonly tokens: readonly TokenAt[]
  readonly visits: Chain<Visit> | undefined
  /** Transitions fired, newest first. */
  readonly fired: Chain<number> | undefined
  /** Set by a terminate end. */
  readonly terminated: boolean
}

/** What the step of a trail says about time and cause. */
export interface StepContext {
  readonly index: number
  readonly time: number
  readonly cause: string
  readonly how: VisitHow
  /** Tokens moved on keep the cause of the token that was there: a decision is not an arrival. */
  readonly inherits: boolean
}

export function initialReading(net: Net, fired: readonly number[], context: StepContext): ReadingState {
  const source: TokenAt = { place: net.source, since: context.time, cause: context.cause, by: context.index, sure: true }
  return advance(net, { tokens: [source], visits: undefined, fired: undefined, terminated: false }, { how: 'idle', from: 0, fired, main: -1 }, context)
}

export function advance(net: Net, state: ReadingState, move: Move, context: StepContext): ReadingState {
  if (move.fired.length === 0) return state
  let { tokens, visits, fired, terminated } = state
  move.fired.forEach((index, at) => {
    const transition = net.transitions[index]
    if (transition === undefined) return
    const how = at === move.main ? context.how : howOf(transition)
    const taken: TokenAt[] = []
    const kept = [...tokens]
    for (const place of transition.inputs) {
      let oldest = -1
      kept.forEach((token, candidate) => {
        if (token.place === place && (oldest < 0 || token.since < (kept[oldest]?.since ?? 0))) oldest = candidate
      })
      if (oldest >= 0) taken.push(...kept.splice(oldest, 1))
    }
    const cleared = transition.clears.length === 0 ? [] : kept.filter((token) => transition.clears.includes(token.place))
    const remaining = cleared.length === 0 ? kept : kept.filter((token) => !transition.clears.includes(token.place))
    const closes = (token: TokenAt, ends: VisitHow, interrupted: boolean) => {
      const place = net.places[token.place]
      if (place === undefined || place.kind === 'source') return
      // A sub-process is done when the last thing inside is: that was seen, though its own end is silent.
      const seen = ends === 'observed' || ends === 'timer' || (ends === 'silent' && place.kind === 'scope')
      const measured = token.sure && seen && !interrupted
      visits = { item: { element: place.element, entered: token.since, left: context.time, how: ends, measured, interrupted }, before: visits }
    }
    const goesInside = transition.outputs.some((place) => {
      const kind = net.places[place]?.kind
      return (kind === 'in' || kind === 'scope') && net.places[place]?.element === transition.element
    })
    let own = false
    let first: TokenAt | undefined
    for (const token of taken) {
      first ??= token
      const element = net.places[token.place]?.element
      if (element === transition.element) {
        // One stay for a join, however many tokens it took.
        if (!own && !goesInside) closes(token, how, false)
        own = true
      } else {
        closes(token, how, isBoundary(net, transition))
      }
    }
    for (const token of cleared) closes(token, how, true)
    if (!own) {
      const waited = first !== undefined && how === 'observed' && net.places[first.place]?.kind === 'at' && !isBoundary(net, transition) ? first.since : context.time
      visits = { item: { element: transition.element, entered: waited, left: context.time, how, measured: false, interrupted: false }, before: visits }
    }
    const sure = how !== 'assumed'
    const cause = context.inherits ? (first?.cause ?? context.cause) : context.cause
    for (const place of transition.outputs) {
      // Going inside an activity is the same stay: it keeps when it came and why.
      const same = goesInside && own && first !== undefined && net.places[place]?.element === transition.element
      remaining.push(same && first !== undefined ? { ...first, place } : { place, since: context.time, cause, by: context.index, sure })
    }
    tokens = remaining
    fired = { item: index, before: fired }
    if (transition.terminates === true) terminated = true
  })
  return { tokens, visits, fired, terminated }
}

/** Where tokens are shown: moved on over silent steps, each keeping the time it came. */
export function moveShown(net: Net, tokens: readonly TokenAt[], fired: readonly number[]): readonly TokenAt[] {
  let current = [...tokens]
  for (const index of fired) {
    const transition = net.transitions[index]
    if (transition === undefined) continue
    let newest: TokenAt | undefined
    for (const place of transition.inputs) {
      const at = current.findIndex((token) => token.place === place)
      const [token] = at >= 0 ? current.splice(at, 1) : []
      if (token !== undefined && (newest === undefined || token.since > newest.since)) newest = token
    }
    current = current.filter((token) => !transition.clears.includes(token.place))
    for (const place of transition.outputs) if (newest !== undefined) current.push({ ...newest, place })
  }
  return current
}

/** Oldest first. */
export function chainToArray<T>(chain: { readonly item: T; readonly before: unknown } | undefined): T[] {
  const items: T[] = []
  for (let link = chain as Chain<T> | undefined; link !== undefined; link = link.before) items.push(link.item)
  return items.reverse()
}

function howOf(transition: Transition): VisitHow {
  switch (transition.kind) {
    case 'observe':
    case 'guess':
    case 'timer':
      return 'assumed'
    case 'command':
    case 'silent':
      return 'silent'
  }
}

function isBoundary(net: Net, transition: Transition): boolean {
  return net.process.elements.some((element) => element.id === transition.element && element.kind === 'boundaryEvent')
}
