/**
 * The end of the stream as it grows, whoever writes it: what was appended is known here before anybody is answered. Keeps the newest
 * messages for those who follow, and notices when the server lost what it had acknowledged.
 */
import { crc32 } from 'node:zlib'
import type { StreamInfo } from '@nats-io/jetstream'
import { countWhere } from '../embedded/sparse-index.js'
import { LogError } from '../log.js'
import { Feed } from './feed.js'
import type { Link } from './link.js'
import type { Decoded, StreamMessage, StreamNames } from './message.js'
import { behind, decode } from './message.js'
import { positionOf, sequenceOf } from './position.js'

/** What a message takes in memory besides its bytes. */
const OVERHEAD_BYTES = 512
/** What went wrong, kept for people to see. */
const MAX_NOTES = 100

export interface TailHooks {
  /** Of every message, before {@link TailHooks.advanced}. */
  readonly message: (message: StreamMessage, decoded: Decoded) => void
  readonly advanced: () => void
  /** The tail stands still from now on. */
  readonly failed: (error: LogError) => void
}

export class Tail {
  firstSequence: number
  lastSequence: number
  lastPosition: number
  lastAppendTime = 0
  sizeBytes: number
  /** In plain words, oldest first. */
  readonly notes: string[] = []

  readonly #link: Link
  readonly #names: StreamNames
  readonly #created: string
  readonly #cacheBytes: number
  readonly #hooks: TailHooks
  readonly #feed: Feed
  readonly #countedFrom: number
  readonly #knownAtOpen: number
  readonly #waiting = new Set<{ sequence: number; resolve: () => void; reject: (error: LogError) => void }>()
  #cache: { decoded: Decoded; sizeBytes: number }[] = []
  #front = 0
  #cachedBytes = 0
  #messagesSeen = 0
  #entriesSeen = 0
  #endChecksum: number | undefined
  #ended: LogError | undefined

  /** `from`: the first message that is read, so that what it holds is remembered. */
  constructor(link: Link, names: StreamNames, info: StreamInfo, options: { readonly from: number; readonly cacheBytes: number }, hooks: TailHooks) {
    const { first_seq: first, last_seq: last, bytes } = info.state
    this.#link = link
    this.#names = names
    this.#created = info.created
    this.#cacheBytes = options.cacheBytes
    this.#hooks = hooks
    this.#countedFrom = options.from
    this.#knownAtOpen = last
    this.firstSequence = Math.max(first, 1)
    this.lastSequence = options.from - 1
    // Where all messages are gone, nobody knows how many entries the last one held: behind all that it could hold.
    this.lastPosition = options.from > last && last > 0 ? positionOf(last + 1, 0) - 1 : 0
    this.sizeBytes = bytes
    this.#feed = new Feed(link, names.stream, { from: options.from, verify: () => this.#verify() })
  }

  /** Runs until it is closed or fails. */
  async run(): Promise<void> {
    try {
      for (;;) {
        const messages = await this.#feed.next()
        if (messages === undefined) return
        for (const message of messages) this.#add(message)
        this.#endChecksum = crc32(messages.at(-1)!.data)
        this.#advanced()
      }
    } catch (error) {
      this.fail(error instanceof LogError ? error : new LogError('poisoned', `Following the stream failed: ${(error as Error).message}.`, { cause: error }))
    }
  }

