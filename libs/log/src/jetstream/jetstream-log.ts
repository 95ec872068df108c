/**
 * The log in a stream of NATS JetStream, for more than one machine. A batch is one message; a position is the message's sequence and
 * the index in it. What is where: publisher.ts (appending), tail.ts (the end of the stream), reading.ts, packing.ts (bytes), stream.ts
 * (configuration).
 *
 * Not here: producers' numbers, and durability by append: what an acknowledgement means is the server's to decide (sync_interval, replicas).
 */
import { DraftCheck, MAX_BATCH_BYTES } from '../draft.js'
import { Head } from '../head.js'
import type { Appended, AppendOptions, Draft, Entry, Log, LogStats, Position, ReadOptions } from '../log.js'
import { LogError } from '../log.js'
import { planRead } from '../read-plan.js'
import { Link } from './link.js'
import type { StreamNames } from './message.js'
import { ORIGIN, positionOf, sequenceOf } from './position.js'
import { Publisher } from './publisher.js'
import { Readers } from './readers.js'
import type { Readable } from './reading.js'
import { lookUp, readBackwards, readForwards } from './reading.js'
import { ensureStream } from './stream.js'
import { Tail } from './tail.js'

export interface JetStreamLogOptions {
  /** nats://host:4222, or tls://; user:password@ or token@ in front of the host. */
  readonly url: string
  /** Default `TIDEMARK`. Made where it is not there. */
  readonly stream?: string
  /** Packed batches are published on `<prefix>.batch`. Default `tidemark.log`. Only trackers may be allowed to publish below it. */
  readonly prefix?: string
  /** Subjects of others that the stream takes in; what is published there becomes events. */
  readonly foreignSubjects?: readonly string[]
  /** Streams of others that are taken in. */
  readonly sources?: readonly string[]
  /** Of the stream, when it is made; one that is there must have as many. Default one, and any where it is there. */
  readonly replicas?: number
  /** Go on behind messages that the stream should hold and does not. Default false: reading ends there with `corrupt`. */
  readonly skipsGaps?: boolean
  /** Epoch milliseconds; stamps the append time. Default: the server does. */
  readonly clock?: () => number
  /** Subjects, keys and payloads of one append. Default 16 MiB; in all it must fit 512 KiB when compressed. */
  readonly maxBatchBytes?: number
  /** Taken in and not yet stored; beyond it appends are refused with `backpressure`. Default 32 MiB. */
  readonly maxPendingBytes?: number
  /** Entries with a key that are remembered to recognise repetitions: between half of this and all. Default 1,000,000. */
  readonly duplicateWindow?: number
  /** How much of the stream's end is read at open to remember keys again. Default 64 MiB. */
  readonly rememberedBytes?: number
  /** Memory for the newest messages, from which followers read. Default 32 MiB. */
  readonly tailCacheBytes?: number
  /** An append that the server does not answer is refused with `unavailable` after this. Default 10 s. */
  readonly answerWithinMs?: number
}

const defaults = {
  stream: 'TIDEMARK',
  prefix: 'tidemark.log',
  foreignSubjects: [] as readonly string[],
  sources: [] as readonly string[],
  skipsGaps: false,
  maxBatchBytes: MAX_BATCH_BYTES,
  maxPendingBytes: 32 * 1024 * 1024,
  duplicateWindow: 1_000_000,
  rememberedBytes: 64 * 1024 * 1024,
  tailCacheBytes: 32 * 1024 * 1024,
  answerWithinMs: 10_000,
}

/** Messages that are read at open at most, however small. */
const MAX_REMEMBERED_MESSAGES = 50_000
/** Positions in one look-up. */
const MAX_LOOKUP = 100_000

export class JetStreamLog implements Log {
  /** Name and creation time: a stream that was made anew is another log. */
  readonly identity: string
  readonly #link: Link
  readonly #names: StreamNames
  readonly #drafts: DraftCheck
  readonly #head = new Head()
  readonly #tail: Tail
  readonly #publisher: Publisher
  readonly #readers: Readers
  readonly #skipsGaps: boolean
  #closing: Promise<void> | undefined

  /** Connects, makes the stream or compares it, and reads its end. Throws LogError unavailable or invalid. */
  static async open(options: JetStreamLogOptions): Promise<JetStreamLog> {
    const settings = { ...defaults, ...withoutAbsent(options) }
    const link = await Link.open(options.url, 'tidemark log')
    try {
      const names = { stream: settings.stream, subject: `${settings.prefix}.batch` }
      const { foreignSubjects, sources, replicas } = settings
      const info = await ensureStream(link, { name: names.stream, subject: names.subject, foreignSubjects, sources, replicas })
      const log = new JetStreamLog(link, names, info, settings)
      await log.#start(info.state.last_seq)
      return log
    } catch (error) {
      await link.close()
      throw error
    }
  }

