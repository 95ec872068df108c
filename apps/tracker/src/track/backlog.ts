/**
 * Batches that are planned and not folded yet, for folding a long past: what happened to a unit meanwhile is folded and written together, once
 * instead of once per batch. Batches are small all the same, so that what reading leaves behind is soon forgotten. Where the past is cut changes
 * nothing of the state (law 2).
 *
 * It is written in portions, a transaction each; the last one moves the shards. If the process dies between two of them, the same entries are read
 * again, and find what they said: units know the facts that they have, and what is said of keys is looked up as of a position.
 */
import type { Fact } from '@tidemark/bpmn'
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
  /** It may wait for answers; absent: the commit is written at once. */
  readonly also?: (tx: Transaction) => Promise<unknown>
  /** Called once it is committed. */
  readonly after: () => void
}

export const NOTHING_AFTER = () => undefined
export const STAY: Step = { to: undefined, models: [], isControl: false, after: NOTHING_AFTER }

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
 * A fact takes some 700 bytes beside its payload until it is written. Most instances are to begin and end within so many entries; others are written
 * several times. A portion is folded in a fraction of a second, and the database writes it while the next one is.
 */
export const SMALL_BACKLOG: BacklogBounds = { facts: 120_000, bytes: 32 * 1024 * 1024, portion: 6_000, near: 4_000 }
export const LARGE_BACKLOG: BacklogBounds = { ...SMALL_BACKLOG, facts: 240_000, bytes: 64 * 1024 * 1024 }

/** Its variables stay the JSON that they were: as objects they would be several times as large, and each would be moved about by the collector of garbage. */
interface HeldFact extends PlannedFact {
  patchJson: Uint8Array | undefined
  /** Where its JSON is; its patch is read from there when its turn comes. Absent where it has none. */
  readonly kept: Kept | undefined
}

interface HeldPart {
  readonly model: string
  readonly key: string
  readonly facts: HeldFact[]
}

export class Backlog {
  /** In the order in which they were first touched. */
  readonly #pending = new Map<KnownUnit, HeldPart>()
  #batches: Portion[] = []
  #facts = 0
  #bytes = 0
  /** Pieces that are used again. */
  readonly #spare: Buffer[] = []
  #kept = new KeptBytes(this.#spare)

  constructor(readonly bounds: BacklogBounds) {}

  /** It is to be written before more is added. */
  get isFull(): boolean {
    return this.#facts >= this.bounds.facts || this.#bytes >= this.bounds.bytes
  }

