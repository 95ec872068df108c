/** The events that a unit has, with what tells a repetition from another event under the same id. */
import type { PlannedFact } from './core/plan.js'

/** Events that are looked through one by one: of units that have more, the rest is looked up. */
const MAX_LOOKED_THROUGH = 32

export class OwnEvents {
  readonly #first: PlannedFact[] = []
  /** By source and id, NUL between them. */
  #others: Map<string, PlannedFact> | undefined

  /** Takes an event; answers the one that is here already under its source and id, and stays. */
  take(planned: PlannedFact): PlannedFact | undefined {
    const { source, id } = planned.fact
    for (const known of this.#first) if (known.fact.id === id && known.fact.source === source) return known
    if (this.#first.length < MAX_LOOKED_THROUGH) {
      this.#first.push(planned)
      return undefined
    }
    this.#others ??= new Map()
    const name = `${source}\u0000${id}`
    const known = this.#others.get(name)
    if (known === undefined) this.#others.set(name, planned)
    return known
  }
}