  private constructor(link: Link, names: StreamNames, info: Awaited<ReturnType<typeof ensureStream>>, settings: typeof defaults & JetStreamLogOptions) {
    const { first_seq: first, last_seq: last, bytes, messages } = info.state
    this.identity = `${names.stream}:${info.created}`
    this.#link = link
    this.#names = names
    this.#skipsGaps = settings.skipsGaps
    this.#drafts = new DraftCheck(settings.maxBatchBytes)
    this.#readers = new Readers(link, names.stream, `${settings.prefix}.reader`, info.config.num_replicas)
    const remembered = Math.min(MAX_REMEMBERED_MESSAGES, Math.ceil(settings.rememberedBytes / Math.max(1, bytes / Math.max(1, messages))))
    const from = Math.max(first, 1, last - remembered + 1)
    this.#tail = new Tail(link, names, info, { from, cacheBytes: settings.tailCacheBytes }, {
      message: (message, decoded) => this.#publisher.seen(message, decoded),
      advanced: () => this.#head.advanced(),
      failed: (error) => {
        this.#publisher.end(error)
        this.#head.end(error)
      },
    })
    const { clock, maxPendingBytes, duplicateWindow, answerWithinMs } = settings
    this.#publisher = new Publisher(link, names, this.#tail, { clock, machineClock: Date.now, maxPendingBytes, duplicateWindow, answerWithinMs })
  }

  async #start(last: number): Promise<void> {
    void this.#tail.run()
    void this.#link.nc.closed().then(() => {
      if (this.#closing === undefined) this.#tail.fail(new LogError('unavailable', 'The connection to NATS was closed for good: see the server\'s log.'))
    })
    await this.#tail.reached(last)
  }

  append(drafts: readonly Draft[], options: AppendOptions = {}): Promise<Appended> {
    try {
      this.#assertOpen()
      if (options.producer !== undefined) throw new LogError('invalid', 'This log does not know producers and their sequences: use keys.')
      const sizeBytes = this.#drafts.check(drafts)
      return this.#publisher.append(drafts, sizeBytes, options.expectedLast === undefined ? undefined : Number(options.expectedLast))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  read(options: ReadOptions): AsyncIterable<readonly Entry[]> {
    const stored = this.#stored()
    const plan = planRead(options, { first: this.#first, durable: stored, assigned: stored, origin: ORIGIN })
    return plan.backwards ? readBackwards(this.#readable, plan) : readForwards(this.#readable, plan)
  }

  async lookup(positions: readonly Position[]): Promise<readonly (Entry | undefined)[]> {
    this.#stored()
    if (positions.length > MAX_LOOKUP) throw new LogError('tooLarge', `A look-up takes at most ${MAX_LOOKUP} positions.`)
    return lookUp(this.#readable, positions.map(Number))
  }

  /** Whole messages, and never the last one, by which the stream is known again. */
  async trim(before: Position, options: { readonly force?: boolean } = {}): Promise<Position> {
    this.#assertOpen()
    return this.#asking(async () => {
      const held = options.force === true ? Infinity : await this.#readers.slowest()
      const sequence = Math.min(sequenceOf(Math.min(Number(before), held)), this.#tail.lastSequence)
      if (sequence > this.#tail.firstSequence) await this.#link.jsm.streams.purge(this.#names.stream, { seq: sequence })
      await this.#tail.refresh()
      return BigInt(this.#first)
    })
  }

  async registerReader(name: string, position: Position): Promise<void> {
    this.#assertOpen()
    await this.#asking(() => this.#readers.register(name, Number(position)))
  }

  async readerPosition(name: string): Promise<Position | undefined> {
    this.#assertOpen()
    const position = await this.#asking(() => this.#readers.position(name))
    return position === undefined ? undefined : BigInt(position)
  }

  async unregisterReader(name: string): Promise<void> {
    this.#assertOpen()
    await this.#asking(() => this.#readers.unregister(name))
  }

  stats(): LogStats {
    const { lastPosition, lastAppendTime, entries, sizeBytes, notes } = this.#tail
    return {
      first: BigInt(this.#first), last: BigInt(lastPosition), lastAppendTime, entries, sizeBytes, syncs: this.#publisher.messages,
      pendingBytes: this.#publisher.pendingBytes, recovered: notes,
    }
  }

  entriesAfter(position: Position): number {
    return this.#tail.entriesAfter(Number(position))
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const error = closedError()
    await this.#publisher.finish(error)
    this.#tail.fail(error)
    this.#head.end(error)
    await this.#link.close()
  }

  get #first(): number {
    return positionOf(this.#tail.firstSequence, 0)
  }

  readonly #readable: Readable = ((log: JetStreamLog) => ({
    get link() { return log.#link },
    get names() { return log.#names },
    get tail() { return log.#tail },
    get skipsGaps() { return log.#skipsGaps },
    head: log.#head,
    stored: () => log.#stored(),
  }))(this)

  /** The last stored position, which may be read as long as the log is open. */
  #stored(): number {
    this.#assertOpen()
    return this.#tail.lastPosition
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) throw closedError()
  }

  async #asking<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask()
    } catch (error) {
      if (error instanceof LogError) throw error
      throw new LogError('unavailable', `The NATS server does not answer: ${(error as Error).message}.`, { cause: error })
    }
  }
}

function withoutAbsent<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T
}

function closedError(): LogError {
  return new LogError('closed', 'The log is closed.')
}
