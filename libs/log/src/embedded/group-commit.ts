/**
 * One write and one sync for all appends that came while the last sync was in flight. There is no timer: the slower the disk, the
 * larger the groups. Positions are given out when an append comes in; it is answered when its frame is on disk.
 *
 * Whoever is answered mostly appends again. Where the disk is slow, the next group waits for all of them: the fewer syncs, the more is
 * appended. Where answering takes longer than a write and a sync do, the next group goes to the disk in the middle of it, and disk
 * and processor work at the same time.
 *
 * States: open; finishing (no new appends, what is pending goes on); poisoned. After a failed write or sync nobody knows what is on
 * disk, and a second sync that succeeds proves nothing, so the first failure ends all appends until the log is opened again. One
 * failure is known: a disk that is full. What was half written is cut off, all that waits is refused, and the next append tries again.
 */
import type { AppendOptions, Appended } from '../log.js'
import { LogError } from '../log.js'
import type { Answer } from './answer.js'
import { DueAnswers, Repetitions } from './answer.js'
import type { Codec } from './codec.js'
import type { Disk } from './disk.js'
import type { Frame } from './frame.js'
import type { FrameBuilder } from './frame-builder.js'
import { bytesOf, compressFrame, sealMarker } from './frame.js'
import type { PendingFrame } from './pending-frames.js'
import { PendingFrames } from './pending-frames.js'
import { Segment } from './segment.js'

export type Durability = NonNullable<AppendOptions['durability']>

/** With `interval` and `os`: bytes that may be written and not synced. */
const MAX_UNSYNCED_BYTES = 32 * 1024 * 1024
/** With `os`: the log leaves it to the system so long, then syncs, because readers see synced entries only. */
const OS_SYNC_MS = 5_000

export interface GroupCommitOptions {
  readonly segmentSizeBytes: number
  /** A frame takes no further append beyond this. */
  readonly frameSizeBytes: number
  /** With `interval`: an append is synced at most this long after it was written. */
  readonly syncIntervalMs: number
  /** How long nothing is appended before a marker covers the last frame. 0: at once, without a timer. */
  readonly idleMarkerMs: number
  /** Records are compressed where that is worth it. */
  readonly compression: 'none' | 'zstd'
  readonly codec: Codec
}

/** What the log does as the commit proceeds. */
export interface CommitEvents {
  /** Oldest first, now on disk. */
  durable(frames: readonly Frame[]): void
  /** A new segment takes the frames from now on. */
  rolled(active: Segment): void
  /** The disk is full: nothing from this position on was stored. */
  refused(from: number): void
  poisoned(error: LogError): void
}

export class GroupCommit {
  readonly #disk: Disk
  readonly #directory: string
  readonly #salt: number
  readonly #options: GroupCommitOptions
  readonly #events: CommitEvents
  #segment: Segment
  #next: number
  #durable: number
  #durableAppendTime: number

  readonly #pending: PendingFrames
  /** Written, not yet synced. */
  #unsynced: Frame[] = []
  #unsyncedBytes = 0
  #unsyncedAnswers: Answer[] = []
  readonly #due = new DueAnswers()
  /** How long the last write and sync took. */
  #commitMs = Infinity
  readonly #repetitions = new Repetitions()
  #syncRequested = false
  #syncTimer: NodeJS.Timeout | undefined
  #markerTimer: NodeJS.Timeout | undefined
  #markedBytes: number
  #running: Promise<void> | undefined
  #poison: LogError | undefined
  #syncs = 0

  constructor(
    disk: Disk, directory: string, salt: number, active: Segment,
    options: GroupCommitOptions, events: CommitEvents,
  ) {
    this.#disk = disk
    this.#directory = directory
    this.#salt = salt
    this.#options = options
    this.#pending = new PendingFrames(options.frameSizeBytes)
    this.#events = events
    this.#segment = active
    this.#next = active.next
    this.#durable = active.next - 1
    this.#durableAppendTime = active.maxAppendTime
    this.#markedBytes = active.sizeBytes
  }

  /** The position that the next entry gets. */
  get next(): number {
    return this.#next
  }

  get durable(): number {
    return this.#durable
  }

  get syncs(): number {
    return this.#syncs
  }

  /** Append time of the last durable entry, epoch ms. */
  get durableAppendTime(): number {
    return this.#durableAppendTime
  }

  /** Bytes that were taken in and are not written yet. */
  get pendingBytes(): number {
    return this.#pending.bytes
  }

  get poison(): LogError | undefined {
    return this.#poison
  }

  /** Where the drafts of one append go, of which they may take about this many bytes. */
  builder(sizeBytes: number): FrameBuilder {
    return this.#pending.builder(this.#next, sizeBytes)
  }

