/**
 * The log in segment files of one directory, owned by one process. An append is admitted at once and in order (checked, given its
 * positions, encoded); group-commit.ts puts it on disk. What is where: frame.ts (bytes), segment.ts (files), recovery.ts (opening).
 */
import { DraftCheck, MAX_BATCH_BYTES } from '../draft.js'
import { Head } from '../head.js'
import type { Appended, AppendOptions, Draft, Entry, Log, LogStats, Position, ReadOptions } from '../log.js'
import { LogError } from '../log.js'
import { planRead } from '../read-plan.js'
import { AppendResult } from './append-result.js'
import type { Codec } from './codec.js'
import { zstd } from './codec.js'
import type { Disk } from './disk.js'
import type { FrameBuilder } from './frame-builder.js'
import { GroupCommit } from './group-commit.js'
import { readReaders, writeReaders } from './identity.js'
import { realDisk } from './real-disk.js'
import type { Readable } from './reading.js'
import { lookUp, readBackwards, readForwards } from './reading.js'
import type { Recovered } from './recovery.js'
import { recover } from './recovery.js'
import { Remembered, markOf } from './remembered.js'
import { SegmentList } from './segment-list.js'
import { TailCache } from './tail-cache.js'

export interface EmbeddedLogOptions {
  /** Epoch milliseconds; stamps the append time. Default: the machine's clock. */
  readonly clock?: () => number
  /** A segment file takes no further write beyond this. Default 128 MiB. */
  readonly segmentSizeBytes?: number
  /** A frame takes no further append beyond this: large enough for one checksum to be cheap, small enough to look something up in. Default 64 KiB. */
  readonly frameSizeBytes?: number
  /** Subjects, keys and payloads of one append. Default 16 MiB. */
  readonly maxBatchBytes?: number
  /** Taken in and not yet written; beyond it appends are refused with `backpressure`. Default 64 MiB. */
  readonly maxPendingBytes?: number
  /** Entries with a key that are remembered to recognise repetitions: between half of this and all. Default 1,000,000. */
  readonly duplicateWindow?: number
  /** How much of the log's end is read at open to remember keys and producers again. Default 256 MiB. */
  readonly rememberedBytes?: number
  /** Memory for the newest entries, from which followers read. Default 32 MiB. */
  readonly tailCacheBytes?: number
  /** `durability: 'interval'`: synced this long after the write at most. Default 50 ms. */
  readonly syncIntervalMs?: number
  /** How long after the last append a marker covers it. Default 250 ms. */
  readonly idleMarkerMs?: number
  /** `zstd`: smaller files for more processor time; needs Node 22.15. A log may hold both. Default `none`. */
  readonly compression?: 'none' | 'zstd'
  /** What `zstd` is done with. Default: Node's. */
  readonly codec?: Codec
  /** Default: the machine's file system. */
  readonly disk?: Disk
}

const defaults = {
  clock: Date.now,
  segmentSizeBytes: 128 * 1024 * 1024,
  frameSizeBytes: 64 * 1024,
  maxBatchBytes: MAX_BATCH_BYTES,
  maxPendingBytes: 64 * 1024 * 1024,
  duplicateWindow: 1_000_000,
  rememberedBytes: 256 * 1024 * 1024,
  tailCacheBytes: 32 * 1024 * 1024,
  syncIntervalMs: 50,
  idleMarkerMs: 250,
  compression: 'none',
  codec: zstd,
  disk: realDisk,
} satisfies Required<EmbeddedLogOptions>

const plainly: AppendOptions = {}

/** Positions in one look-up. */
const MAX_LOOKUP = 100_000
/** Registered readers. */
const MAX_READERS = 1_000

export class EmbeddedLog implements Log {
  readonly identity: string
  readonly #directory: string
  readonly #settings: Required<EmbeddedLogOptions>
  readonly #unlock: () => Promise<void>
  readonly #notes: readonly string[]
  readonly #segments: SegmentList
  readonly #tail: TailCache
  readonly #head = new Head()
  readonly #commit: GroupCommit
  readonly #drafts: DraftCheck
  readonly #remembered: Remembered
  /** First position that each registered reader still needs. */
  readonly #readers: Map<string, number>
  #appendTime: number
  #closing: Promise<void> | undefined
  /** Trims and changes of readers, one after the other. */
  #upkeep: Promise<unknown> = Promise.resolve()

