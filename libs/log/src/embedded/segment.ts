/**
 * One file of the log, named by its first position. It begins with a marker frame, which is on disk before any entry is written behind
 * it. Only the last segment takes frames; the others never change.
 */
import { LogError } from '../log.js'
import type { Disk, DiskFile } from './disk.js'
import type { Frame } from './frame.js'
import { sealMarker } from './frame.js'
import { FrameWalk } from './frame-walk.js'
import type { SegmentSummary } from './index-file.js'
import { readIndex, writeIndexFile } from './index-file.js'
import { SparseIndex } from './sparse-index.js'

const NAME = /^(\d{20})\.log$/

/** The base position in the name of a segment file, undefined for other names. */
export function baseOfName(name: string): number | undefined {
  const digits = NAME.exec(name)?.[1]
  return digits === undefined ? undefined : Number(digits)
}

export function segmentName(base: number): string {
  return `${String(base).padStart(20, '0')}.log`
}

export class Segment implements SegmentSummary {
  readonly base: number
  readonly path: string
  readonly indexPath: string
  next: number
  sizeBytes = 0
  /** Bytes known to be on disk. Readers go no further. */
  syncedBytes = 0
  minAppendTime = Infinity
  maxAppendTime = 0
  minTime = Infinity
  maxTime = -Infinity
  /** Kept in memory while the segment takes frames, loaded when needed after that. */
  index: SparseIndex | undefined

  readonly #disk: Disk
  readonly #salt: number
  #file: DiskFile | undefined
  #users = 0
  #opening: Promise<DiskFile> | undefined

  constructor(disk: Disk, directory: string, base: number, salt: number) {
    this.#disk = disk
    this.#salt = salt
    this.base = base
    this.next = base
    this.path = `${directory}/${segmentName(base)}`
    this.indexPath = this.path.replace(/log$/, 'idx')
  }

  /** A segment that was closed before, known from its index file. */
  static fromSummary(disk: Disk, directory: string, summary: SegmentSummary, salt: number): Segment {
    const segment = new Segment(disk, directory, summary.base, salt)
    const { next, sizeBytes, minAppendTime, maxAppendTime, minTime, maxTime } = summary
    return Object.assign(segment, { next, sizeBytes, syncedBytes: sizeBytes, minAppendTime, maxAppendTime, minTime, maxTime })
  }

  /** Makes the file with its first marker and puts both on disk. The caller holds it open as one user. */
  static async create(disk: Disk, directory: string, base: number, appendTime: number, salt: number): Promise<Segment> {
    const segment = new Segment(disk, directory, base, salt)
    segment.index = new SparseIndex()
    const file = await disk.open(segment.path, 'create')
    const marker = sealMarker({ base, offset: 0, syncedBytes: 0, appendTime }, salt)
    try {
      await file.write([marker.buffer], 0)
      await file.sync()
      await disk.syncDirectory(directory)
    } catch (error) {
      // It may be tried again under this name, when the disk has room.
      await file.close()
      await disk.remove(segment.path)
      throw error
    }
    segment.#file = file
    segment.#users = 1
    segment.note(marker)
    segment.syncedBytes = segment.sizeBytes
    return segment
  }

  /** Opens the file for writing behind what is there. The caller holds it open as one user. */
  async openToWrite(): Promise<void> {
    this.#file = await this.#disk.open(this.path, 'write')
    this.#users++
  }

  /** For those who hold it open. */
  get file(): DiskFile {
    if (this.#file === undefined) throw new LogError('closed', `${this.path} is not open.`)
    return this.#file
  }

  /** Takes a frame that stands at the end into account. */
  note(frame: Frame): void {
    this.index?.add(frame)
    this.sizeBytes = frame.offset + frame.lengthBytes
    this.next = frame.base + frame.count
    if (frame.minAppendTime < this.minAppendTime) this.minAppendTime = frame.minAppendTime
    if (frame.maxAppendTime > this.maxAppendTime) this.maxAppendTime = frame.maxAppendTime
    if (frame.isMarker) return
    if (frame.minTime < this.minTime) this.minTime = frame.minTime
    if (frame.maxTime > this.maxTime) this.maxTime = frame.maxTime
  }

  /** The open file, for as long as it is not released. Stays readable when the segment is trimmed meanwhile. */
  async retain(): Promise<DiskFile> {
    this.#users++
    if (this.#file !== undefined) return this.#file
    this.#opening ??= this.#disk.open(this.path, 'read')
    try {
      this.#file = await this.#opening
      return this.#file
    } catch (cause) {
      this.#users--
      // Anything else, such as too many open files, says nothing about what is on disk.
      if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause
      throw new LogError('corrupt', `${this.path} is missing. Restore it from a backup.`, { position: BigInt(this.base), cause })
    } finally {
      this.#opening = undefined
    }
  }

  async release(): Promise<void> {
    if (--this.#users > 0) return
    const file = this.#file
    this.#file = undefined
    await file?.close()
  }

  walk(file: DiskFile, offset: number, pieceBytes?: number): FrameWalk {
    return new FrameWalk(file, this.#salt, offset, pieceBytes)
  }

  /** The sparse index, from its file where that can be believed, else built from the frames. */
  async loadIndex(): Promise<SparseIndex> {
    if (this.index !== undefined) return this.index
    const stored = await readIndex(this.#disk, this.indexPath, this.#salt)
    return stored ?? this.#buildIndex()
  }

  async #buildIndex(): Promise<SparseIndex> {
    const index = new SparseIndex()
    const file = await this.retain()
    try {
      const walk = this.walk(file, 0)
      for (let frame = await walk.next(this.syncedBytes); frame !== undefined; frame = await walk.next(this.syncedBytes)) index.add(frame)
      return index
    } finally {
      await this.release()
    }
  }

  async writeIndexFile(index: SparseIndex): Promise<void> {
    await this.#disk.remove(this.indexPath).catch(() => undefined)
    await writeIndexFile(this.#disk, this.indexPath, this, index, this.#salt)
  }
}
