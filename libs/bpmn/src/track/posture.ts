/**
 * What every instance with one belief has in common: where its tokens are shown, whether it can end, whether anything can still move it. Worked
 * out once per belief, when it is asked for.
 */
import type { Belief } from './belief.js'
import { holds, placesOf } from './marking.js'
import type { TrackedModel } from './tracked-model.js'

export class Posture {
  readonly #model: TrackedModel
  /** The explanations that cost nothing. */
  readonly #free: readonly string[]
  /** Silent transitions from the tokens of the cheapest explanation to where they are shown. */
  readonly rest: readonly number[]
  /** Every explanation that costs nothing has ended. */
  readonly ended: boolean
  /** Somewhere where it shows a token, data, a called process or we decide what comes next. */
  readonly asksUs: boolean
  #dead: boolean | undefined
  #canEnd: boolean | undefined
  #expected: readonly string[] | undefined
  readonly #certain = new Map<number, boolean>()

  constructor(model: TrackedModel, belief: Belief) {
    this.#model = model
    this.#free = belief.hypotheses.flatMap(({ cost, marking }) => (cost === 0 ? [marking] : []))
    const shown = model.table.search.shownRest(belief.hypotheses[0]?.marking ?? '')
    this.rest = shown.fired
    this.asksUs = placesOf(shown.marking).some((place) => model.asksUsAt(place))
    this.ended = this.#free.every((marking) => marking === '')
  }

  /** No event, timer or command can move it, and it cannot end. */
  get dead(): boolean {
    return this.#dead ??= this.#free.every((marking) => this.#model.isDead(marking))
  }

  /** Whether the process could end here, silently. */
  get canEnd(): boolean {
    return this.#canEnd ??= this.#free.some((marking) => this.#model.canEnd(marking))
  }

  /** Labels of the observations that fit next, in document order of the explanations. */
  get expected(): readonly string[] {
    return this.#expected ??= [...new Set(this.#free.flatMap((marking) => this.#model.expectedAfter(marking)))]
  }

  /** Every explanation that costs nothing shows a token there. */
  isCertain(place: number): boolean {
    let certain = this.#certain.get(place)
    if (certain === undefined) {
      certain = this.#free.every((marking) => holds(this.#model.table.search.shownRest(marking).marking, place))
      this.#certain.set(place, certain)
    }
    return certain
  }
}

/** The postures of a model, kept as long as their beliefs are. */
export class Postures {
  readonly #model: TrackedModel
  readonly #known = new WeakMap<Belief, Posture>()

  constructor(model: TrackedModel) {
    this.#model = model
  }

  of(belief: Belief): Posture {
    let posture = this.#known.get(belief)
    if (posture === undefined) {
      posture = new Posture(this.#model, belief)
      this.#known.set(belief, posture)
    }
    return posture
  }
}
