/**
 * A log that lives as long as its process: for tests, and as the plain statement of what the port means. Everything is durable at
 * once here, so it shows no group commit and no back-pressure.
 */
import { randomUUID } from 'node:crypto'
import { DraftCheck, kindCodes } from './draft.js'
import { Head } from './head.js'
import type { Appended, AppendOptions, Draft, Entry, Log, LogStats, Position, ReadOptions } from './log.js'
import { LogError } from './log.js'
import { Producers } from './producers.js'
import type { ReadPlan } from './read-plan.js'
import { planRead, trimmed } from './read-plan.js'

/** Keys that are remembered to recognise duplicates. */
const DUPLICATE_WINDOW = 1_000_000

export interface MemoryLogOptions {
  /** Epoch milliseconds; stamps the append time. Default: the machine's clock. */
  readonly clock?: () => number
  readonly maxBatchBytes?: number
}

export class MemoryLog implements Log {
  readonly identity = randomUUID()
  readonly #clock: () => number
  readonly #draftCheck: DraftCheck
  readonly #head = new Head()
  readonly #producers = new Producers()
  readonly #readers = new Map<string, number>()
  /** By key; several where a key was used again for other content. */
  readonly #originals = new Map<string, Entry[]>()
  #entries: Entry[] = []
  #first = 1
  #sizeBytes = 0
  #lastAppendTime = 0
  #closed = false

  constructor(options: MemoryLogOptions = {}) {
    this.#clock = options.clock ?? Date.now
    this.#draftCheck = new DraftCheck(options.maxBatchBytes)
  }

  async append(drafts: readonly Draft[], options: AppendOptions = {}): Promise<Appended> {
    this.#assertOpen()
    this.#draftCheck.check(drafts)
    const earlier = options.producer && this.#producers.find(options.producer)
    if (earlier !== undefined) return earlier
    if (options.expectedLast !== undefined && Number(options.expectedLast) !== this.#last) {
      const message = `The log's last position is ${this.#last}, not ${options.expectedLast}.`
      throw new LogError('wrongExpectedPosition', message, { position: BigInt(this.#last) })
    }
    const result = this.#store(drafts)
    if (options.producer !== undefined && drafts.length > 0) this.#producers.remember(options.producer, result)
    if (result.accepted > 0) this.#head.advanced()
    return result
  }

  #store(drafts: readonly Draft[]): Appended {
    const before = this.#last
    const appendTime = drafts.length === 0 ? this.#lastAppendTime : Math.max(this.#lastAppendTime, Math.floor(this.#clock()))
    const positions = drafts.map((draft) => this.#storeOne(draft, appendTime))
    this.#lastAppendTime = appendTime
    const accepted = this.#last - before
    const first = BigInt(accepted > 0 ? before + 1 : before)
    return { first, last: BigInt(this.#last), accepted, duplicates: drafts.length - accepted, positions, appendTime }
  }

  #storeOne(draft: Draft, appendTime: number): Position {
    const key = draft.key ?? ''
    const earlier = (key === '' ? undefined : this.#originals.get(key)) ?? []
    const original = earlier.find((it) => Buffer.compare(it.payload, draft.payload) === 0)
    if (original !== undefined) return original.position
    const time = Math.min(draft.time ?? appendTime, appendTime)
    const position = BigInt(this.#last + 1)
    const entry = { position, kind: draft.kind, subject: draft.subject, appendTime, time, key, payload: Uint8Array.from(draft.payload) }
    this.#entries.push(entry)
    this.#sizeBytes += entry.payload.byteLength
    if (key !== '') this.#originals.set(key, [...earlier, entry])
    if (this.#originals.size > DUPLICATE_WINDOW) this.#originals.delete(this.#originals.keys().next().value!)
    return position
  }

  read(options: ReadOptions): AsyncIterable<readonly Entry[]> {
    this.#assertOpen()
    const plan = planRead(options, { first: this.#first, durable: this.#last, assigned: this.#last })
    return plan.backwards ? this.#readBackwards(plan) : this.#readForwards(plan)
  }

  async *#readForwards(plan: ReadPlan): AsyncGenerator<readonly Entry[]> {
    let next = plan.lowest
    let left = plan.limit
    while (left > 0 && next <= plan.highest && plan.signal?.aborted !== true) {
      this.#assertOpen()
      if (next > this.#last) {
        if (!plan.follow) return
        await this.#head.wait(plan.signal)
        continue
      }
      if (next < this.#first) throw trimmed(this.#first)
      const batch: Entry[] = []
      const most = Math.min(plan.batchSize, left)
      for (; next <= Math.min(this.#last, plan.highest) && batch.length < most; next++) {
        const entry = this.#at(next)!
        if (isWanted(entry, plan)) batch.push(entry)
      }
      left -= batch.length
      if (batch.length > 0) yield batch
    }
  }

  async *#readBackwards(plan: ReadPlan): AsyncGenerator<readonly Entry[]> {
    let next = plan.highest
    let left = plan.limit
    while (left > 0 && next >= Math.max(plan.lowest, this.#first) && plan.signal?.aborted !== true) {
      this.#assertOpen()
      const batch: Entry[] = []
      const most = Math.min(plan.batchSize, left)
      for (; next >= Math.max(plan.lowest, this.#first) && batch.length < most; next--) {
        const entry = this.#at(next)!
        if (isWanted(entry, plan)) batch.push(entry)
      }
      left -= batch.length
      if (batch.length > 0) yield batch
    }
  }

  async lookup(positions: readonly Position[]): Promise<readonly (Entry | undefined)[]> {
    this.#assertOpen()
    return positions.map((position) => this.#at(Number(position)))
  }

  async trim(before: Position, options: { readonly force?: boolean } = {}): Promise<Position> {
    this.#assertOpen()
    const held = options.force === true ? Infinity : Math.min(...this.#readers.values())
    const first = Math.min(Number(before), held, this.#last + 1)
    if (first > this.#first) {
      for (const dropped of this.#entries.splice(0, first - this.#first)) this.#sizeBytes -= dropped.payload.byteLength
      this.#first = first
    }
    return BigInt(this.#first)
  }

  async registerReader(name: string, position: Position): Promise<void> {
    this.#assertOpen()
    this.#readers.set(name, Number(position))
  }

  async readerPosition(name: string): Promise<Position | undefined> {
    this.#assertOpen()
    const position = this.#readers.get(name)
    return position === undefined ? undefined : BigInt(position)
  }

  async unregisterReader(name: string): Promise<void> {
    this.#assertOpen()
    this.#readers.delete(name)
  }

  stats(): LogStats {
    return {
      first: BigInt(this.#first), last: BigInt(this.#last), lastAppendTime: this.#lastAppendTime, entries: this.#entries.length,
      sizeBytes: this.#sizeBytes, syncs: 0, pendingBytes: 0, recovered: [],
    }
  }

  entriesAfter(position: Position): number {
    return Math.max(0, this.#last - Math.max(Number(position), this.#first - 1))
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#head.end(closedError())
  }

  get #last(): number {
    return this.#first + this.#entries.length - 1
  }

  #at(position: number): Entry | undefined {
    return this.#entries[position - this.#first]
  }

  #assertOpen(): void {
    if (this.#closed) throw closedError()
  }
}

function isWanted(entry: Entry, { wanted }: ReadPlan): boolean {
  return (wanted.kindMask & (1 << kindCodes[entry.kind])) !== 0 && entry.appendTime >= wanted.sinceMs && entry.appendTime <= wanted.untilMs
    && wanted.subject(entry.subject)
}

function closedError(): LogError {
  return new LogError('closed', 'The log is closed.')
}
