/**
 * The units that were touched lately, folded and with what was shown of them last. Everything in it can be loaded again from the facts, so a
 * failed commit simply empties it.
 */
import { Unit, type InstanceView, type UnitContext } from '@tidemark/bpmn'
import type { Database } from '../store/database.js'
import { identityInUnit, shardOf, unitOf } from '../store/identity.js'
import { lookUp } from '../store/look-up.js'
import { readHeldFates } from '../store/write/keys.js'
import { readFaultsOf } from '../store/write/faults.js'
import { readDropped } from '../store/write/history.js'
import { loadUnits } from '../store/write/load-units.js'
import type { HeldKind, ShownHeld } from './core/held.js'
import type { PlannedFact } from './core/plan.js'
import { messageOf } from './faults.js'
import type { Models } from './models.js'
import { OwnEvents } from './own-events.js'

export interface KnownUnit {
  readonly id: string
  readonly model: string
  readonly key: string
  /** Under which it is in memory. */
  readonly cacheKey: string
  readonly shard: number
  readonly unit: Unit
  /** What the tables say. */
  views: readonly InstanceView[]
  shownAt: number
  /** What the tables say of events that it keeps out of its instances, by position. */
  held: ReadonlyMap<bigint, ShownHeld>
  /** The instance's own memory, which decides what is a duplicate. */
  readonly events: OwnEvents
  /** Why it is suspended: then facts from `position` on are stored and wait here. */
  fault: { readonly position: bigint; readonly error: string } | undefined
  waiting: readonly PlannedFact[]
  /** What was folded of it before cannot be any more, by this program: what the tables show of it is not known here, so that nothing of it is folded. */
  lost: string | undefined
  /** Its history has aged and is gone: what comes now is too old. */
  isDropped: boolean
  /** The tables had it when it was asked for, and it has not been kept since. */
  wasLoaded: boolean
  /** What it counts for in memory. */
  keptBytes: number
  /** Batches under way that touch it. */
  holders: number
}

/** Measured on the demo's orders and on recorded logs: a unit with its instance and view, and each fact with its step; at most, most take two thirds. */
const UNIT_BYTES = 3_000
const FACT_BYTES = 1_500

export class Units {
  readonly #models: Models
  /** Of all trackers. */
  readonly shards: number
  /** Least recently used first. */
  readonly #known = new Map<string, KnownUnit>()
  readonly #loadedLately: LoadedLately
  readonly #contexts = new Map<string, UnitContext>()
  readonly #cachedBytes: number
  #bytes = 0

  /** @param cachedBytes what is held in memory over all units, by the estimate above */
  constructor(models: Models, shards: number, cachedBytes: number) {
    this.#models = models
    this.shards = shards
    this.#cachedBytes = cachedBytes
    this.#loadedLately = new LoadedLately(Math.ceil(cachedBytes / (UNIT_BYTES + USUAL_FACTS * FACT_BYTES)))
  }

  /** What is held in memory over all units, by the estimate above. */
  get bytes(): number {
    return this.#bytes
  }

  clear(): void {
    this.#known.clear()
    this.#bytes = 0
  }

  /** Of these the tables hold nothing any more. */
  forget(ids: readonly string[]): void {
    const gone = new Set(ids)
    for (const [cacheKey, unit] of this.#known) {
      if (!gone.has(unit.id)) continue
      this.#known.delete(cacheKey)
      this.#bytes -= unit.keptBytes
    }
  }

  /**
   * All of these, held until they are given to {@link keep}. What is not in memory is loaded in one trip; unknown ones come empty. A unit
   * that is being loaded or folded for a batch before is the same one here.
   */
  take(db: Database, wanted: readonly { readonly model: string; readonly key: string }[]): { readonly units: readonly KnownUnit[]; readonly loaded: Promise<void> } {
    const missing: KnownUnit[] = []
    const units = wanted.map(({ model, key }) => {
      const cacheKey = cacheKeyOf(model, key)
      let unit = this.#known.get(cacheKey)
      if (unit === undefined) {
        unit = this.#make(model, key, cacheKey)
        this.#known.set(cacheKey, unit)
        missing.push(unit)
      }
      unit.holders++
      return unit
    })
    const loaded = load(db, missing)
    loaded.catch(() => undefined)
    return { units, loaded }
  }

