/** Messages by sequence: from memory near the end, else from the server. One source serves one reader. */
import { LogError } from '../log.js'
import { trimmed } from '../read-plan.js'
import { Feed } from './feed.js'
import type { Link } from './link.js'
import type { Decoded, StreamMessage, StreamNames } from './message.js'
import { decode } from './message.js'
import { positionOf } from './position.js'
import type { Tail } from './tail.js'

/** A reader that begins here reads so many messages more before it, to know the append time that its first one must not fall below. */
const LOOK_BACK = 4

export interface Shelf {
  readonly link: Link
  readonly names: StreamNames
  readonly tail: Tail
  /** Whether a reader goes on behind messages that are missing. */
  readonly skipsGaps: boolean
}

export class MessageSource {
  readonly #shelf: Shelf
  #feed: Feed | undefined
  #messages: StreamMessage[] = []
  #at = 0
  /** The highest append time of what the feed has passed. */
  #highestMs = 0
  /** The sequence that the feed brings next. */
  #next = 0

  constructor(shelf: Shelf) {
    this.#shelf = shelf
  }

  /** Where it needs no waiting. */
  ready(sequence: number): Decoded | undefined {
    return this.#shelf.tail.find(sequence)
  }

  /**
   * The message, which stands in the stream; a later one where it is missing there and gaps are skipped; undefined when the source was closed.
   * Throws LogError outOfRange where it was trimmed, corrupt where it is missing.
   */
  async message(sequence: number): Promise<Decoded | undefined> {
    const ready = this.ready(sequence)
    if (ready !== undefined) {
      this.close()
      return ready
    }
    if (this.#feed === undefined || sequence !== this.#next) this.#seek(sequence)
    for (;;) {
      const message = await this.#pull()
      if (message === undefined) return undefined
      const decoded = decode(message, this.#shelf.names, this.#highestMs)
      this.#highestMs = decoded.highestMs
      this.#next = message.sequence + 1
      if (message.sequence < sequence) continue
      if (message.sequence > sequence) await this.#judgeGap(sequence, message.sequence)
      return decoded
    }
  }

  close(): void {
    this.#feed?.close()
    this.#feed = undefined
    this.#messages = []
    this.#at = 0
  }

  #seek(sequence: number): void {
    this.close()
    const from = Math.max(1, Math.min(sequence, this.#shelf.tail.firstSequence), sequence - LOOK_BACK)
    this.#feed = new Feed(this.#shelf.link, this.#shelf.names.stream, { from })
    this.#highestMs = 0
  }

  async #pull(): Promise<StreamMessage | undefined> {
    while (this.#at >= this.#messages.length) {
      const more = await this.#feed?.next()
      if (more === undefined) return undefined
      this.#messages = [...more]
      this.#at = 0
    }
    return this.#messages[this.#at++]
  }

  async #judgeGap(wanted: number, found: number): Promise<void> {
    const { tail, names, skipsGaps } = this.#shelf
    await tail.refresh()
    if (wanted < tail.firstSequence) throw trimmed(positionOf(tail.firstSequence, 0))
    if (!skipsGaps) throw gapError(names.stream, wanted, found)
  }
}

export function gapError(stream: string, from: number, to: number): LogError {
  return new LogError('corrupt', `Messages ${from} to ${to - 1} are missing in the stream ${stream}, though nothing was trimmed there: the server lost them, `
    + 'or somebody deleted them. Restore the stream from a backup or a replica that has them, or allow gaps to go on without them.',
    { position: BigInt(positionOf(from, 0)) })
}
