/**
 * Appends become messages here. One message is on its way at a time, and takes all appends that came while the one before was: that keeps
 * the order of calls whatever the network does, and packs the more the busier it is.
 *
 * A message whose fate is unknown (no answer, connection lost) is sent again under the same id until the stream shows it. The server drops
 * repetitions for two minutes; beyond that we look first whether it stands in the stream.
 */
import { randomInt } from 'node:crypto'
import type { JetStreamApiError } from '@nats-io/jetstream'
import { JetStreamApiCodes } from '@nats-io/jetstream'
import { nuid } from '@nats-io/transport-node'
import { zstd } from '../embedded/codec.js'
import { DuplicateWindow, Fingerprint } from '../embedded/duplicates.js'
import { FrameBuilder } from '../embedded/frame-builder.js'
import { eachKeyOrMark } from '../embedded/frame-reader.js'
import type { Appended, Draft } from '../log.js'
import { LogError } from '../log.js'
import type { Link } from './link.js'
import type { Decoded, StreamMessage, StreamNames } from './message.js'
import { pack } from './packing.js'
import { MAX_ENTRIES_PER_MESSAGE, positionOf } from './position.js'
import type { Tail } from './tail.js'

/** A message takes no further append beyond this: half of what servers allow by default, so that headers and one large record fit. */
const MESSAGE_BYTES = 512 * 1024
/** Headers of ours in a message. */
const HEADER_BYTES = 1_024
const FIRST_BUFFER_BYTES = 64 * 1024
/** Buffers that wait to be used again. */
const MAX_SPARE_BUFFERS = 4
const PUBLISH_MS = 5_000
const FIRST_RETRY_MS = 50
const MAX_RETRY_MS = 1_000
/** How often it is looked whether an append waits too long. */
const LOOK_MS = 250

export interface PublisherSettings {
  /** Absent: the server stamps. */
  readonly clock: (() => number) | undefined
  readonly machineClock: () => number
  readonly maxPendingBytes: number
  readonly duplicateWindow: number
  readonly answerWithinMs: number
}

/** An entry that is on its way. */
interface Slot {
  readonly parcel: Parcel
  readonly index: number
}

interface Waiter {
  readonly resolve: (result: Appended) => void
  readonly reject: (error: LogError) => void
  /** Per draft: the position of the original, or where it will stand. */
  readonly places: readonly (number | Slot)[]
  /** Of these, how many are new, and the first of them. */
  readonly accepted: number
  readonly first: Slot
  readonly stampMs: number
}

/** One message in the making. */
interface Parcel {
  readonly number: number
  readonly builder: FrameBuilder
  readonly expectedLast: number | undefined
  readonly sinceMs: number
  readonly fingerprints: string[]
  waiters: Waiter[]
  /** Of the first entry, once it is stored. */
  base: number | undefined
}

export class Publisher {
  readonly #link: Link
  readonly #names: StreamNames
  readonly #tail: Tail
  readonly #settings: PublisherSettings
  /** Names this life of this writer in the ids of its messages. */
  readonly #writer = nuid.next()
  readonly #window: DuplicateWindow
  readonly #fingerprint = new Fingerprint(randomInt(2 ** 31))
  readonly #onItsWay = new Map<string, Slot>()
  readonly #look: NodeJS.Timeout
  #queue: Parcel[] = []
  #sending: Parcel | undefined
  #sendingId: string | undefined
  #echo: { readonly sequence: number; readonly decoded: Decoded } | undefined
  #running: Promise<void> | undefined
  #numbers = 0
  #stampMs = 0
  #spare: Buffer[] = []
  #ended: LogError | undefined
  messages = 0

  constructor(link: Link, names: StreamNames, tail: Tail, settings: PublisherSettings) {
    this.#link = link
    this.#names = names
    this.#tail = tail
    this.#settings = settings
    this.#window = new DuplicateWindow(settings.duplicateWindow)
    this.#look = setInterval(() => this.#giveUpLate(), LOOK_MS)
    this.#look.unref()
  }