  /**
   * Keeps what a batch has touched, once that is committed, and lets go of what was not used for longest. Units that have ended are not kept:
   * few of them are touched again, and those are loaded again. One that had to be loaded takes the place of others only when that happens again: where
   * events come to more instances than there is room for, keeping the last ones helps none of them.
   */
  keep(touched: readonly KnownUnit[]): void {
    for (const unit of touched) {
      unit.holders--
      const { cacheKey } = unit
      if (unit.holders > 0 || this.#known.get(cacheKey) !== unit) continue
      this.#known.delete(cacheKey)
      this.#bytes -= unit.keptBytes
      unit.keptBytes = 0
      if (unit.fault !== undefined || unit.views.every(({ view }) => view.status !== 'active' && view.nextAt === undefined)) continue
      const bytes = UNIT_BYTES + FACT_BYTES * unit.unit.facts.length
      if (unit.wasLoaded && this.#bytes + bytes > this.#cachedBytes && this.#loadedLately.isFirst(cacheKey)) continue
      unit.wasLoaded = false
      unit.unit.rest()
      unit.keptBytes = bytes
      this.#bytes += unit.keptBytes
      this.#known.set(cacheKey, unit)
    }
    for (const [cacheKey, unit] of this.#known) {
      if (this.#bytes <= this.#cachedBytes) return
      if (unit.holders > 0) continue
      this.#known.delete(cacheKey)
      this.#bytes -= unit.keptBytes
    }
  }

  /** One for all units of a model. */
  #contextOf(model: string): UnitContext {
    let context = this.#contexts.get(model)
    if (context === undefined) {
      context = {
        model, identify: identityInUnit, called: this.#models.calledBy(model),
        versionAt: (time) => this.#models.inForce(model, time),
      }
      this.#contexts.set(model, context)
    }
    return context
  }

  #make(model: string, key: string, cacheKey: string): KnownUnit {
    return {
      id: unitOf(model, key), model, key, cacheKey, shard: shardOf(key, this.shards), views: [], shownAt: 0, held: NOTHING_HELD, events: new OwnEvents(), fault: undefined, waiting: NO_FACTS, lost: undefined, isDropped: false, wasLoaded: false, keptBytes: 0, holders: 0,
      unit: new Unit(this.#contextOf(model), key),
    }
  }
}

/** Of an instance under way. */
const USUAL_FACTS = 4

/** Remembers keys, at least the last so many and at most twice as many. */
class LoadedLately {
  readonly #least: number
  #newer = new Set<string>()
  #older: ReadonlySet<string> = this.#newer

  constructor(least: number) {
    this.#least = least
  }

  /** Whether it is not remembered; from now on it is. */
  isFirst(key: string): boolean {
    const isKnown = this.#newer.has(key) || this.#older.has(key)
    if (this.#newer.size >= this.#least) {
      this.#older = this.#newer
      this.#newer = new Set()
    }
    this.#newer.add(key)
    return !isKnown
  }
}

export const NO_FACTS: readonly PlannedFact[] = []
const NOTHING_HELD: ReadonlyMap<bigint, ShownHeld> = new Map()

/** Of a unit, among those of all models. */
export function cacheKeyOf(model: string, key: string): string {
  return `${model}\u0000${key}`
}

async function load(db: Database, missing: readonly KnownUnit[]): Promise<void> {
  if (missing.length === 0) return
  const ids = missing.map((unit) => unit.id)
  const [stored, faults, dropped] = await lookUp(db, (tx) => Promise.all([loadUnits(tx, ids), readFaultsOf(tx, ids), readDropped(tx, ids)]))
  for (const unit of missing) {
    const row = stored.get(unit.id)
    unit.isDropped = dropped.has(unit.id)
    if (row === undefined) continue
    unit.wasLoaded = true
    unit.fault = faults.get(unit.id)
    const { fault } = unit
    for (const { fact, contentHash } of row.facts) if (fact.kind === 'event') unit.events.take(fact, contentHash)
    unit.shownAt = row.shownAt ?? 0
    if (fault !== undefined) unit.waiting = row.facts.filter(({ fact: { position } }) => position >= fault.position)
    try {
      unit.unit.add(row.facts.flatMap(({ fact }) => (fault === undefined || fact.position < fault.position ? [fact] : [])))
      unit.views = row.shownAt === undefined ? [] : unit.unit.view(row.shownAt)
    } catch (error) {
      // The program is another one. A rebuild says what it makes of it.
      unit.lost = messageOf(error)
      unit.fault = fault ?? { position: 1n + row.facts.reduce((last, { fact: { position } }) => (position > last ? position : last), -1n), error: unit.lost }
    }
  }
  await loadHeld(db, missing.filter((unit) => unit.unit.held.length > 0))
}

async function loadHeld(db: Database, units: readonly KnownUnit[]): Promise<void> {
  if (units.length === 0) return
  const rows = await lookUp(db, (tx) => readHeldFates(tx, units.flatMap((unit) => unit.unit.held.map(({ position }) => position))))
  const kinds = new Map(rows.map(({ model, position, kind }) => [`${model} ${position}`, kind as HeldKind]))
  for (const unit of units) {
    unit.held = new Map(unit.unit.held.flatMap(({ position, type }) => {
      const kind = kinds.get(`${unit.model} ${position}`)
      return kind === undefined ? [] : [[position, { kind, type }] as const]
    }))
  }
}
