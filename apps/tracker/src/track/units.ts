/**
 * The units that were touched lately, folded and with what was shown of them last. Everything in it can be loaded again from the facts, so a
 * failed commit simply empties it.
 */
import { Unit, type InstanceView } from '@tidemark/bpmn'
import type { Queryable } from '../store/database.js'
import { identityOf, shardOf, unitOf } from '../store/identity.js'
import { loadUnits } from '../store/write/load-units.js'
import type { Models } from './models.js'

export interface KnownUnit {
  readonly id: string
  readonly model: string
  readonly key: string
  readonly shard: number
  readonly unit: Unit
  /** What the tables say. */
  views: readonly InstanceView[]
  shownAt: number
  /** By source and id, NUL between them: the instance's own memory, which decides what is a duplicate. */
  readonly contents: Map<string, string>
}

/** Facts held in memory over all units. With its step, story and view a fact takes some four kilobytes. */
const MAX_CACHED_FACTS = 30_000

export class Units {
  readonly #models: Models
  readonly #shards: number
  readonly #known = new Map<string, KnownUnit>()
  #facts = 0

  constructor(models: Models, shards: number) {
    this.#models = models
    this.#shards = shards
  }

  clear(): void {
    this.#known.clear()
    this.#facts = 0
  }

  /** All of these, loaded in one statement where they are not in memory; unknown ones come back empty. */
  async get(db: Queryable, wanted: readonly { readonly model: string; readonly key: string }[]): Promise<readonly KnownUnit[]> {
    const missing: KnownUnit[] = []
    const found = wanted.map(({ model, key }) => {
      const cacheKey = `${model}\u0000${key}`
      const known = this.#known.get(cacheKey)
      if (known !== undefined) {
        // Most recently used last.
        this.#known.delete(cacheKey)
        this.#known.set(cacheKey, known)
        return known
      }
      const made = this.#make(model, key)
      missing.push(made)
      this.#known.set(cacheKey, made)
      return made
    })
    const stored = await loadUnits(db, missing.map((unit) => unit.id))
    for (const unit of missing) {
      const row = stored.get(unit.id)
      if (row === undefined) continue
      unit.unit.add(row.facts.map(({ fact }) => fact))
      for (const { fact, contentHash } of row.facts) if (fact.kind === 'event') unit.contents.set(`${fact.source}\u0000${fact.id}`, contentHash)
      unit.shownAt = row.shownAt ?? 0
      unit.views = row.shownAt === undefined ? [] : unit.unit.view(row.shownAt)
      this.#facts += row.facts.length
    }
    return found
  }

  /** Counts what was added, and lets go of what was not used for longest. Call between batches. */
  trim(added: number): void {
    this.#facts += added
    for (const [cacheKey, unit] of this.#known) {
      if (this.#facts <= MAX_CACHED_FACTS) return
      this.#known.delete(cacheKey)
      this.#facts -= unit.unit.facts.length
    }
  }

  #make(model: string, key: string): KnownUnit {
    const models = this.#models
    return {
      id: unitOf(model, key), model, key, shard: shardOf(key, this.#shards), views: [], shownAt: 0, contents: new Map(),
      unit: new Unit({
        model, key, identify: identityOf,
        versionAt: (time) => {
          const version = models.inForce(model, time)
          return version === undefined ? undefined : { version: version.stored.version, model: version.tracked }
        },
      }),
    }
  }
}