  get pendingBytes(): number {
    return [...this.#queue, ...(this.#sending === undefined ? [] : [this.#sending])].reduce((sum, { builder }) => sum + (builder.count > 0 ? builder.lengthBytes : 0), 0)
  }

  /** Runs to its first wait at once: what was called first stands first in the log. */
  append(drafts: readonly Draft[], sizeBytes: number, expectedLast: number | undefined): Promise<Appended> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended)
    const pendingBytes = this.pendingBytes
    if (pendingBytes > 0 && pendingBytes + sizeBytes > this.#settings.maxPendingBytes) {
      return Promise.reject(new LogError('backpressure', `${pendingBytes} bytes wait to be stored, more than the server keeps up with: try again.`))
    }
    const parcel = this.#open(drafts.length, sizeBytes, expectedLast)
    const written = this.#write(drafts, parcel)
    const waitsFor = written.accepted > 0 ? parcel : newest(written.places)
    return new Promise((resolve, reject) => {
      const waiter = { resolve, reject, ...written }
      if (waitsFor === undefined) return this.#answer(waiter, undefined)
      waitsFor.waiters.push(waiter)
      this.#running ??= this.#run()
    })
  }

  /** A message has come back from the stream, ours or another's. */
  seen(message: StreamMessage, decoded: Decoded): void {
    if (message.headers?.get('Nats-Msg-Id') === this.#sendingId) this.#echo = { sequence: message.sequence, decoded }
    if (decoded.frame === undefined) return
    eachKeyOrMark(decoded.frame, zstd, (position, view, start, end) => {
      const fingerprint = this.#fingerprint.take(view, start, end)
      this.#window.findOrAdd(fingerprint, position)
    }, () => undefined)
  }

  /** Waits for what is pending, as long as an append may take. */
  async finish(reason: LogError): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise((resolve) => (timer = setTimeout(resolve, this.#settings.answerWithinMs)))
    await Promise.race([this.#running, late])
    clearTimeout(timer)
    this.end(reason)
  }

  /** Nothing is taken from now on, and who waits hears why. */
  end(error: LogError): void {
    this.#ended ??= error
    clearInterval(this.#look)
    for (const parcel of this.#queue.splice(0)) this.#refuse(parcel, this.#ended)
    if (this.#sending !== undefined) this.#reject(this.#sending, this.#ended)
  }

  #open(drafts: number, sizeBytes: number, expectedLast: number | undefined): Parcel {
    const last = this.#queue.at(-1)
    const hasRoom = last !== undefined && (last.builder.count === 0
      || (last.builder.lengthBytes + sizeBytes + drafts <= MESSAGE_BYTES && last.builder.count + drafts <= MAX_ENTRIES_PER_MESSAGE))
    if (hasRoom && expectedLast === undefined && last.expectedLast === undefined) return last
    if (last !== undefined && last.builder.count === 0) this.#queue.pop()
    const parcel: Parcel = {
      number: ++this.#numbers, builder: new FrameBuilder(0, this.#spare.pop() ?? Buffer.allocUnsafeSlow(FIRST_BUFFER_BYTES)), expectedLast,
      sinceMs: this.#settings.machineClock(), fingerprints: [], waiters: [], base: undefined,
    }
    this.#queue.push(parcel)
    return parcel
  }

  #write(drafts: readonly Draft[], parcel: Parcel): Pick<Waiter, 'places' | 'accepted' | 'first' | 'stampMs'> {
    const { builder } = parcel
    const { clock, machineClock } = this.#settings
    this.#stampMs = Math.max(this.#stampMs, this.#tail.lastAppendTime, Math.floor((clock ?? machineClock)()))
    const before = builder.count
    const places = drafts.map((draft) => {
      // The server's stamp comes later, and an effective time is held against that one.
      if (clock === undefined && draft.time !== undefined && draft.time > this.#stampMs) this.#stampMs = draft.time
      builder.stage(draft, this.#stampMs)
      const fingerprint = draft.key === undefined || draft.key === '' ? undefined : this.#fingerprint.take(builder.view, builder.keyStart, builder.stagedEnd)
      if (fingerprint !== undefined) {
        const name = `${fingerprint.a},${fingerprint.b},${fingerprint.c}`
        const original = this.#window.find(fingerprint) || this.#onItsWay.get(name)
        if (original !== undefined && original !== 0) return original
        this.#onItsWay.set(name, { parcel, index: builder.count })
        parcel.fingerprints.push(name)
      }
      builder.keep()
      return { parcel, index: builder.count - 1 }
    })
    return { places, accepted: builder.count - before, first: { parcel, index: before }, stampMs: this.#stampMs }
  }

  async #run(): Promise<void> {
    // All appends of this turn are in the first message.
    await Promise.resolve()
    for (let parcel = this.#take(); parcel !== undefined; parcel = this.#take()) {
      this.#sending = parcel
      await this.#send(parcel)
      this.#sending = undefined
      if (this.#spare.length < MAX_SPARE_BUFFERS && parcel.builder.buffer.byteLength <= 2 * MESSAGE_BYTES) this.#spare.push(parcel.builder.buffer)
    }
    this.#running = undefined
  }

  #take(): Parcel | undefined {
    return this.#queue[0] === undefined || this.#queue[0].builder.count === 0 ? undefined : this.#queue.shift()
  }

  async #send(parcel: Parcel): Promise<void> {
    const { expectedLast } = parcel
    if (expectedLast !== undefined && expectedLast !== this.#tail.lastPosition) return this.#refuse(parcel, this.#notLast(expectedLast))
    const mostBytes = Math.min(MESSAGE_BYTES + HEADER_BYTES, (this.#link.nc.info?.max_payload ?? MESSAGE_BYTES) - HEADER_BYTES)
    const isWriterStamped = this.#settings.clock !== undefined
    const body = await pack(parcel.builder, { isWriterStamped, floorMs: this.#tail.lastAppendTime, mostBytes })
    if (body.byteLength > mostBytes) {
      return this.#refuse(parcel, new LogError('tooLarge', `A batch takes at most ${mostBytes} bytes when it is compressed, this one has ${body.byteLength}: split it.`))
    }
    this.#sendingId = `${this.#writer}.${parcel.number}`
    this.#echo = undefined
    const expect = { streamName: this.#names.stream, ...(expectedLast === undefined ? {} : { lastSequence: this.#tail.lastSequence }) }
    for (let waitMs = FIRST_RETRY_MS; this.#ended === undefined; waitMs = Math.min(waitMs * 2, MAX_RETRY_MS)) {
      try {
        if (!this.#link.isUp) throw new Error('the connection is down')
        const ack = await this.#link.answer(this.#link.js.publish(this.#names.subject, body, { msgID: this.#sendingId, timeout: PUBLISH_MS, expect }))
        await this.#tail.reached(ack.seq)
        // What stands there is another message, which we had seen before.
        if (this.#echo === undefined) return this.#tail.fail(stepBack(this.#names.stream, ack.seq))
      } catch (error) {
        if (error instanceof LogError) return this.#refuse(parcel, error)
        const refusal = this.#refusal(error as JetStreamApiError, parcel)
        if (refusal !== undefined) {
          await this.#tail.caughtUp().catch(() => undefined)
          // An attempt whose answer was lost may have been the one that moved the end.
          if (this.#echo === undefined) return this.#refuse(parcel, refusal())
        } else {
          await this.#link.pause(waitMs)
          await this.#tail.caughtUp().catch(() => undefined)
        }
      }
      if (this.#echo !== undefined) return this.#stored(parcel, this.#echo)
    }
    this.#refuse(parcel, this.#ended)
  }

  /** Undefined where the same message may be sent again. */
  #refusal(error: JetStreamApiError, parcel: Parcel): (() => LogError) | undefined {
    const { code, message } = error
    if (typeof code !== 'number') return undefined
    if (code === JetStreamApiCodes.StreamWrongLastSequence) return () => this.#notLast(parcel.expectedLast ?? 0)
    // A server that restarts says so in many ways; what it refuses for want of room says 'resource', 'storage' or 'maximum'.
    if (!/resource|storage|maximum|exceeded/i.test(message)) return undefined
    return () => new LogError('backpressure', `The NATS server has no room: ${message}. Nothing of this batch was kept.`, { cause: error })
  }

  #notLast(expected: number): LogError {
    const { lastPosition } = this.#tail
    return new LogError('wrongExpectedPosition', `The log's last position is ${lastPosition}, not ${expected}.`, { position: BigInt(lastPosition) })
  }

  #stored(parcel: Parcel, { sequence, decoded }: { sequence: number; decoded: Decoded }): void {
    this.messages++
    this.#sending = undefined
    parcel.base = positionOf(sequence, 0)
    this.#forget(parcel)
    for (const waiter of parcel.waiters.splice(0)) this.#answer(waiter, decoded)
  }

  /** `decoded`: the message that holds what is new, undefined where nothing is. */
  #answer({ resolve, reject, places, accepted, first: own, stampMs }: Waiter, decoded: Decoded | undefined): void {
    const positions: bigint[] = []
    for (const place of places) {
      if (typeof place === 'number') positions.push(BigInt(place))
      else if (place.parcel.base !== undefined) positions.push(BigInt(place.parcel.base + place.index))
      else return reject(new LogError('unavailable', 'The event that this one repeats was not stored: send it again.'))
    }
    const duplicates = places.length - accepted
    if (decoded === undefined || accepted === 0) {
      const last = BigInt(this.#tail.lastPosition)
      return resolve({ first: last, last, accepted: 0, duplicates, positions, appendTime: this.#tail.lastAppendTime })
    }
    const first = own.parcel.base! + own.index
    const appendTime = decoded.isWriterStamped ? Math.max(stampMs, decoded.beforeMs) : decoded.highestMs
    resolve({ first: BigInt(first), last: BigInt(first + accepted - 1), accepted, duplicates, positions, appendTime })
  }

  /** Gives up what is known not to be stored. */
  #refuse(parcel: Parcel, error: LogError): void {
    this.#forget(parcel)
    this.#reject(parcel, error)
  }

  #reject(parcel: Parcel, error: LogError): void {
    for (const { reject } of parcel.waiters.splice(0)) reject(error)
  }

  #forget(parcel: Parcel): void {
    for (const name of parcel.fingerprints) this.#onItsWay.delete(name)
  }

  #giveUpLate(): void {
    const late = ({ sinceMs }: Parcel): boolean => this.#settings.machineClock() - sinceMs > this.#settings.answerWithinMs
    while (this.#queue[0] !== undefined && this.#queue[0].builder.count > 0 && late(this.#queue[0])) {
      this.#refuse(this.#queue.shift()!, new LogError('unavailable', 'The NATS server does not answer. Nothing of this batch was kept: try again.'))
    }
    // Its message stays on its way: only the stream can say what became of it.
    if (this.#sending !== undefined && late(this.#sending)) {
      this.#reject(this.#sending, new LogError('unavailable', 'The NATS server does not answer, and may have kept this batch. Try again: what has a key is kept once.'))
    }
  }
}

/** The parcel that will be stored last of those that the places wait for. */
function newest(places: readonly (number | Slot)[]): Parcel | undefined {
  let found: Parcel | undefined
  for (const place of places) {
    if (typeof place !== 'number' && place.parcel.base === undefined && (found === undefined || place.parcel.number > found.number)) found = place.parcel
  }
  return found
}

function stepBack(stream: string, sequence: number): LogError {
  return new LogError('poisoned', `The stream ${stream} lost its end: it gave out message ${sequence} a second time. `
    + 'The server lost what it had not synced to disk (sync_interval).')
}
