import { setTimeout as pause } from 'node:timers/promises'
import { LogError } from '../log.js'
import type { CloudEvent } from './event-record.js'

export interface HttpSenderOptions {
  /** Of the tracker: `http://tidemark:3000`. */
  readonly url: string
  readonly token?: string
  /** An event that could not be delivered for so long fails. Default 60 s. */
  readonly giveUpAfterMs?: number
  /** Events that wait; more are refused with `backpressure`. Default 10,000. */
  readonly maxPending?: number
}

const GIVE_UP_AFTER_MS = 60_000
const MAX_PENDING = 10_000
/** What a tracker takes in one request: 1,000 events, 1 MiB. */
const BATCH_EVENTS = 500
const BATCH_BYTES = 900 * 1024
const REQUEST_TIMEOUT_MS = 30_000
const FIRST_RETRY_MS = 100
const LONGEST_RETRY_MS = 5_000

/** What one event of a batch may have done; all else concerns them all. */
const FAULTS_OF_AN_EVENT = new Set([400, 413, 422])

interface Waiting {
  readonly body: string
  readonly bytes: number
  readonly resolve: () => void
  readonly reject: (error: LogError) => void
}

/**
 * Events to a tracker by HTTP. One request at a time, in the order of the calls; what comes meanwhile goes with the next. 429 and 5xx are tried
 * again, at `Retry-After` where it says when. A batch that is refused is sent event by event, so that only the bad one fails.
 */
export class HttpSender {
  readonly #options: HttpSenderOptions
  readonly #waiting: Waiting[] = []
  #sending: Promise<void> | undefined

  constructor(options: HttpSenderOptions) {
    if (!URL.canParse(options.url)) throw new LogError('invalid', `'${options.url}' is not a tracker's address, such as http://127.0.0.1:3000.`)
    this.#options = options
  }

  send(event: CloudEvent): Promise<void> {
    if (this.#waiting.length >= (this.#options.maxPending ?? MAX_PENDING)) {
      return Promise.reject(new LogError('backpressure', `${this.#waiting.length} events wait to be sent to ${this.#options.url}: emit slower, or wait for what was emitted.`))
    }
    return new Promise((resolve, reject) => {
      const body = JSON.stringify(event)
      this.#waiting.push({ body, bytes: Buffer.byteLength(body) + 1, resolve, reject })
      // In the next turn of the loop, so that what is emitted together goes together.
      this.#sending ??= Promise.resolve().then(() => this.#run())
    })
  }

  async close(): Promise<void> {
    await this.#sending
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) await this.#deliver(this.#take())
    this.#sending = undefined
  }

  #take(): Waiting[] {
    let bytes = 0
    let count = 0
    for (; count < this.#waiting.length && count < BATCH_EVENTS; count += 1) {
      bytes += this.#waiting[count]!.bytes
      if (count > 0 && bytes > BATCH_BYTES) break
    }
    return this.#waiting.splice(0, count)
  }

  async #deliver(batch: readonly Waiting[]): Promise<void> {
    const fault = await this.#post(`[${batch.map(({ body }) => body).join(',')}]`)
    if (fault === undefined) for (const { resolve } of batch) resolve()
    else if (batch.length === 1 || !fault.isOfAnEvent) for (const { reject } of batch) reject(fault.error)
    else for (const one of batch) await this.#deliver([one])
  }

  /** Undefined once it is taken. */
  async #post(body: string): Promise<{ error: LogError; isOfAnEvent: boolean } | undefined> {
    const { url, token, giveUpAfterMs = GIVE_UP_AFTER_MS } = this.#options
    const headers = { 'content-type': 'application/cloudevents-batch+json', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) }
    const end = performance.now() + giveUpAfterMs
    for (let waitMs = FIRST_RETRY_MS; ; waitMs = Math.min(LONGEST_RETRY_MS, waitMs * 2)) {
      let said: string
      let afterMs = waitMs
      try {
        const signal = AbortSignal.timeout(REQUEST_TIMEOUT_MS)
        const answer = await fetch(new URL('/api/v1/events', url), { method: 'POST', headers, body, redirect: 'error', signal })
        const text = await answer.text()
        if (answer.ok) return undefined
        said = `${answer.status} ${detailOf(text)}`
        if (answer.status !== 429 && answer.status < 500) {
          return { error: new LogError('invalid', `The tracker at ${url} refuses: ${said}`), isOfAnEvent: FAULTS_OF_AN_EVENT.has(answer.status) }
        }
        afterMs = Math.max(afterMs, Number(answer.headers.get('retry-after') ?? 0) * 1_000 || 0)
      } catch (error) {
        said = (error as Error).cause instanceof Error ? ((error as Error).cause as Error).message : (error as Error).message
      }
      if (performance.now() + afterMs > end) return { error: new LogError('unavailable', `The tracker at ${url} does not take events: ${said}`), isOfAnEvent: false }
      await pause(afterMs)
    }
  }
}

function detailOf(text: string): string {
  try {
    const { detail } = JSON.parse(text) as { detail?: unknown }
    return typeof detail === 'string' ? detail : text.slice(0, 200)
  } catch {
    return text.slice(0, 200)
  }
}