  add(prepared: Prepared, step: Step): void {
    for (const [index, unit] of prepared.units.entries()) {
      const { model, key, facts } = prepared.parts[index] as PlannedPart
      let held = this.#pending.get(unit)
      if (held === undefined) this.#pending.set(unit, (held = { model, key, facts: [] }))
      else unit.holders--
      for (const planned of facts) held.facts.push(this.#hold(planned))
      this.#facts += facts.length
    }
    this.#bytes = Math.max(this.#bytes + prepared.payloadBytes, this.#kept.bytes)
    // Its facts are kept by unit.
    this.#batches.push({ prepared: { ...prepared, parts: [], units: [] }, step })
  }

  clear(): void {
    this.#pending.clear()
    this.#batches = []
    this.#facts = 0
    this.#bytes = 0
    this.#kept = new KeptBytes(this.#spare)
  }

  /**
   * Everything, and nothing is left. What is said of keys comes first; what cannot be said twice (counts, operations) comes with the last, which moves the shards.
   * The facts of a portion become whole when it is asked for; the bytes that they were stay until the last one is committed.
   */
  take(): Iterable<Portion> {
    const batches = this.#batches
    const kept = this.#kept
    const portions = [...this.#portions()]
    this.clear()
    return batches.length === 0 ? [] : portionsOf(batches, portions, kept)
  }

  /** What is held back is to hold nothing of the log's memory: a few bytes of it would keep a megabyte. */
  #hold({ fact, contentHash, by, patchJson }: PlannedFact): HeldFact {
    const { patch } = fact
    if (fact.kind !== 'event' || patch === undefined) return { fact, contentHash, by, patchJson: undefined, kept: undefined }
    // Others may have the same fact; this one is ours.
    const { position, kind, time, appendTime, source, id, type, sequence, labels } = fact
    return { fact: { position, kind, time, appendTime, source, id, type, sequence, labels, patch: undefined }, contentHash, by, patchJson: undefined, kept: this.#kept.keep(patchJson ?? Buffer.from(JSON.stringify(patch))) }
  }

  /** At least one, which is empty where nothing concerns a unit. */
  * #portions(): Iterable<UnitsTogether> {
    let parts: HeldPart[] = []
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

interface UnitsTogether {
  readonly parts: readonly HeldPart[]
  readonly units: readonly KnownUnit[]
}

function * portionsOf(batches: readonly Portion[], all: UnitsTogether[], kept: KeptBytes): Iterable<Portion> {
  const loaded = Promise.all(batches.map(({ prepared }) => prepared.loaded)).then(() => undefined)
  loaded.catch(() => undefined)
  const input = { clock: Math.max(...batches.map(({ prepared }) => prepared.input.clock)), position: batches.at(-1)?.prepared.input.position ?? 0n }
  // None is held here once it is on its way: what is folded is several times what was held back.
  for (let begins = true, next = all.shift(); next !== undefined; begins = false, next = all.shift()) {
    const { parts, units } = next
    const ends = all.length === 0
    for (const { facts } of parts) for (const held of facts) makeWhole(held)
    yield {
      prepared: {
        input, parts, units, loaded, payloadBytes: 0,
        plans: begins ? batches.flatMap(({ prepared }) => prepared.plans) : [],
        released: begins ? batches.flatMap(({ prepared }) => prepared.released) : [],
        fates: begins ? batches.flatMap(({ prepared }) => prepared.fates) : [],
        types: ends ? sumOf(batches.map(({ prepared }) => prepared.types)) : new Map(),
      },
      step: ends ? together(batches.map(({ step }) => step), () => kept.giveBack()) : STAY,
    }
  }
}

function makeWhole(held: HeldFact): void {
  const { kept } = held
  if (kept === undefined) return
  const { memory, start, end } = kept
  held.patchJson = memory.subarray(start, end)
  ;(held.fact as { patch: Fact['patch'] }).patch = JSON.parse(memory.toString('utf8', start, end)) as Fact['patch']
}

interface Kept {
  readonly memory: Buffer
  readonly start: number
  readonly end: number
}

const KEPT_TOGETHER = 1024 * 1024

/** Copies of many short runs of bytes, in a few pieces of memory. */
class KeptBytes {
  readonly #pieces: Buffer[] = []
  #end = 0
  bytes = 0

  /** @param spare pieces that are taken first, and to which they are given back */
  constructor(readonly spare: Buffer[]) {}

  keep(bytes: Uint8Array): Kept {
    let memory = this.#pieces.at(-1)
    if (memory === undefined || this.#end + bytes.length > memory.length) {
      memory = bytes.length > KEPT_TOGETHER ? Buffer.allocUnsafeSlow(bytes.length) : (this.spare.pop() ?? Buffer.allocUnsafeSlow(KEPT_TOGETHER))
      this.#pieces.push(memory)
      this.#end = 0
    }
    const start = this.#end
    memory.set(bytes, start)
    this.#end += bytes.length
    this.bytes += bytes.length
    return { memory, start, end: this.#end }
  }

  /** Nobody reads any of it any more. */
  giveBack(): void {
    this.spare.push(...this.#pieces.splice(0).filter(({ length }) => length === KEPT_TOGETHER))
  }
}

function together(steps: readonly Step[], atLast: () => void): Step {
  const others = steps.flatMap(({ also }) => also ?? [])
  return {
    to: steps.findLast(({ to }) => to !== undefined)?.to,
    models: [...new Set(steps.flatMap(({ models }) => models))],
    isControl: steps.some(({ isControl }) => isControl),
    ...(others.length === 0 ? {} : {
      also: async (tx: Transaction) => {
        for (const also of others) await also(tx)
      },
    }),
    after: () => {
      for (const { after } of steps) after()
      atLast()
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
