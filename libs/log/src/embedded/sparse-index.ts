/**
 * Where to begin reading a segment for a position or a time: about one mark per 4 KiB. Everything in it is derived from the frames.
 */
import type { Frame } from './frame.js'

/** A mark is set on the first frame that begins this far behind the last mark. */
const SPACING_BYTES = 4_096

export class SparseIndex {
  readonly positions: number[] = []
  readonly offsets: number[] = []
  /** Least append time of the marked frame, epoch ms. */
  readonly times: number[] = []

  add(frame: Frame): void {
    const last = this.offsets.at(-1)
    if (last !== undefined && frame.offset - last < SPACING_BYTES) return
    this.push(frame.base, frame.offset, frame.minAppendTime)
  }

  push(position: number, offset: number, time: number): void {
    this.positions.push(position)
    this.offsets.push(offset)
    this.times.push(time)
  }

  /** Offset of a frame that begins at or before the frame that holds the position. */
  offsetOf(position: number): number {
    return this.offsets[Math.max(0, countWhere(this.positions, (it) => it <= position) - 1)] ?? 0
  }

  /** First position of the marked frame at or before the one that holds a position. */
  positionAt(position: number): number {
    return this.positions[Math.max(0, countWhere(this.positions, (it) => it <= position) - 1)] ?? 0
  }

  /** A position before which no entry was appended at or after a time. */
  positionOfTime(time: number): number {
    return this.positions[Math.max(0, countWhere(this.times, (it) => it < time) - 1)] ?? 0
  }
}

/** How many of the ascending values fulfil a condition that the first ones fulfil and the later ones do not. */
export function countWhere<T>(ascending: readonly T[], holds: (value: T) => boolean): number {
  let low = 0
  let high = ascending.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (holds(ascending[middle]!)) low = middle + 1
    else high = middle
  }
  return low
}
