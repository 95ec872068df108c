/**
 * Memory for the payloads of one batch, in a few pieces that batches use one after the other. Made anew for each it would outlive the young generation
 * while the batch is on its way to the tables, and V8 marks all of its heap for each 64 MB of that: several times as often as the heap itself asks for.
 */
import { borrow, giveBack } from '../store/lent-memory.js'

/** Holds several frames of the log under load, and is little for a batch of a few entries. */
const PIECE_BYTES = 512 * 1024

export class PayloadMemory {
  #pieces: Buffer[] = []
  #end = 0

  take(bytes: number): Buffer {
    let piece = this.#pieces.at(-1)
    if (piece === undefined || this.#end + bytes > piece.length) {
      this.#pieces.push((piece = borrow(Math.max(bytes, PIECE_BYTES))))
      this.#end = 0
    }
    return piece.subarray(this.#end, (this.#end += bytes))
  }

  /** Others write there from now on. */
  giveBack(): void {
    for (const piece of this.#pieces.splice(0)) giveBack(piece)
  }
}
