/**
 * Batches that are planned and not folded yet, for folding a long past: what happened to a unit meanwhile is folded and written together, once
 * instead of once per batch. Batches are small all the same, so that what reading leaves behind is soon forgotten. Where the past is cut changes
 * nothing of the state (law 2).
 *
 * It is written in portions, a transaction each, and what a portion touches is loaded when its turn comes; the last one moves the shards. If the process dies between two of them, the same entries are read
 * again, and find what they said: units know the facts that they have, and what is said of keys is looked up as of a position.
 */
import type { Fact } from '@tidemark/bpmn'
import type { Transaction } from '../store/database.js'
import type { Reached } from '../store/write/shards.js'
import type { Planned } from './batch.js'
import type { PlannedFact } from './core/plan.js'
import { cacheKeyOf } from './units.js'

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
  readonly planned: Planned
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
interface HeldFact {
  /** Without its patch where that is kept as JSON. */
  readonly planned: PlannedFact
  readonly kept: Kept | undefined
}

interface HeldPart {
  readonly model: string
  readonly key: string
  readonly facts: HeldFact[]
}

export class Backlog {
  /** By unit, in the order in which they were first touched. */
  readonly #pending = new Map<string, HeldPart>()
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

  add(planned: Planned, step: Step): void {
    for (const { model, key, facts } of planned.parts) {
      const unit = cacheKeyOf(model, key)
      let held = this.#pending.get(unit)
      if (held === undefined) this.#pending.set(unit, (held = { model, key, facts: [] }))
      for (const fact of facts) held.facts.push(this.#hold(fact))
      this.#facts += facts.length
    }
    this.#bytes = Math.max(this.#bytes + planned.payloadBytes, this.#kept.bytes)
    // Its facts are kept by unit.
    this.#batches.push({ planned: { ...planned, parts: [] }, step })
  }

  clear(): void {
    this.#pending.clear()
    this.#batches = []
    this.#facts = 0
    this.#bytes = 0
    this.#kept = new KeptBytes(this.#spare)
  }

  /**
   * Everything, and nothing is left. What batches say of keys goes along with the portions, in the order of the log; what cannot be said twice (counts,
   * operations) comes with the last, which moves the shards.
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
    if (fact.kind !== 'event' || patch === undefined) return { planned: { fact, contentHash, by }, kept: undefined }
    const { position, kind, time, appendTime, source, id, type, sequence, labels } = fact
    return { planned: { fact: { position, kind, time, appendTime, source, id, type, sequence, labels, patch: undefined }, contentHash, by }, kept: this.#kept.keep(patchJson ?? Buffer.from(JSON.stringify(patch))) }
  }

  /** At least one, which is empty where nothing concerns a unit. */
  * #portions(): Iterable<readonly HeldPart[]> {
    let parts: HeldPart[] = []
    let facts = 0
    for (const part of this.#pending.values()) {
      if (facts >= this.bounds.portion) {
        yield parts
        parts = []
        facts = 0
      }
      parts.push(part)
      facts += part.facts.length
    }
    yield parts
  }
}

/** Takes both lists apart: none is held here once it is on its way, and what is folded is several times what was held back. */
function * portionsOf(batches: Portion[], all: (readonly HeldPart[])[], kept: KeptBytes): Iterable<Portion> {
  const input = { clock: Math.max(...batches.map(({ planned }) => planned.input.clock)), position: batches.at(-1)?.planned.input.position ?? 0n }
  const last = { types: sumOf(batches.map(({ planned }) => planned.types)), step: together(batches.map(({ step }) => step), () => kept.giveBack()) }
  for (let parts = all.shift(); parts !== undefined; parts = all.shift()) {
    const telling = batches.splice(0, Math.ceil(batches.length / (all.length + 1)))
    const { types, step } = all.length === 0 ? last : NOTHING_YET
    yield {
      planned: {
        input, parts: parts.map(({ model, key, facts }) => ({ model, key, facts: facts.map(whole) })), payloadBytes: 0,
        plans: telling.flatMap(({ planned }) => planned.plans),
        released: telling.flatMap(({ planned }) => planned.released),
        fates: telling.flatMap(({ planned }) => planned.fates),
        types,
      },
      step,
    }
  }
}

const NOTHING_YET: { readonly types: Planned['types']; readonly step: Step } = { types: new Map(), step: STAY }

/** Made anew: nothing is written into a fact that others may have. */
function whole({ planned, kept }: HeldFact): PlannedFact {
  if (kept === undefined) return planned
  const { memory, start, end } = kept
  const { position, kind, time, appendTime, source, id, type, sequence, labels } = planned.fact
  const patch = JSON.parse(memory.toString('utf8', start, end)) as Fact['patch']
  return { fact: { position, kind, time, appendTime, source, id, type, sequence, labels, patch }, contentHash: planned.contentHash, by: planned.by, patchJson: memory.subarray(start, end) }
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

function sumOf(counts: readonly Planned['types'][]): Planned['types'] {
  const sum = new Map<string, { count: number; first: number; last: number }>()
  for (const types of counts) {
    for (const [type, { count, first, last }] of types) {
      const known = sum.get(type)
      sum.set(type, known === undefined ? { count, first, last } : { count: known.count + count, first: known.first, last })
    }
  }
  return sum
}
