/**
 * The messages of a stream from a sequence on, in order, none left out, for as long as one wants: a consumer on the server that is made anew
 * behind the last message whenever it is lost (the server restarts, the connection breaks, something did not arrive). No acknowledgements:
 * the reader knows where it is. The server sends no more than is read (flow control).
 */
import type { JetStreamApiError } from '@nats-io/jetstream'
import { AckPolicy, DeliverPolicy, JetStreamApiCodes } from '@nats-io/jetstream'
import type { Msg, Subscription } from '@nats-io/transport-node'
import { createInbox, nanos } from '@nats-io/transport-node'
import { LogError } from '../log.js'
import type { Link } from './link.js'
import type { StreamMessage } from './message.js'

const HEARTBEAT_MS = 2_000
/** A server that is silent for longer has lost the consumer, or we have lost the server. */
const SILENCE_MS = 3 * HEARTBEAT_MS
const FIRST_RETRY_MS = 50
const MAX_RETRY_MS = 1_000
/** The server forgets a consumer that nobody listens to after this. */
const FORGET_MS = 5_000

export interface FeedOptions {
  readonly from: number
  /** Before every consumer, also the first: what must hold. What it throws ends the feed if it is a LogError, else it is tried again. */
  readonly verify?: () => Promise<void>
}

export class Feed {
  readonly #link: Link
  readonly #stream: string
  readonly #verify: (() => Promise<void>) | undefined
  readonly #unwatch: () => void
  #next: number
  /** Counts beginnings and ends: what an attempt that was given up still brings is not ours. */
  #attempt = 0
  #subscription: Subscription | undefined
  #consumer = ''
  #delivered = 0
  #broken = true
  #closed = false
  #queue: StreamMessage[] = []
  /** Asked by the server: are you done with what I sent so far? */
  #asked: Msg[] = []
  #wake: () => void = () => undefined
  #silence: NodeJS.Timeout | undefined
  #heard = true

  constructor(link: Link, stream: string, options: FeedOptions) {
    this.#link = link
    this.#stream = stream
    this.#verify = options.verify
    this.#next = options.from
    this.#unwatch = link.onChange(() => this.#break())
  }

  /** The next messages, at least one; undefined once the feed or the connection is closed. Calling it says that those before are done with. */
  async next(): Promise<readonly StreamMessage[] | undefined> {
    for (;;) {
      if (this.#closed || this.#link.isClosed) return undefined
      if (this.#queue.length > 0) {
        const messages = this.#queue
        this.#queue = []
        return messages
      }
      for (const question of this.#asked.splice(0)) question.respond()
      if (this.#broken) await this.#begin()
      else await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#unwatch()
    this.#end()
    this.#wake()
  }

  async #begin(): Promise<void> {
    for (let waitMs = FIRST_RETRY_MS; !this.#closed && !this.#link.isClosed; waitMs = Math.min(waitMs * 2, MAX_RETRY_MS)) {
      this.#end()
      if (!this.#link.isUp) {
        await this.#link.pause(MAX_RETRY_MS)
        continue
      }
      try {
        await this.#link.answer(this.#verifyAndConsume())
        return
      } catch (error) {
        if (error instanceof LogError) throw error
        if ((error as JetStreamApiError).code === JetStreamApiCodes.StreamNotFound) throw goneError(this.#stream)
        await this.#link.pause(waitMs)
      }
    }
  }

  async #verifyAndConsume(): Promise<void> {
    const attempt = ++this.#attempt
    await this.#verify?.()
    if (attempt !== this.#attempt) return
    const inbox = createInbox()
    this.#broken = false
    this.#delivered = 0
    this.#subscription = this.#link.nc.subscribe(inbox, { callback: (error, message) => (error === null ? this.#take(message) : this.#break()) })
    const { name } = await this.#link.jsm.consumers.add(this.#stream, {
      deliver_subject: inbox, deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: this.#next, ack_policy: AckPolicy.None, max_deliver: 1,
      flow_control: true, idle_heartbeat: nanos(HEARTBEAT_MS), inactive_threshold: nanos(FORGET_MS), mem_storage: true, num_replicas: 1,
    })
    // One that was given up meanwhile is forgotten by the server, because nobody listens.
    if (attempt !== this.#attempt) return
    this.#consumer = name
    this.#listen()
  }

  #end(): void {
    this.#attempt++
    clearInterval(this.#silence)
    this.#subscription?.unsubscribe()
    this.#subscription = undefined
    this.#asked = []
    if (this.#consumer !== '' && !this.#link.isClosed) this.#link.jsm.consumers.delete(this.#stream, this.#consumer).catch(() => undefined)
    this.#consumer = ''
  }

  #break(): void {
    this.#broken = true
    this.#wake()
  }

  /** The timer runs on instead of being set anew for each message. */
  #listen(): void {
    this.#heard = true
    this.#silence = setInterval(() => {
      if (!this.#heard) this.#break()
      this.#heard = false
    }, SILENCE_MS)
    this.#silence.unref()
  }

  #take(message: Msg): void {
    if (this.#broken) return
    this.#heard = true
    if (message.headers !== undefined && message.headers.code !== 0) return this.#control(message)
    const delivery = deliveryOf(message)
    if (delivery === undefined) return
    if (delivery.delivered !== this.#delivered + 1) return this.#break()
    this.#delivered = delivery.delivered
    this.#next = delivery.sequence + 1
    this.#queue.push({ ...delivery, subject: message.subject, headers: message.headers, data: message.data })
    this.#wake()
  }

  /** Heartbeats, flow control, and the end of the consumer. */
  #control(message: Msg): void {
    const headers = message.headers!
    if (headers.code !== 100) return this.#break()
    if (message.reply !== undefined && message.reply !== '') {
      this.#asked.push(message)
      this.#wake()
      return
    }
    const delivered = headers.get('Nats-Last-Consumer')
    if (delivered !== '' && Number(delivered) !== this.#delivered) return this.#break()
    const stalled = headers.get('Nats-Consumer-Stalled')
    if (stalled !== '' && this.#queue.length === 0) this.#link.nc.publish(stalled)
  }
}

interface Delivery {
  readonly sequence: number
  /** Counted by the consumer from 1. */
  readonly delivered: number
  readonly timeMs: number
}

/** `$JS.ACK.<stream>.<consumer>.<deliveries>.<sequence>.<delivered>.<ns>.<pending>`; newer servers put domain and account in front. */
function deliveryOf({ reply }: Msg): Delivery | undefined {
  const tokens = reply?.split('.') ?? []
  const at = tokens.length === 9 ? 5 : tokens.length >= 11 ? 7 : 0
  if (at === 0) return undefined
  // The last six digits are below a millisecond, and more than a double holds.
  return { sequence: Number(tokens[at]), delivered: Number(tokens[at + 1]), timeMs: Number(tokens[at + 2]!.slice(0, -6)) }
}

function goneError(stream: string): LogError {
  return new LogError('poisoned', `The stream ${stream} was deleted while it was in use. Restore it from a backup and start again.`)
}
