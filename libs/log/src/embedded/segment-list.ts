/** The segments of a log in order, found by position or time, and the sparse indexes of those that were read lately. */
import { trimmed } from '../read-plan.js'
import type { Disk } from './disk.js'
import type { Segment } from './segment.js'
import type { SparseIndex } from './sparse-index.js'
import { countWhere } from './sparse-index.js'

/** Indexes of closed segments kept in memory: the newest use first. One takes some 24 bytes per 4 KiB of its segment at most. */
const MAX_CACHED_INDEXES = 16

export class SegmentList {
  readonly #disk: Disk
  readonly #directory: string
  #segments: Segment[]
  readonly #indexes = new Map<Segment, Promise<SparseIndex>>()

  constructor(disk: Disk, directory: string, segments: readonly Segment[]) {
    this.#disk = disk
    this.#directory = directory
    this.#segments = [...segments]
  }

  get first(): number {
    return this.#segments[0]!.base
  }

  get sizeBytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.sizeBytes, 0)
  }

  push(segment: Segment): void {
    this.#segments.push(segment)
  }

  /** The segment that holds a position or, at the head, will hold it. Throws LogError outOfRange where it was trimmed. */
  holding(position: number): Segment {
    const segment = this.#segments[countWhere(this.#segments, (it) => it.base <= position) - 1]
    if (segment === undefined) throw trimmed(this.first)
    return segment
  }

  /** The segment behind which no entry is older than a time; its base is where to look from. */
  holdingTime(time: number): Segment {
    const older = countWhere(this.#segments, (it) => it.next > it.base && it.maxAppendTime < time)
    return this.#segments[Math.min(older, this.#segments.length - 1)]!
  }

  async index(segment: Segment): Promise<SparseIndex> {
    if (segment.index !== undefined) return segment.index
    const cached = this.#indexes.get(segment) ?? segment.loadIndex()
    this.#indexes.delete(segment)
    this.#indexes.set(segment, cached)
    if (this.#indexes.size > MAX_CACHED_INDEXES) this.#indexes.delete(this.#indexes.keys().next().value!)
    try {
      return await cached
    } catch (error) {
      this.#indexes.delete(segment)
      throw error
    }
  }

  /**
   * Removes whole segments that end before a position, never the last one. Oldest first and each on disk before the next, because a
   * crash may keep a later removal and lose an earlier one: that would leave a hole.
   */
  async trim(before: number): Promise<void> {
    while (this.#segments.length > 1 && this.#segments[0]!.next <= before) {
      const segment = this.#segments.shift()!
      this.#indexes.delete(segment)
      await this.#disk.remove(segment.indexPath).catch(ignoreMissing)
      await this.#disk.remove(segment.path)
      await this.#disk.syncDirectory(this.#directory)
    }
  }
}

/** An index file may be missing: it is derived. */
function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}
