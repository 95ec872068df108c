/**
 * The newest frames, kept in memory within a bound, so that those who follow the head read no file. A buffer whose frames were all let go of is given
 * back: one that was new each time would outlive the young generation, and for so much memory outside of its heap V8 marks all of the heap.
 */
import type { Frame } from './frame.js'
import { countWhere } from './sparse-index.js'

/** What a frame takes in memory besides its bytes. */
const FRAME_OVERHEAD_BYTES = 512

export class TailCache {
  readonly #maxBytes: number
  readonly #giveBack: (buffer: Buffer) => void
  /** Those before the front were let go of. */
  #frames: (Frame | undefined)[] = []
  #front = 0
  #bytes = 0

  /** @param giveBack takes a buffer in which frames stood, and nothing any more */
  constructor(maxBytes: number, giveBack: (buffer: Buffer) => void = () => undefined) {
    this.#maxBytes = maxBytes
    this.#giveBack = giveBack
  }

  /** Takes the next durable frame, in whose bytes nobody writes until they are given back. Frames that share a buffer come one after the other. */
  add(frame: Frame): void {
    this.#frames.push({ ...frame, isLent: true })
    this.#bytes += sizeOf(frame)
    while (this.#bytes > this.#maxBytes && this.#front < this.#frames.length) {
      const oldest = this.#frames[this.#front]!
      this.#bytes -= sizeOf(oldest)
      this.#frames[this.#front++] = undefined
      const next = this.#frames[this.#front]
      if (next !== undefined && next.buffer !== oldest.buffer) this.#giveBack(oldest.buffer)
    }
    // Their places are still in the list; never more of them than of what is kept.
    if (this.#front * 2 > this.#frames.length) {
      this.#frames = this.#frames.slice(this.#front)
      this.#front = 0
    }
  }

  /** The frame that holds a position, undefined where it is no longer, or not yet, here. */
  find(position: number): Frame | undefined {
    const oldest = this.#frames[this.#front]
    if (oldest === undefined || position < oldest.base) return undefined
    const frame = this.#frames[countWhere(this.#frames, (it) => it === undefined || it.base <= position) - 1]
    return frame !== undefined && position < frame.base + frame.count ? frame : undefined
  }
}

function sizeOf(frame: Frame): number {
  return frame.lengthBytes + FRAME_OVERHEAD_BYTES
}
