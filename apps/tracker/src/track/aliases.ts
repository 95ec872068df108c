/** What is known of keys other than the primary one: what the tables say, and what batches say that are on their way there. */
import type { Queryable } from '../store/database.js'
import { readLinks, readWaiting, restoreFact } from '../store/write/keys.js'
import { aliasId, type Alias, type KnownAliases, type PlannedFact, type PlannedKeys } from './core/plan.js'

export class Aliases {
  /** Plans that may not be in the tables yet, oldest first. */
  #under: readonly PlannedKeys[] = []

  begin(plan: PlannedKeys): void {
    if (plan.links.length > 0 || plan.waiting.length > 0 || plan.released.length > 0) this.#under = [...this.#under, plan]
  }

  /** It is committed, and a later look-up finds it in the tables. */
  end(plan: PlannedKeys): void {
    if (this.#under.includes(plan)) this.#under = this.#under.filter((other) => other !== plan)
  }

  clear(): void {
    this.#under = []
  }

  /**
   * As the entries before a position say, whatever else stands in the tables: others may have gone further. A plan that began may be committed
   * meanwhile: then it is found twice, and counts once.
   */
  async read(db: Queryable, aliases: readonly Alias[], before: bigint): Promise<KnownAliases> {
    if (aliases.length === 0) return { linked: new Map(), waiting: new Map() }
    const under = this.#under
    const [links, rows] = await Promise.all([readLinks(db, aliases, before), readWaiting(db, aliases, before)])
    const linked = new Map<string, string[]>()
    const link = (id: string, key: string) => {
      const keys = entryOf(linked, id, () => [])
      if (!keys.includes(key)) keys.push(key)
    }
    for (const row of links) link(aliasId(row), row.primary_key)
    const queues = new Map<string, Map<bigint, PlannedFact>>()
    const queue = (id: string) => entryOf(queues, id, () => new Map<bigint, PlannedFact>())
    for (const row of rows) {
      const planned = restoreFact(row.fact)
      queue(aliasId(row)).set(planned.fact.position, planned)
    }
    for (const plan of under) {
      for (const row of plan.links) if (row.learnedAt < before) link(aliasId(row), row.key)
      for (const row of plan.waiting) if (row.planned.fact.position < before) queue(aliasId(row)).set(row.planned.fact.position, row.planned)
      for (const row of plan.released) if (row.by < before) queue(aliasId(row)).delete(row.position)
    }
    return { linked, waiting: new Map([...queues].map(([id, waiting]) => [id, [...waiting.values()]])) }
  }
}

function entryOf<Value>(map: Map<string, Value>, key: string, make: () => Value): Value {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}
