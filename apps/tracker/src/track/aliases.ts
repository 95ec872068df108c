/** What is known of keys other than the primary one: what the tables say, and what batches say that are on their way there. */
import type { Database } from '../store/database.js'
import { lookUp } from '../store/look-up.js'
import { readLinks, readWaiting, restoreFact } from '../store/write/keys.js'
import { aliasId, type Alias, type KnownAliases, type PlannedFact, type PlannedKeys } from './core/plan.js'

/** What a plan says of one alias. */
type Said = { readonly plan: PlannedKeys } & (
  | { readonly linked: { readonly key: string; readonly learnedAt: bigint } }
  | { readonly waits: PlannedFact }
  | { readonly released: { readonly position: bigint; readonly by: bigint } })

export class Aliases {
  /** What plans say that may not be in the tables yet, by {@link aliasId}: the oldest plan first, of each its links before what waits, and that before what it releases. */
  readonly #under = new Map<string, readonly Said[]>()

  begin(plan: PlannedKeys): void {
    for (const link of plan.links) this.#say(link, { plan, linked: { key: link.key, learnedAt: link.learnedAt } })
    for (const waiting of plan.waiting) this.#say(waiting, { plan, waits: waiting.planned })
    for (const row of plan.released) this.#say(row, { plan, released: { position: row.position, by: row.by } })
  }

  /** It is committed, and a later look-up finds it in the tables. */
  end(plan: PlannedKeys): void {
    for (const aliases of [plan.links, plan.waiting, plan.released]) {
      for (const alias of aliases) {
        const id = aliasId(alias)
        const left = this.#under.get(id)?.filter((said) => said.plan !== plan) ?? NOTHING
        if (left.length === 0) this.#under.delete(id)
        else this.#under.set(id, left)
      }
    }
  }

  clear(): void {
    this.#under.clear()
  }

  /**
   * As the entries before a position say, whatever else stands in the tables: others may have gone further. A plan that began may be committed
   * meanwhile: then it is found twice, and counts once.
   */
  async read(db: Database, aliases: readonly Alias[], before: bigint): Promise<KnownAliases> {
    if (aliases.length === 0) return { linked: new Map(), waiting: new Map() }
    const under = aliases.flatMap((alias) => {
      const id = aliasId(alias)
      return (this.#under.get(id) ?? NOTHING).map((said) => ({ id, said }))
    })
    const [links, rows] = await lookUp(db, (tx) => Promise.all([readLinks(tx, aliases, before), readWaiting(tx, aliases, before)]))
    const linked = new Map<string, string[]>()
    const link = (id: string, key: string) => {
      const keys = entryOf(linked, id, () => [])
      if (!keys.includes(key)) keys.push(key)
    }
    for (const row of links) link(aliasId(row), row.primary_key)
    const queues = new Map<string, Map<bigint, PlannedFact>>()
    const queue = (id: string) => entryOf(queues, id, () => new Map<bigint, PlannedFact>())
    for (const row of rows) {
      const planned = restoreFact(row.fact_json)
      queue(aliasId(row)).set(planned.fact.position, planned)
    }
    for (const { id, said } of under) {
      if ('linked' in said) {
        if (said.linked.learnedAt < before) link(id, said.linked.key)
      } else if ('waits' in said) {
        if (said.waits.fact.position < before) queue(id).set(said.waits.fact.position, said.waits)
      } else if (said.released.by < before) {
        queue(id).delete(said.released.position)
      }
    }
    return { linked, waiting: new Map([...queues].map(([id, waiting]) => [id, [...waiting.values()]])) }
  }

  #say(alias: Alias, said: Said): void {
    const id = aliasId(alias)
    this.#under.set(id, [...(this.#under.get(id) ?? NOTHING), said])
  }
}

const NOTHING: readonly Said[] = []

function entryOf<Value>(map: Map<string, Value>, key: string, make: () => Value): Value {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}
