/**
 * Batches that are planned and not folded yet, for folding a long past: what happened to a unit meanwhile is folded and written together, once
 * instead of once per batch. Batches are small all the same, so that what reading leaves behind is soon forgotten. Where the past is cut changes
 * nothing of the state (law 2).
 *
 * It is written in portions, a transaction each; the last one moves the shards. If the process dies between two of them, the same entries are read
 * again, and find what they said: units know the facts that they have, and what is said of keys is looked up as of a position.
 */
import type { Transaction } from '../store/database.js'
import type { Reached } from '../store/write/shards.js'
import type { Prepared } from './batch.js'
import type { PlannedFact, PlannedPart } from './core/plan.js'
import type { KnownUnit } from './units.js'

/** What a commit does beside writing a batch. */
export interface Step {
  /** Where our shards stand with it; undefined: where they stood. */
  readonly to: Reached | undefined
  /** Models of which something is told anew, whatever the batch changes. */
  readonly models: readonly string[]
  /** There are entries in it of what people or we did. */
  readonly isControl: boolean
  readonly also: (tx: Transaction) => Promise<unknown>
  /** Called once it is committed. */
  readonly after: () => void
}

const NOTHING_ELSE = async () => undefined
export const NOTHING_AFTER = () => undefined
export const STAY: Step = { to: undefined, models: [], isControl: false, also: NOTHING_ELSE, after: NOTHING_AFTER }

export interface Portion {
  readonly prepared: Prepared
  readonly step: Step
}

export interface BacklogBounds {
  /** Facts that may be held back. */
  readonly facts: number
  /** Payload bytes of the events that said them. */
  readonly bytes: number
  /** Facts in a portion. */
  readonly portion: number
  /** Where so few entries are left in the log nothing is held back: who waits for it is to see it soon. */
  readonly near: number
}

/**
 * A fact takes some 700 bytes beside thrice its payload until it is written. More would save little: most instances have begun and ended within so
 * many entries, or live so long that they are written several times anyway. A portion is folded in a fraction of a second, and the database writes
 * it while the next one is.
 */
export const BACKLOG: BacklogBounds = { facts: 120_000, bytes: 32 * 1024 * 1024, portion: 6_000, near: 4_000 }

export class Backlog {
  /** In the order in which they were first touched. */
  readonly #pending = new Map<KnownUnit, PlannedPart>()
  #batches: Portion[] = []
  #facts = 0
  #bytes = 0

  constructor(readonly bounds: BacklogBounds) {}

  /** It is to be written before more is added. */
  get isFull(): boolean {
    return this.#facts >= this.bounds.facts || this.#bytes >= this.bounds.bytes
  }

  add(prepared: Prepared, step: Step): void {
    for (const [index, unit] of prepared.units.entries()) {
      const { model, key, facts } = prepared.parts[index] as PlannedPart
      const known = this.#pending.get(unit)
      if (known === undefined) this.#pending.set(unit, { model, key, facts: facts.map(withoutView) })
      else {
        addTo(known.facts, facts)
        unit.holders--
      }
      this.#facts += facts.length
    }
    this.#bytes += prepared.payloadBytes
    // Its facts are kept by unit.
    this.#batches.push({ prepared: { ...prepared, parts: [], units: [] }, step })
  }

  clear(): void {
    this.#pending.clear()
    this.#batches = []
    this.#facts = 0
    this.#bytes = 0
  }

  /** Everything, and nothing is left. What is said of keys comes first; what cannot be said twice (counts, operations) comes with the last, which moves the shards. */
  take(): readonly Portion[] {
    const batches = this.#batches
    const last = batches.at(-1)
    if (last === undefined) return []
    const portions = [...this.#portions()]
    this.clear()
    const loaded = Promise.all(batches.map(({ prepared }) => prepared.loaded)).then(() => undefined)
    loaded.catch(() => undefined)
    const input = { clock: Math.max(...batches.map(({ prepared }) => prepared.input.clock)), position: last.prepared.input.position }
    return portions.map(({ parts, units }, index) => {
      const begins = index === 0
      const ends = index === portions.length - 1
      return {
        prepared: {
          input, parts, units, loaded, payloadBytes: 0,
          plans: begins ? batches.flatMap(({ prepared }) => prepared.plans) : [],
          released: begins ? batches.flatMap(({ prepared }) => prepared.released) : [],
          fates: begins ? batches.flatMap(({ prepared }) => prepared.fates) : [],
          types: ends ? sumOf(batches.map(({ prepared }) => prepared.types)) : new Map(),
        },
        step: ends ? together(batches.map(({ step }) => step)) : STAY,
      }
    })
  }

  /** At least one, which is empty where nothing concerns a unit. */
  * #portions(): Iterable<{ readonly parts: readonly PlannedPart[]; readonly units: readonly KnownUnit[] }> {
    let parts: PlannedPart[] = []
    let units: KnownUnit[] = []
    let facts = 0
    for (const [unit, part] of this.#pending) {
      if (facts >= this.bounds.portion) {
        yield { parts, units }
        parts = []
        units = []
        facts = 0
      }
      parts.push(part)
      units.push(unit)
      facts += part.facts.length
    }
    yield { parts, units }
  }
}

function addTo(facts: PlannedFact[], more: readonly PlannedFact[]): void {
  for (const planned of more) facts.push(withoutView(planned))
}

/** What is held back is to hold nothing of the log's memory: a few bytes of it would keep a megabyte. */
function withoutView({ fact, contentHash, by }: PlannedFact): PlannedFact {
  return { fact, contentHash, by }
}

function together(steps: readonly Step[]): Step {
  return {
    to: steps.findLast(({ to }) => to !== undefined)?.to,
    models: [...new Set(steps.flatMap(({ models }) => models))],
    isControl: steps.some(({ isControl }) => isControl),
    also: async (tx) => {
      for (const { also } of steps) await also(tx)
    },
    after: () => {
      for (const { after } of steps) after()
    },
  }
}

function sumOf(counts: readonly Prepared['types'][]): Prepared['types'] {
  const sum = new Map<string, { count: number; first: number; last: number }>()
  for (const types of counts) {
    for (const [type, { count, first, last }] of types) {
      const known = sum.get(type)
      sum.set(type, known === undefined ? { count, first, last } : { count: known.count + count, first: known.first, last })
    }
  }
  return sum
}
