/**
 * Walks the frames of a segment file forwards, verifying each. Reads the file in large pieces; frames that are in the piece at hand
 * come without waiting.
 */
import type { DiskFile } from './disk.js'
import type { Frame } from './frame.js'
import { FRAME_HEADER_BYTES, claimedLength, openFrame } from './frame.js'

/** Bytes per read for those who read on; a look-up of one entry takes {@link LOOKUP_PIECE_BYTES}. A larger frame is read as a whole. */
const PIECE_BYTES = 1024 * 1024
export const LOOKUP_PIECE_BYTES = 32 * 1024

export class FrameWalk {
  readonly #file: DiskFile
  readonly #salt: number
  readonly #pieceBytes: number
  #offset: number
  /** The file's bytes from `#pieceOffset`; frames that were handed out keep it alive, so it is never written again. */
  #piece: Buffer = Buffer.alloc(0)
  #pieceOffset = 0

  constructor(file: DiskFile, salt: number, offset: number, pieceBytes: number = PIECE_BYTES) {
    this.#file = file
    this.#pieceBytes = pieceBytes
    this.#salt = salt
    this.#offset = offset
  }

  /** Where the next frame should begin; after an `undefined` of {@link next}, where the sound frames end. */
  get offset(): number {
    return this.#offset
  }

  /** The next frame, undefined where what stands here is none, or `end` is reached. Frames must lie below `end`, bytes in the file. */
  async next(end: number): Promise<Frame | undefined> {
    const buffered = this.nextBuffered(end)
    if (buffered !== undefined || this.#offset + FRAME_HEADER_BYTES > end) return buffered
    if (!this.#holds(FRAME_HEADER_BYTES)) await this.#read(this.#pieceBytes, end)
    if (!this.#holds(FRAME_HEADER_BYTES)) return undefined
    const lengthBytes = claimedLength(this.#piece, this.#offset - this.#pieceOffset, this.#offset)
    if (lengthBytes === 0 || this.#offset + lengthBytes > end) return undefined
    if (!this.#holds(lengthBytes)) await this.#read(Math.max(this.#pieceBytes, lengthBytes), end)
    return this.nextBuffered(end)
  }

  /** As {@link next}, but undefined also where the file must be read first. */
  nextBuffered(end: number): Frame | undefined {
    if (!this.#holds(FRAME_HEADER_BYTES)) return undefined
    const start = this.#offset - this.#pieceOffset
    const lengthBytes = claimedLength(this.#piece, start, this.#offset)
    if (lengthBytes === 0 || this.#offset + lengthBytes > end || !this.#holds(lengthBytes)) return undefined
    const frame = openFrame(this.#piece, start, this.#salt)
    if (frame !== undefined) this.#offset += lengthBytes
    return frame
  }

  #holds(bytes: number): boolean {
    const start = this.#offset - this.#pieceOffset
    return start >= 0 && start + bytes <= this.#piece.byteLength
  }

  async #read(bytes: number, end: number): Promise<void> {
    const piece = Buffer.allocUnsafeSlow(Math.min(bytes, end - this.#offset))
    const read = await this.#file.read(piece, this.#offset)
    this.#piece = piece.subarray(0, read)
    this.#pieceOffset = this.#offset
  }
}
