/**
 * What was taken in and is not written yet: a queue of frames, the last of which is open for more, and those who wait for each.
 * A part of it is taken to be written at once.
 */
import type { Appended, LogError } from '../log.js'
import type { Frame } from './frame.js'
import { FrameBuilder } from './frame-builder.js'

/** A frame takes no further append beyond this: large enough for one checksum to be cheap, small enough to look something up in. */
const FRAME_BYTES = 64 * 1024
/** What lengths and times of records take beside their content, as a factor. */
const HEADROOM = 1.1
/** Bytes of one write. */
const COMMIT_BYTES = 8 * 1024 * 1024
/** Builders' buffers that wait to be used again. */
const MAX_SPARE_BUFFERS = 16

export interface Waiter {
  readonly resolve: (result: Appended) => void
  readonly reject: (error: LogError) => void
  readonly result: Appended
}

export interface PendingFrame {
  readonly builder: FrameBuilder
  readonly onWritten: Waiter[]
  readonly onSynced: Waiter[]
  /** Milliseconds within which this frame must be synced though nobody waits for it. */
  syncWithinMs: number
}

export class PendingFrames {
  /** Bytes that were taken to be written and are not written yet. */
  takenBytes = 0
  #taken: readonly PendingFrame[] = []
  #queue: PendingFrame[] = []
  /** Bytes of all frames of the queue but the open one. */
  #closedBytes = 0
  #spare: Buffer[] = []

  get bytes(): number {
    return this.#closedBytes + this.takenBytes + (this.#queue.at(-1)?.builder.lengthBytes ?? 0)
  }

  /** The frame that {@link builder} answered last. */
  get open(): PendingFrame {
    return this.#queue.at(-1)!
  }

  /** The open frame may be empty, where all that was staged in it was a repetition. */
  get hasEntries(): boolean {
    return this.#queue.length > 0 && this.#queue[0]!.builder.count > 0
  }

  /** The open frame, or a new one where it has no room for so many bytes. `next`: the position that the next entry gets. */
  builder(next: number, sizeBytes: number): FrameBuilder {
    const open = this.#queue.at(-1)?.builder
    if (open !== undefined) {
      if (open.count === 0 || open.lengthBytes + sizeBytes <= FRAME_BYTES) return open
      this.#closedBytes += open.lengthBytes
    }
    const builder = new FrameBuilder(next, this.#bufferFor(sizeBytes))
    this.#queue.push({ builder, onWritten: [], onSynced: [], syncWithinMs: Infinity })
    return builder
  }

  /** One that needs not be given up for a larger one while it is filled. */
  #bufferFor(sizeBytes: number): Buffer {
    if (sizeBytes <= FRAME_BYTES / 2) return this.#spare.pop() ?? Buffer.allocUnsafeSlow(FRAME_BYTES)
    return Buffer.allocUnsafeSlow(Math.ceil(sizeBytes * HEADROOM) + FRAME_BYTES / 4)
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
    this.#closedBytes = this.#queue.slice(0, -1).reduce((sum, { builder }) => sum + builder.lengthBytes, 0)
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
    this.#closedBytes = 0
    for (const { onWritten, onSynced } of frames) for (const { reject } of [...onWritten, ...onSynced]) reject(error)
  }

  /** A written frame in a buffer that nobody writes into again; the builder's buffer is used again where that wastes less. */
  ownBuffer(frame: Frame): Frame {
    const { buffer, lengthBytes } = frame
    if (lengthBytes * 2 > buffer.byteLength) return frame
    const own = Buffer.allocUnsafeSlow(lengthBytes)
    buffer.copy(own, 0, 0, lengthBytes)
    if (buffer.byteLength === FRAME_BYTES && this.#spare.length < MAX_SPARE_BUFFERS) this.#spare.push(buffer)
    return { ...frame, buffer: own }
  }
}
