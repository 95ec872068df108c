/**
 * What a move does to the tokens of a reading, worked out once: which stay, which go on, which are new, and whose visits end. A layout is the list of the places of
 * the tokens; for one layout a move always does the same, so that following an event is to copy a few tokens.
 */
import type { Move } from './belief.js'
import { chainToArray } from './chain.js'
import type { ReadingState, Reader, StepContext, TokenAt, Visit, VisitHow } from './reading.js'

export interface Layout {
  readonly places: readonly number[]
  /** Two tokens on one place: it is their age that says which one moves. */
  readonly isCrowded: boolean
  /** What moves do to them; undefined where ages decide. */
  readonly plans: WeakMap<Move, Plan | undefined>
}

/** Tokens with their layout, which is always that of their places. */
export interface Placed {
  readonly tokens: readonly TokenAt[]
  readonly layout: Layout
  /** Set by a terminate end. */
  readonly terminated: boolean
}

export interface Plan {
  readonly layout: Layout
  readonly terminates: boolean
  /** It leaves all tokens where they are. */
  readonly changesNothing: boolean
  /** Per token afterwards. */
  readonly parts: readonly Part[]
  readonly stays: readonly Stay[]
  /** Sequence flows taken, in order. */
  readonly flows: readonly string[]
}

interface Part {
  /** Index of the token that it is or was, -1 where it is new. */
  readonly from: number
  /** Undefined where the token stays as it is. */
  readonly place: number | undefined
  readonly sure: boolean
  /** Of a new one: index of the token whose cause it keeps, -1 where the step is its cause. */
  readonly causeOf: number
}

/** A visit that ends with the move. */
export interface Stay {
  readonly element: string
  readonly how: VisitHow
  readonly interrupted: boolean
  /** Index of the token that was there, -1 where it came and went at once. */
  readonly from: number
  readonly measured: boolean
}

/** Layouts kept; beyond it the table starts anew. Those in use go on to work. */
const MAX_LAYOUTS = 20_000

/** Later than every token there is. */
const NOW = Number.MAX_SAFE_INTEGER

export class Layouts {
  readonly #reader: Reader
  #known = new Map<string, Layout>()
  #start: Layout | undefined

  constructor(reader: Reader) {
    this.#reader = reader
  }

  of(tokens: readonly TokenAt[]): Layout {
    const content = String.fromCharCode(...tokens.map((token) => token.place))
    let layout = this.#known.get(content)
    if (layout === undefined) {
      if (this.#known.size >= MAX_LAYOUTS) this.#known = new Map()
      const places = tokens.map((token) => token.place)
      layout = { places, isCrowded: new Set(places).size < places.length, plans: new WeakMap() }
      this.#known.set(content, layout)
    }
    return layout
  }

  /** Before anything has happened. */
  start(context: StepContext): Placed {
    const { tokens } = this.#reader.start(context)
    return { tokens, layout: this.#start ??= this.of(tokens), terminated: false }
  }

  /** What a move does to tokens that lie like these; undefined where that depends on their ages. A move belongs to one kind of step. */
  planOf(layout: Layout, move: Move, kind: StepContext['kind']): Plan | undefined {
    let plan = layout.plans.get(move)
    if (plan === undefined && !layout.isCrowded && move.places === undefined && !layout.plans.has(move)) {
      plan = this.#plan(layout, move, kind)
      layout.plans.set(move, plan)
    }
    return plan
  }

  /** The tokens after a move, by its plan. */
  advance(placed: Placed, plan: Plan | undefined, move: Move, context: StepContext): Placed {
    if (plan === undefined) return this.#byAge(placed, move, context)
    if (plan.changesNothing) return placed
    const { parts, layout, terminates } = plan
    const tokens = new Array<TokenAt>(parts.length)
    for (let index = 0; index < parts.length; index++) {
      const { from, place, sure, causeOf } = parts[index] as Part
      const token = placed.tokens[from]
      if (token === undefined) {
        const cause = placed.tokens[causeOf]?.cause ?? context.cause
        tokens[index] = { place: place ?? -1, since: context.time, cause, by: context.index, sure }
      } else {
        tokens[index] = place === undefined ? token : { place, since: token.since, cause: token.cause, by: token.by, sure: token.sure }
      }
    }
    return { tokens, layout, terminated: placed.terminated || terminates }
  }

  /** The visits that end with a move, in order. */
  visits(placed: Placed, plan: Plan | undefined, move: Move, context: StepContext): readonly Visit[] {
    if (plan === undefined) {
      return chainToArray(this.#reader.advance({ tokens: placed.tokens, visits: undefined, fired: undefined, terminated: placed.terminated }, move, context).visits)
    }
    return plan.stays.map(({ element, how, interrupted, from, measured }): Visit => {
      const token = placed.tokens[from]
      return { element, entered: token?.since ?? context.time, left: context.time, how, measured: measured && token?.sure !== false, interrupted }
    })
  }

  #byAge(placed: Placed, move: Move, context: StepContext): Placed {
    const state: ReadingState = { tokens: placed.tokens, visits: undefined, fired: undefined, terminated: placed.terminated }
    const { tokens, terminated } = this.#reader.advance(state, move, context)
    return { tokens, layout: this.of(tokens), terminated }
  }

  /**
   * Moves tokens that can be told apart, and reads off what became of them; once with the first the oldest and all sure, once the other way round,
   * to see whether that matters.
   */
  #plan(layout: Layout, move: Move, kind: StepContext['kind']): Plan | undefined {
    const last = layout.places.length - 1
    const [one, other] = [false, true].map((isReversed) => this.#reader.advance({
      tokens: layout.places.map((place, index): TokenAt => ({ place, since: isReversed ? last - index : index, cause: String(index), by: index, sure: !isReversed })),
      visits: undefined, fired: undefined, terminated: false,
    }, move, { kind, index: NOW, time: NOW, cause: '' })) as [ReadingState, ReadingState]
    const parts = partsOf(layout, one)
    if (JSON.stringify(parts) !== JSON.stringify(partsOf(layout, other))) return undefined
    const { terminated, tokens, visits } = one
    return { layout: this.of(tokens), terminates: terminated, changesNothing: move.fired.length === 0, parts, stays: chainToArray(visits).map(stayOf), flows: this.#reader.flowsOf(move) }
  }
}

function stayOf({ element, how, interrupted, entered, measured }: Visit): Stay {
  return { element, how, interrupted, from: entered === NOW ? -1 : entered, measured }
}

function partsOf(layout: Layout, { tokens }: ReadingState): readonly Part[] {
  return tokens.map(({ place, since, by, cause, sure }): Part => (since === NOW
    ? { from: -1, place, sure, causeOf: cause === '' ? -1 : Number(cause) }
    : { from: by, place: place === layout.places[by] ? undefined : place, sure: true, causeOf: -1 }))
}
