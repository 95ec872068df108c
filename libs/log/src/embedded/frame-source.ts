/** Durable frames by position: from memory near the head, else from the segment files. One source serves one reader. */
import { LogError } from '../log.js'
import type { DiskFile } from './disk.js'
import type { Frame } from './frame.js'
import type { FrameWalk } from './frame-walk.js'
import type { Segment } from './segment.js'
import type { SegmentList } from './segment-list.js'
import type { TailCache } from './tail-cache.js'

export class FrameSource {
  readonly #segments: SegmentList
  readonly #tail: TailCache
  readonly #pieceBytes: number | undefined
  #segment: Segment | undefined
  #file: DiskFile | undefined
  #walk: FrameWalk | undefined
  /** The position behind the last frame that the walk answered. */
  #walked = 0

  constructor(segments: SegmentList, tail: TailCache, pieceBytes?: number) {
    this.#segments = segments
    this.#tail = tail
    this.#pieceBytes = pieceBytes
  }

  /** The frame that holds a durable position, where that needs no waiting. It may be lent. */
  ready(position: number): Frame | undefined {
    const cached = this.#tail.find(position)
    if (cached !== undefined || this.#walk === undefined || position !== this.#walked) return cached
    return this.#accept(this.#walk.nextBuffered(this.#segment!.syncedBytes), position)
  }

  /** The frame that holds a durable position and is not {@link ready}, from its file. Throws LogError outOfRange or corrupt. */
  async frame(position: number): Promise<Frame> {
    const segment = this.#segments.holding(position)
    // Going on where the last frame ended is reading; anything else begins at the nearest mark of the index.
    if (segment !== this.#segment || position !== this.#walked) await this.#seek(segment, position)
    const walk = this.#walk!
    for (;;) {
      const frame = await walk.next(segment.syncedBytes)
      if (frame === undefined) throw unreadable(segment, walk.offset, position)
      const accepted = this.#accept(frame, position)
      if (accepted !== undefined) return accepted
      if (frame.base > position) throw unreadable(segment, walk.offset, position)
    }
  }

  async close(): Promise<void> {
    const segment = this.#segment
    this.#segment = undefined
    this.#walk = undefined
    await segment?.release()
  }

  async #seek(segment: Segment, position: number): Promise<void> {
    if (segment !== this.#segment) {
      await this.close()
      try {
        this.#file = await segment.retain()
      } catch (error) {
        // Trimmed while it was being opened: that is out of range, not damage.
        this.#segments.holding(position)
        throw error
      }
      this.#segment = segment
    }
    const offset = (await this.#segments.index(segment)).offsetOf(position)
    this.#walk = segment.walk(this.#file!, offset, this.#pieceBytes)
  }

  #accept(frame: Frame | undefined, position: number): Frame | undefined {
    if (frame === undefined) return undefined
    this.#walked = frame.base + frame.count
    return position >= frame.base && position < this.#walked ? frame : undefined
  }
}

function unreadable(segment: Segment, offset: number, position: number): LogError {
  return new LogError('corrupt', `${segment.path} is damaged at byte ${offset}: position ${position} cannot be read. `
    + 'Restore this file from a backup.', { position: BigInt(position) })
}
