import { setTimeout as sleep } from 'node:timers/promises'
import type { Emission, Outlet } from './event.js'

const MAX_BATCH = 100
/** Events of a service wait so long for company before they leave. */
const LINGER_MS = 15
const REQUEST_TIMEOUT_MS = 10_000
const RETRY_MS = { first: 100, most: 5_000 }
/** Beyond so many waiting events the sink is full, and the shop takes no new orders until it has caught up. */
const MAX_WAITING = 20_000
/** The sink has read the event and will never take it; anything else may pass, so it is tried again. */
const REFUSALS: readonly number[] = [400, 413, 422]

export interface SinkOptions {
  /** Takes application/cloudevents-batch+json, and answers 2xx once it has them for good. */
  readonly url: string
  readonly token?: string
  readonly onAcknowledged: (emission: Emission) => void
  readonly onRefused: (emission: Emission, reason: string) => void
  /** Told once when the sink stops answering, and once when it answers again. */
  readonly log: (line: string) => void
}

/**
 * Posts the shop's events. Each service has a lane of its own: one request at a time, in order, a batch again and again until the sink
 * acknowledges it. A batch that is refused is sent once more event by event, so that the good ones arrive; a refused event is given up.
 */
export class HttpSink implements Outlet {
  readonly #lanes = new Map<string, Lane>()
  readonly #stop = new AbortController()
  readonly #requests = new Set<AbortController>()
  #isDown = false

  constructor(private readonly options: SinkOptions) {}

  offer(emission: Emission): void {
    let lane = this.#lanes.get(emission.service)
    if (lane === undefined) this.#lanes.set(emission.service, (lane = { waiting: [], suspects: 0 }))
    lane.waiting.push(emission)
    lane.draining ??= this.#drain(lane)
  }

  isFull(): boolean {
    return this.#waiting() >= MAX_WAITING
  }

  /** Sends what waits, for at most `withinMs`, then gives up. Returns how many events were left behind. */
  async close(withinMs: number): Promise<number> {
    const patience = setTimeout(() => this.#giveUp(), withinMs)
    await Promise.all([...this.#lanes.values()].map((lane) => lane.draining))
    clearTimeout(patience)
    this.#giveUp()
    return this.#waiting()
  }

  #giveUp(): void {
    this.#stop.abort()
    for (const request of this.#requests) request.abort()
  }

  #waiting(): number {
    let waiting = 0
    for (const lane of this.#lanes.values()) waiting += lane.waiting.length
    return waiting
  }

  async #drain(lane: Lane): Promise<void> {
    try {
      await sleep(LINGER_MS, undefined, { signal: this.#stop.signal })
      while (lane.waiting.length > 0) await this.#sendNext(lane)
    } catch (error) {
      if (!this.#stop.signal.aborted) throw error
    } finally {
      lane.draining = undefined
    }
  }

  async #sendNext(lane: Lane): Promise<void> {
    const batch = lane.waiting.slice(0, lane.suspects > 0 ? 1 : MAX_BATCH)
    const refusal = await this.#post(batch)
    if (refusal !== undefined && batch.length > 1) {
      lane.suspects = batch.length
      return
    }
    lane.waiting.splice(0, batch.length)
    lane.suspects = Math.max(0, lane.suspects - 1)
    for (const emission of batch) {
      if (refusal === undefined) this.options.onAcknowledged(emission)
      else this.options.onRefused(emission, refusal)
    }
  }

  /** Until there is an answer for good. undefined: acknowledged; else why it was refused. Throws only when the sink is closed. */
  async #post(batch: readonly Emission[]): Promise<string | undefined> {
    const body = JSON.stringify(batch.map(({ event }) => event))
    for (let waitMs = RETRY_MS.first; ; waitMs = Math.min(2 * waitMs, RETRY_MS.most)) {
      const answer = await this.#request(body)
      if (answer.isFinal) {
        this.#noteHealth(undefined)
        return answer.refusal
      }
      if (!this.#stop.signal.aborted) this.#noteHealth(answer.trouble)
      await sleep(waitMs, undefined, { signal: this.#stop.signal })
    }
  }

  async #request(body: string): Promise<Answer> {
    const { url, token } = this.options
    const request = new AbortController()
    this.#requests.add(request)
    const timeout = setTimeout(() => request.abort(), REQUEST_TIMEOUT_MS)
    const headers: Record<string, string> = { 'content-type': 'application/cloudevents-batch+json; charset=utf-8' }
    if (token !== undefined) headers['authorization'] = `Bearer ${token}`
    try {
      const response = await fetch(url, { method: 'POST', headers, body, signal: request.signal })
      const text = await response.text()
      if (response.ok) return { isFinal: true }
      const reason = `${response.status} ${text.slice(0, 300)}`
      return REFUSALS.includes(response.status) ? { isFinal: true, refusal: reason } : { isFinal: false, trouble: reason }
    } catch (error) {
      return { isFinal: false, trouble: describe(error) }
    } finally {
      clearTimeout(timeout)
      this.#requests.delete(request)
    }
  }

  #noteHealth(trouble: string | undefined): void {
    if ((trouble !== undefined) === this.#isDown) return
    this.#isDown = trouble !== undefined
    if (trouble === undefined) this.options.log('the event sink answers again')
    else this.options.log(`the event sink does not take events (${trouble}); trying again`)
  }
}

interface Lane {
  readonly waiting: Emission[]
  /** So many of the first waiting events were in a batch that was refused: they go one by one. */
  suspects: number
  draining?: Promise<void> | undefined
}

/** Final without a refusal: acknowledged. */
type Answer = { readonly isFinal: true; readonly refusal?: string } | { readonly isFinal: false; readonly trouble: string }

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? error.cause.message || String((error.cause as NodeJS.ErrnoException).code) : error.message
}