  /** Resolves when everything up to this message has been seen. */
  reached(sequence: number): Promise<void> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended)
    if (this.lastSequence >= sequence) return Promise.resolve()
    return new Promise((resolve, reject) => this.#waiting.add({ sequence, resolve, reject }))
  }

  /** Resolves when everything that stands in the stream by now has been seen. */
  async caughtUp(): Promise<void> {
    const { state } = await this.#link.answer(this.#link.jsm.streams.info(this.#names.stream))
    await this.reached(state.last_seq)
  }

  /** Where it is one of the newest. */
  find(sequence: number): Decoded | undefined {
    const oldest = this.#cache[this.#front]?.decoded
    if (oldest === undefined || sequence < oldest.sequence) return undefined
    const found = this.#cache[countWhere(this.#cache, (it) => it.decoded.sequence <= sequence) - 1]?.decoded
    return found?.sequence === sequence ? found : undefined
  }

  /** Counted where all were seen, else as many as the newest messages hold on average. */
  get entries(): number {
    const messages = this.lastSequence - this.firstSequence + 1
    if (this.#countedFrom <= this.firstSequence && this.#messagesSeen === messages) return this.#entriesSeen
    return this.#messagesSeen === 0 ? 0 : Math.round((this.#entriesSeen / this.#messagesSeen) * messages)
  }

  /** Counted where the newest messages suffice, else by what one holds on average. */
  entriesAfter(position: number): number {
    if (position >= this.lastPosition) return 0
    const sequence = sequenceOf(position)
    let entries = 0
    for (let i = this.#cache.length - 1; i >= this.#front; i--) {
      const { decoded } = this.#cache[i]!
      if (decoded.sequence > sequence) entries += decoded.frame?.count ?? 0
      else return decoded.sequence < sequence ? entries : entries + behind(decoded) - 1 - position
    }
    const messages = this.lastSequence - Math.max(sequence, this.firstSequence - 1)
    return Math.max(entries, Math.round(messages * (this.#entriesSeen / Math.max(1, this.#messagesSeen))))
  }

  async refresh(): Promise<void> {
    const { state } = await this.#link.jsm.streams.info(this.#names.stream)
    this.firstSequence = Math.max(state.first_seq, 1)
    this.sizeBytes = state.bytes
  }

  note(text: string): void {
    if (this.notes.length < MAX_NOTES) this.notes.push(text)
  }

  /** Everybody who waits hears of it; the first error counts. */
  fail(error: LogError): void {
    if (this.#ended !== undefined) return
    this.#ended = error
    this.#feed.close()
    for (const { reject } of this.#waiting) reject(error)
    this.#waiting.clear()
    this.#hooks.failed(error)
  }

  #add(message: StreamMessage): void {
    const expected = this.lastSequence + 1
    if (message.sequence !== expected && message.sequence > this.firstSequence) {
      this.note(`Messages ${expected} to ${message.sequence - 1} are missing in the stream ${this.#names.stream}.`)
    }
    // The client's buffers hold other messages too, and would be kept whole.
    const own = { ...message, data: Buffer.from(message.data) }
    const decoded = decode(own, this.#names, this.lastAppendTime)
    if (decoded.frame === undefined) this.note(`Message ${message.sequence} of the stream ${this.#names.stream} is damaged.`)
    const count = decoded.frame?.count ?? 0
    this.lastSequence = message.sequence
    this.lastPosition = behind(decoded) - 1
    this.lastAppendTime = decoded.highestMs
    this.#messagesSeen++
    this.#entriesSeen += count
    if (message.sequence > this.#knownAtOpen) this.sizeBytes += own.data.byteLength
    this.#keep(decoded, own.data.byteLength + OVERHEAD_BYTES)
    this.#hooks.message(own, decoded)
  }

  #keep(decoded: Decoded, sizeBytes: number): void {
    this.#cache.push({ decoded, sizeBytes })
    this.#cachedBytes += sizeBytes
    while (this.#cachedBytes > this.#cacheBytes && this.#front < this.#cache.length) this.#cachedBytes -= this.#cache[this.#front++]!.sizeBytes
    // What was let go of is still in the list; never more of it than of what is kept.
    if (this.#front * 2 > this.#cache.length) {
      this.#cache = this.#cache.slice(this.#front)
      this.#front = 0
    }
  }

  #advanced(): void {
    for (const waiter of this.#waiting) {
      if (waiter.sequence > this.lastSequence) continue
      this.#waiting.delete(waiter)
      waiter.resolve()
    }
    this.#hooks.advanced()
  }

  /**
   * Before following (again): is this still the stream that we followed? One that lost its end gives the same sequences to other messages, and
   * who goes on behind the last sequence would never see them.
   */
  async #verify(): Promise<void> {
    const { created, state } = await this.#link.jsm.streams.info(this.#names.stream)
    const { stream } = this.#names
    if (created !== this.#created) {
      throw new LogError('poisoned', `The stream ${stream} was deleted and made anew while it was in use: what stood in it is gone. Restore it from a backup and start again.`)
    }
    this.firstSequence = Math.max(state.first_seq, 1)
    if (state.last_seq < this.lastSequence) throw lostEnd(stream, state.last_seq, this.lastSequence)
    if (this.#endChecksum === undefined || this.lastSequence < state.first_seq) return
    const stored = await this.#link.jsm.streams.getMessage(stream, { seq: this.lastSequence })
    if (stored === null || crc32(stored.data) !== this.#endChecksum) throw lostEnd(stream, this.lastSequence - 1, this.lastSequence)
  }
}

function lostEnd(stream: string, has: number, had: number): LogError {
  return new LogError('poisoned', `The stream ${stream} lost its end: it goes to message ${has}, and had acknowledged ${had}. `
    + 'The server lost what it had not synced to disk (sync_interval). Restore the stream, or start with an empty database, which is then built from what is left.',
    { position: BigInt(positionOf(has + 1, 0)) })
}