  /** A buffer of durable frames that nobody reads any more. */
  takeBack(buffer: Buffer): void {
    this.#pending.takeBack(buffer)
  }

  /** Counts what was just kept in the {@link builder}, and answers when it is as durable as asked. */
  commit(result: Appended, durability: Durability): Promise<Appended> {
    this.#next += result.accepted
    const frame = this.#pending.open
    if (this.#running === undefined) this.#start()
    if (durability === 'sync') return frame.synced.for(result)
    frame.syncWithinMs = Math.min(frame.syncWithinMs, durability === 'interval' ? this.#options.syncIntervalMs : OS_SYNC_MS)
    return frame.written.for(result)
  }

  /** Answers when a position is on disk that may be pending still. */
  whenDurable(position: number, result: Appended): Promise<Appended> {
    if (position <= this.#durable) return Promise.resolve(result)
    if (this.#poison !== undefined) return Promise.reject(this.#poison)
    this.#syncRequested = true
    this.#start()
    return this.#repetitions.wait(position, result)
  }

  /** Puts what is pending and a last marker on disk and gives the file back. Rejects if the log is poisoned by that. */
  async finish(): Promise<void> {
    clearTimeout(this.#markerTimer)
    while (this.#running !== undefined) await this.#running
    clearTimeout(this.#markerTimer)
    clearTimeout(this.#syncTimer)
    try {
      if (this.#poison === undefined) {
        if (this.#unsynced.length > 0) await this.#sync()
        if (this.#markedBytes < this.#segment.sizeBytes) await this.#mark()
      }
    } catch (cause) {
      this.#fail(cause)
    } finally {
      this.#due.flush()
      await this.#segment.release()
    }
  }

  #start(): void {
    if (this.#running !== undefined || this.#poison !== undefined) return
    clearTimeout(this.#markerTimer)
    this.#running = this.#run()
  }

  async #run(): Promise<void> {
    try {
      await this.#turn()
      for (;;) {
        await this.#commitOnce()
        if (!this.#pending.hasEntries && !this.#syncRequested) break
        if (!this.#isOverlapWorthIt) await this.#turn()
      }
    } catch (cause) {
      this.#fail(cause)
    }
    this.#running = undefined
    if (this.#poison === undefined) this.#markWhenIdle()
  }

  /** Whoever was just answered appends again before the next group is taken, unless it had better go at once. */
  async #turn(): Promise<void> {
    do await new Promise(setImmediate)
    while (this.#due.count > 0 && !this.#isOverlapWorthIt)
  }

  /**
   * All who append wait in `pending` or are about to be answered. Together with the next sync it takes answering all of them and one
   * sync; in two halves, one of which is on its way to the disk while the other is answered, it takes two syncs.
   */
  get #isOverlapWorthIt(): boolean {
    return this.#pending.hasEntries && this.#due.count > 0 && this.#commitMs < (this.#due.count + this.#pending.count) * this.#due.eachMs
  }

  async #commitOnce(): Promise<void> {
    const group = this.#pending.take()
    const began = performance.now()
    try {
      if (group.length > 0) await this.#write(group)
    } catch (error) {
      if (!isDiskFull(error)) throw error
      await this.#refuse(error)
      return
    }
    const wanted = this.#syncRequested || this.#unsyncedAnswers.length > 0 || this.#unsyncedBytes > MAX_UNSYNCED_BYTES
    if (wanted) await this.#sync(began)
    else this.#syncWithin(Math.min(...group.map((frame) => frame.syncWithinMs)))
  }

  async #write(group: readonly PendingFrame[]): Promise<void> {
    const segment = await this.#roomFor(this.#pending.takenBytes)
    let offset = segment.sizeBytes
    const { compression, codec } = this.#options
    // What is kept in memory for those who follow is never compressed.
    const frames = group.map(({ builder }) => {
      const frame = builder.seal(offset, segment.syncedBytes, this.#salt)
      const stored = (compression === 'none' ? undefined : compressFrame(frame, codec, this.#salt)) ?? frame
      offset += stored.lengthBytes
      return { frame, stored }
    })
    await segment.file.write(bytesOf(frames.map(({ stored }) => stored)), segment.sizeBytes)
    for (const { frame, stored } of frames) {
      segment.note(stored)
      this.#unsynced.push(frame)
      this.#unsyncedBytes += stored.lengthBytes
    }
    this.#pending.written()
    for (const { written, synced } of group) {
      written.resolve()
      if (synced.isAwaited) this.#unsyncedAnswers.push(synced)
    }
  }

  /** The active segment, or a new one where it is full. */
  async #roomFor(bytes: number): Promise<Segment> {
    const full = this.#segment
    if (full.next === full.base || full.sizeBytes + bytes <= this.#options.segmentSizeBytes) return full
    if (this.#unsynced.length > 0) await this.#sync()
    const index = full.index!
    const active = await Segment.create(this.#disk, this.#directory, full.next, full.maxAppendTime, this.#salt)
    this.#segment = active
    this.#markedBytes = active.sizeBytes
    this.#events.rolled(active)
    // Derived: where it fails, it is built again when the log is opened.
    await full.writeIndexFile(index).catch(() => undefined)
    full.index = undefined
    await full.release()
    return active
  }

  /** `began`: when the write began that is synced. */
  async #sync(began?: number): Promise<void> {
    clearTimeout(this.#syncTimer)
    this.#syncTimer = undefined
    this.#syncRequested = false
    if (this.#unsynced.length > 0) {
      await this.#segment.file.sync()
      this.#syncs++
    }
    this.#segment.syncedBytes = this.#segment.sizeBytes
    this.#durable = this.#segment.next - 1
    this.#durableAppendTime = this.#segment.maxAppendTime
    const frames = this.#unsynced
    const answers = this.#unsyncedAnswers
    this.#unsynced = []
    this.#unsyncedBytes = 0
    this.#unsyncedAnswers = []
    if (began !== undefined) this.#commitMs = performance.now() - began
    this.#events.durable(frames)
    this.#due.add(answers)
    this.#repetitions.resolve(this.#durable)
    if (this.#repetitions.count > 0) this.#syncRequested = true
  }

  #syncWithin(ms: number): void {
    if (this.#syncTimer !== undefined || !Number.isFinite(ms)) return
    this.#syncTimer = setTimeout(() => {
      this.#syncTimer = undefined
      this.#syncRequested = true
      this.#start()
    }, ms)
  }

  #markWhenIdle(): void {
    if (this.#markedBytes >= this.#segment.sizeBytes) return
    if (this.#options.idleMarkerMs === 0) {
      this.#running = this.#runMarker()
      return
    }
    this.#markerTimer = setTimeout(() => {
      if (this.#running !== undefined || this.#poison !== undefined) return
      this.#running = this.#runMarker()
    }, this.#options.idleMarkerMs)
    this.#markerTimer.unref()
  }

  async #runMarker(): Promise<void> {
    try {
      if (this.#unsynced.length > 0) await this.#sync()
      await this.#mark()
    } catch (cause) {
      this.#fail(cause)
    }
    this.#running = undefined
    if (this.#pending.hasEntries || this.#syncRequested) this.#start()
  }

  /** A frame without entries that says that all before it is on disk. */
  async #mark(): Promise<void> {
    const { next: base, sizeBytes: offset, syncedBytes, maxAppendTime: appendTime } = this.#segment
    const marker = sealMarker({ base, offset, syncedBytes, appendTime }, this.#salt)
    try {
      await this.#segment.file.write([marker.buffer], offset)
    } catch (error) {
      if (!isDiskFull(error)) throw error
      // What it covers is on disk; the next frame will say so.
      await this.#segment.file.truncate(offset)
      return
    }
    await this.#segment.file.sync()
    this.#syncs++
    this.#segment.note(marker)
    this.#segment.syncedBytes = this.#segment.sizeBytes
    this.#markedBytes = this.#segment.sizeBytes
  }

  /** Takes back what was given positions and is not written. */
  async #refuse(cause: unknown): Promise<void> {
    await this.#segment.file.truncate(this.#segment.sizeBytes)
    this.#next = this.#segment.next
    this.#events.refused(this.#next)
    this.#pending.reject(new LogError('backpressure', 'The disk is full: nothing more is taken until there is room.', { cause }))
    this.#repetitions.reject(new LogError('backpressure', 'The disk is full: the original could not be stored.', { cause }), this.#next)
    this.#syncRequested = this.#unsynced.length > 0
  }

  #fail(cause: unknown): void {
    if (this.#poison !== undefined) return
    const error = new LogError('poisoned', 'Writing to the log failed: '
      + `${cause instanceof Error ? cause.message : String(cause)}. Nothing more is taken until it is opened again.`, { cause })
    this.#poison = error
    clearTimeout(this.#syncTimer)
    clearTimeout(this.#markerTimer)
    this.#due.flush()
    for (const answer of this.#unsyncedAnswers) answer.reject(error)
    this.#repetitions.reject(error)
    this.#unsynced = []
    this.#unsyncedAnswers = []
    this.#pending.reject(error)
    this.#events.poisoned(error)
  }
}

function isDiskFull(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOSPC' || code === 'EDQUOT'
}
