/** One part of a model that is followed item by item, made ready: the model of one pass, and how the net around is told of it. */
import type { ItemScope } from '../net/item-scopes.js'
import { labelOf, type Transition } from '../net/net.js'
import type { Symbol } from './belief.js'
import { holds, type Marking } from './marking.js'
import type { TrackedModel } from './tracked-model.js'

/** Under which a fact has the items that it is about, per version: `element NUL key` each. Beside its labels, as what is kept of an event. */
export function itemLabels(version: number): string {
  return `items:${version}`
}

/** Whether labels stand under a name of {@link itemLabels}, of this process or of one that it calls. */
export function namesItems(name: string): boolean {
  return name.startsWith('items:') || (name.startsWith('call:') && name.includes('@items:'))
}

/** An item inside another one is called by both. */
export function itemName(outer: string, inner: string | undefined): string {
  return inner === undefined ? outer : `${outer} / ${inner}`
}

export class TrackedItems {
  /** Of the element in the net around. */
  readonly id: string
  readonly members: ReadonlySet<string>
  readonly model: TrackedModel
  /** A repeated activity: an item comes once in a stay. Else it may come again, as often as what begins it. */
  readonly isActivity: boolean
  /** An item begins; none is at work any more. */
  readonly start: Symbol
  readonly end: Symbol
  /** In the net around: where it says that items are at work. */
  readonly inside: number
  /** In the net around: transitions by which it is left when all items are done. */
  readonly leaves: readonly number[]
  readonly #places: readonly number[]
  readonly #thrown: ReadonlyMap<string, readonly Transition[]>

  constructor(outer: TrackedModel, { element, members }: ItemScope, model: TrackedModel) {
    const { net, table } = outer
    this.id = element.id
    this.members = members
    this.model = model
    this.isActivity = element.loop !== undefined && element.triggeredByEvent !== true
    this.start = table.symbol([labelOf(element.id, 'start')])
    this.end = table.symbol([labelOf(element.id, 'end')])
    this.#places = net.places.flatMap((place, index) => (place.element === element.id && ['at', 'in', 'choice'].includes(place.kind) && isOfStay(place) ? [index] : []))
    this.inside = this.#places.find((place) => net.places[place]?.kind === 'in') ?? -1
    const own = net.transitions.filter((transition) => transition.element === element.id)
    this.leaves = own.filter((transition) => (this.isActivity
      ? transition.kind === 'silent' && !transition.inputs.includes(this.inside) && !transition.outputs.some((place) => this.#places.includes(place))
      : transition.phase === 'end')).map(({ index }) => index)
    const thrown = new Map<string, Transition[]>()
    for (const transition of net.transitions) {
      if (transition.kind !== 'call' || transition.phase !== 'occur' || !members.has(transition.element)) continue
      thrown.set(transition.element, [...(thrown.get(transition.element) ?? []), transition])
    }
    this.#thrown = thrown
  }

  /** It has begun, or may begin at any moment, and is not over. */
  isOpenIn(marking: Marking): boolean {
    return this.#places.some((place) => holds(marking, place))
  }

  /** By this it is left because its items are done. */
  isLeftBy({ index }: Transition): boolean {
    return this.leaves.includes(index)
  }

  /** By this its token goes, or is taken away. */
  isLostBy({ inputs, clears, outputs }: Transition): boolean {
    return this.#places.some((place) => inputs.includes(place) || clears.includes(place)) && !this.#places.some((place) => outputs.includes(place))
  }

  /** What throwing there does outside, of which a marking enables one. */
  thrownBy(element: string): readonly Transition[] {
    return this.#thrown.get(element) ?? []
  }
}

/** Choices among the flows behind it are not part of it. */
function isOfStay(place: { readonly kind: string; readonly isAgain?: true }): boolean {
  return place.kind !== 'choice' || place.isAgain === true
}
