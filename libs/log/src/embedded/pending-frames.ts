/**
 * What was taken in and is not written yet: a queue of frames, the last of which is open for more, and the answers to those who wait for
 * each. A part of it is taken to be written at once.
 *
 * Frames are built one behind the other in large buffers, as they will stand in the file: nothing is copied after that, a write needs one
 * buffer or two, and a frame that was written stays where it is for those who follow the head, until its buffer is taken back.
 */
import type { LogError } from '../log.js'
import { Answer } from './answer.js'
import { FrameBuilder } from './frame-builder.js'

/** A buffer for frames: several of them, so that little is left over at its end. */
const SLAB_BYTES = 1024 * 1024
/** Buffers that were given back and wait to be used again: as fast as they are filled, they come back. What a large write gives back at once is let go of. */
const MOST_SPARE = 2
/** What lengths and times of records take beside their content, as a factor, and the header of a frame. */
const HEADROOM = 1.1
const HEADER_BYTES = 16 * 1024
/** Bytes of one write. */
const COMMIT_BYTES = 8 * 1024 * 1024

export interface PendingFrame {
  readonly builder: FrameBuilder
  readonly written: Answer
  readonly synced: Answer
  /** Milliseconds within which this frame must be synced though nobody waits for it. */
  syncWithinMs: number
}

export class PendingFrames {
  /** Bytes that were taken to be written and are not written yet. */
  takenBytes = 0
  #taken: readonly PendingFrame[] = []
  #queue: PendingFrame[] = []
  #open: PendingFrame | undefined
  /** Bytes of all frames of the queue but the open one. */
  #closedBytes = 0
  /** The buffer that the newest frame stands in. */
  #slab: Buffer = Buffer.alloc(0)
  /** Where the next frame begins in it; of no meaning while one is open. */
  #slabEnd = 0
  readonly #spare: Buffer[] = []
  readonly #frameBytes: number

  /** A frame takes no further append beyond so many bytes. */
  constructor(frameBytes: number) {
    this.#frameBytes = frameBytes
  }

  get bytes(): number {
    return this.#closedBytes + this.takenBytes + (this.#open === undefined ? 0 : this.#open.builder.lengthBytes)
  }

  /** How many frames. */
  get count(): number {
    return this.#queue.length
  }

  /** The frame that {@link builder} answered last. */
  get open(): PendingFrame {
    return this.#open!
  }

  /** The open frame may be empty, where all that was staged in it was a repetition. */
  get hasEntries(): boolean {
    return this.#queue.length > 0 && this.#queue[0]!.builder.count > 0
  }

  /** The open frame, or a new one where it has no room for so many bytes. `next`: the position that the next entry gets. */
  builder(next: number, sizeBytes: number): FrameBuilder {
    const open = this.#open?.builder
    if (open !== undefined) {
      if (open.count === 0 || open.lengthBytes + sizeBytes <= this.#frameBytes) return open
      this.#closedBytes += open.lengthBytes
      this.#close()
    }
    this.#makeRoom(Math.max(this.#frameBytes, Math.ceil(sizeBytes * HEADROOM) + HEADER_BYTES))
    const builder = new FrameBuilder(next, this.#slab, this.#slabEnd)
    this.#open = { builder, written: new Answer(), synced: new Answer(), syncWithinMs: Infinity }
    this.#queue.push(this.#open)
    return builder
  }

  #makeRoom(sizeBytes: number): void {
    if (this.#slabEnd + sizeBytes <= this.#slab.byteLength) return
    this.#slab = (sizeBytes > SLAB_BYTES ? undefined : this.#spare.pop()) ?? Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, sizeBytes))
    this.#slabEnd = 0
  }

  /** A buffer in which frames stood that nobody reads any more. */
  takeBack(buffer: Buffer): void {
    if (buffer.byteLength === SLAB_BYTES && this.#spare.length < MOST_SPARE) this.#spare.push(buffer)
  }

  /** The open frame takes no more. It may have moved to a larger buffer. */
  #close(): void {
    const { buffer, start, lengthBytes } = this.#open!.builder
    this.#slab = buffer
    this.#slabEnd = start + lengthBytes
    this.#open = undefined
  }

  /** The oldest frames, as many as one write takes. */
  take(): readonly PendingFrame[] {
    let bytes = 0
    let count = 0
    for (const { builder } of this.#queue) {
      if (builder.count === 0 || (count > 0 && bytes + builder.lengthBytes > COMMIT_BYTES)) break
      bytes += builder.lengthBytes
      count++
    }
    this.#taken = this.#queue.splice(0, count)
    this.takenBytes = bytes
    if (count > 0 && this.#queue.length === 0) this.#close()
    this.#closedBytes = this.#queue.reduce((sum, frame) => sum + (frame === this.#open ? 0 : frame.builder.lengthBytes), 0)
    return this.#taken
  }

  /** What was taken is written. */
  written(): void {
    this.#taken = []
    this.takenBytes = 0
  }

  /** Gives up all that is not written, and tells those who wait for it. */
  reject(error: LogError): void {
    const frames = [...this.#taken, ...this.#queue]
    this.written()
    this.#queue = []
    this.#open = undefined
    this.#slab = Buffer.alloc(0)
    this.#slabEnd = 0
    this.#closedBytes = 0
    for (const { written, synced } of frames) {
      written.reject(error)
      synced.reject(error)
    }
  }
}
