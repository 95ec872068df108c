/** The newest frames, kept in memory within a bound, so that those who follow the head read no file. */
import type { Frame } from './frame.js'
import { countWhere } from './sparse-index.js'

/** What a frame takes in memory besides its bytes. */
const FRAME_OVERHEAD_BYTES = 512

export class TailCache {
  readonly #maxBytes: number
  /** Those before the front were let go of. */
  #frames: (Frame | undefined)[] = []
  #front = 0
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Takes the next durable frame, in whose bytes nobody writes again. */
  add(frame: Frame): void {
    this.#frames.push(frame)
    this.#bytes += sizeOf(frame)
    while (this.#bytes > this.#maxBytes && this.#front < this.#frames.length) {
      this.#bytes -= sizeOf(this.#frames[this.#front]!)
      this.#frames[this.#front++] = undefined
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