  /** Opens the log in a directory, which is made where there is none. Throws LogError locked or corrupt. */
  static async open(directory: string, options: EmbeddedLogOptions = {}): Promise<EmbeddedLog> {
    const settings = { ...defaults, ...withoutAbsent(options) }
    const { disk, compression, codec } = settings
    // Better now than at the first append.
    if (compression === 'zstd') codec.compress(new Uint8Array(0))
    await disk.makeDirectory(directory)
    const unlock = await disk.lock(directory)
    try {
      const readers = await readReaders(disk, directory)
      const remembered = new Remembered(settings.duplicateWindow, codec)
      const recovered = await recover(disk, directory, settings.rememberedBytes, (frame) => remembered.learn(frame))
      return new EmbeddedLog(directory, settings, unlock, recovered, remembered, readers)
    } catch (error) {
      await unlock()
      throw error
    }
  }

  private constructor(
    directory: string, settings: Required<EmbeddedLogOptions>, unlock: () => Promise<void>,
    recovered: Recovered, remembered: Remembered, readers: Map<string, number>,
  ) {
    const { active, closed, identity, salt, notes } = recovered
    this.identity = identity
    this.#directory = directory
    this.#settings = settings
    this.#unlock = unlock
    this.#notes = notes
    this.#remembered = remembered
    this.#readers = readers
    this.#appendTime = active.maxAppendTime
    this.#drafts = new DraftCheck(settings.maxBatchBytes)
    this.#segments = new SegmentList(settings.disk, directory, [...closed, active])
    this.#tail = new TailCache(settings.tailCacheBytes, (buffer) => this.#commit.takeBack(buffer))
    this.#commit = new GroupCommit(settings.disk, directory, salt, active, settings, {
      durable: (frames) => {
        for (const frame of frames) this.#tail.add(frame)
        this.#head.advanced()
      },
      rolled: (active) => this.#segments.push(active),
      refused: (from) => this.#remembered.forget(from),
      poisoned: (error) => this.#head.end(error),
    })
  }

  append(drafts: readonly Draft[], options: AppendOptions = plainly): Promise<Appended> {
    try {
      return this.#admit(drafts, options)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** Runs to its end at once: what was called first stands first in the log. */
  #admit(drafts: readonly Draft[], options: AppendOptions): Promise<Appended> {
    this.#assertAppendable()
    const sizeBytes = this.#drafts.check(drafts)
    const { producer, expectedLast, durability = 'sync' } = options
    const earlier = producer && this.#remembered.producers.find(producer)
    if (earlier !== undefined) return this.#commit.whenDurable(lastOf(earlier), earlier)
    const last = this.#commit.next - 1
    if (expectedLast !== undefined && Number(expectedLast) !== last) {
      const message = `The log's last position is ${last}, not ${expectedLast}.`
      throw new LogError('wrongExpectedPosition', message, { position: BigInt(last) })
    }
    const pendingBytes = this.#commit.pendingBytes
    if (pendingBytes > 0 && pendingBytes + sizeBytes > this.#settings.maxPendingBytes) {
      throw new LogError('backpressure', `${pendingBytes} bytes wait to be written, more than the disk keeps up with: try again.`)
    }
    if (drafts.length === 0) return Promise.resolve(new AppendResult(last + 1, 0, this.#appendTime))
    const builder = this.#commit.builder(sizeBytes)
    const result = this.#encode(drafts, builder)
    if (producer !== undefined) this.#remembered.producers.remember(producer, result)
    if (result.accepted === 0) return this.#commit.whenDurable(lastOf(result), result)
    if (producer !== undefined) builder.mark(markOf(producer, result))
    return this.#commit.commit(result, durability)
  }

  /** Writes the drafts into the open frame, but those that repeat something. */
  #encode(drafts: readonly Draft[], builder: FrameBuilder): Appended {
    this.#appendTime = Math.max(this.#appendTime, Math.floor(this.#settings.clock()))
    const first = this.#commit.next
    let next = first
    let originals: Map<number, number> | undefined
    for (let i = 0; i < drafts.length; i++) {
      const draft = drafts[i]!
      builder.stage(draft, this.#appendTime)
      const original = draft.key === undefined || draft.key === '' ? 0 : this.#remembered.originalOf(builder, next)
      if (original === 0) {
        builder.keep()
        next++
      } else {
        originals ??= new Map()
        originals.set(i, original)
      }
    }
    return new AppendResult(first, drafts.length, this.#appendTime, originals)
  }

  read(options: ReadOptions): AsyncIterable<readonly Entry[]> {
    const durable = this.#durable()
    const plan = planRead(options, { first: this.#segments.first, durable, assigned: this.#commit.next - 1 })
    return plan.backwards ? readBackwards(this.#readable, plan) : readForwards(this.#readable, plan)
  }

  async lookup(positions: readonly Position[]): Promise<readonly (Entry | undefined)[]> {
    this.#durable()
    if (positions.length > MAX_LOOKUP) throw new LogError('tooLarge', `A look-up takes at most ${MAX_LOOKUP} positions.`)
    const ascending = [...new Set(positions.map(Number))].sort((a, b) => a - b)
    const entries = await lookUp(this.#readable, ascending)
    const byPosition = new Map(ascending.map((position, i) => [position, entries[i]]))
    return positions.map((position) => byPosition.get(Number(position)))
  }

  trim(before: Position, options: { readonly force?: boolean } = {}): Promise<Position> {
    return this.#inTurn(async () => {
      const held = options.force === true ? Infinity : Math.min(...this.#readers.values())
      await this.#segments.trim(Math.min(Number(before), held))
      return BigInt(this.#segments.first)
    })
  }

  registerReader(name: string, position: Position): Promise<void> {
    return this.#inTurn(async () => {
      const known = this.#readers.get(name)
      if (known === undefined && this.#readers.size >= MAX_READERS) {
        throw new LogError('invalid', `A log has at most ${MAX_READERS} readers.`)
      }
      this.#readers.set(name, Number(position))
      if (Number(position) !== known) await this.#storeReaders()
    })
  }

  readerPosition(name: string): Promise<Position | undefined> {
    return this.#inTurn(async () => {
      const position = this.#readers.get(name)
      return position === undefined ? undefined : BigInt(position)
    })
  }

  unregisterReader(name: string): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#readers.delete(name)) await this.#storeReaders()
    })
  }

  async #storeReaders(): Promise<void> {
    await writeReaders(this.#settings.disk, this.#directory, this.#readers)
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#upkeep.then(() => {
      this.#durable()
      return work()
    })
    this.#upkeep = done.catch(() => undefined)
    return done
  }

  stats(): LogStats {
    const { first, sizeBytes } = this.#segments
    const { durable, durableAppendTime, syncs, pendingBytes } = this.#commit
    return {
      first: BigInt(first), last: BigInt(durable), lastAppendTime: durableAppendTime, entries: durable - first + 1,
      sizeBytes, syncs, pendingBytes, recovered: this.#notes,
    }
  }

  entriesAfter(position: Position): number {
    return Math.max(0, this.#commit.durable - Math.max(Number(position), this.#segments.first - 1))
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await this.#upkeep
    await this.#commit.finish()
    this.#head.end(closedError())
    if (this.#commit.poison === undefined && this.#readers.size > 0) await this.#storeReaders()
    await this.#unlock()
  }

  readonly #readable: Readable = ((log: EmbeddedLog) => ({
    get segments() { return log.#segments },
    get tail() { return log.#tail },
    head: log.#head,
    get codec() { return log.#settings.codec },
    durable: () => log.#durable(),
  }))(this)

  /** The last durable position, which may be read as long as the log is open, also when it is poisoned. */
  #durable(): number {
    if (this.#closing !== undefined) throw closedError()
    return this.#commit.durable
  }

  #assertAppendable(): void {
    if (this.#closing !== undefined) throw closedError()
    if (this.#commit.poison !== undefined) throw this.#commit.poison
  }
}

/** The last position that must be on disk before an append can be answered. */
function lastOf(result: Appended): number {
  return result.positions.reduce((last, position) => Math.max(last, Number(position)), 0)
}

function withoutAbsent(options: EmbeddedLogOptions): EmbeddedLogOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}

function closedError(): LogError {
  return new LogError('closed', 'The log is closed.')
}
