/** What a log remembers of its last appends to recognise repetitions; learnt again from the frames when it is opened. */
import { randomInt } from 'node:crypto'
import type { Appended } from '../log.js'
import type { Producer } from '../producers.js'
import { Producers } from '../producers.js'
import { AppendResult } from './append-result.js'
import type { Codec } from './codec.js'
import { DuplicateWindow, Fingerprint } from './duplicates.js'
import type { Frame } from './frame.js'
import type { FrameBuilder } from './frame-builder.js'
import { eachKeyOrMark } from './frame-reader.js'

/** A producer's mark in a frame, as JSON: from it and the positions of its entries the result of the append is put together. */
interface Mark {
  readonly id: string
  readonly epoch: number
  readonly sequence: number
  readonly drafts: number
  readonly first: number
  readonly appendTime: number
  /** Index of each draft that was a repetition, and the position of its original. */
  readonly originals: readonly (readonly [number, number])[]
}

export class Remembered {
  readonly producers = new Producers()
  readonly #window: DuplicateWindow
  readonly #codec: Codec
  readonly #fingerprint = new Fingerprint(randomInt(2 ** 31))

  constructor(duplicateWindow: number, codec: Codec) {
    this.#codec = codec
    this.#window = new DuplicateWindow(duplicateWindow)
  }

  /** Position of the original of a staged draft; 0 where it is new, which is remembered as `position`. */
  originalOf(staged: FrameBuilder, position: number): number {
    return this.#window.findOrAdd(this.#fingerprint.take(staged.view, staged.keyStart, staged.stagedEnd), position)
  }

  /** What was given a position from this one on was not stored in the end. */
  forget(from: number): void {
    this.#window.forget(from)
    this.producers.forget(from)
  }

  learn(frame: Frame): void {
    eachKeyOrMark(
      frame, this.#codec,
      (position, view, start, end) => this.#window.add(this.#fingerprint.take(view, start, end), position),
      (json) => this.#learnMark(JSON.parse(json) as Mark),
    )
  }

  #learnMark(mark: Mark): void {
    this.producers.remember(mark, new AppendResult(mark.first, mark.drafts, mark.appendTime, new Map(mark.originals)))
  }
}

/** The mark of an append that stored at least one entry. */
export function markOf({ id, epoch, sequence }: Producer, result: Appended): string {
  const first = Number(result.first)
  let next = first
  const positions = result.positions
  const originals = positions.flatMap((position, i) => (Number(position) === next ? (next++, []) : [[i, Number(position)] as const]))
  const mark: Mark = { id, epoch, sequence, drafts: positions.length, first, appendTime: result.appendTime, originals }
  return JSON.stringify(mark)
}
