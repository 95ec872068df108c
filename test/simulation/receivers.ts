/** Services and webhooks that fail in every way, behind the `fetch` that the tracker calls. */
import { vi } from 'vitest'
import type { Chance } from './chance.js'
import { never } from './life.js'
import type { VirtualTime } from './virtual-time.js'

const WAYS = ['serverError', 'busy', 'unknown', 'cut', 'hang', 'refused', 'redirect'] as const

export class Receivers {
  /** Bodies of what arrived, by the path it arrived at. */
  readonly received: { readonly path: string; readonly body: string }[] = []
  isDown = false
  readonly #failing: number

  constructor(private readonly chance: Chance, private readonly time: VirtualTime) {
    this.#failing = Math.max(0, chance.dice.roll('failing receivers') - 0.4)
  }

  /** From now on `fetch` leads here, and its time-outs are of virtual time, until vitest's globals are put back. */
  install(): void {
    vi.stubGlobal('fetch', (url: string, request: { readonly body: string; readonly signal: AbortSignal }) => this.#answer(new URL(url).pathname, request))
    vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => {
      const limit = new AbortController()
      setTimeout(() => limit.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError')), ms)
      return limit.signal
    })
  }

  remove(): void {
    vi.unstubAllGlobals()
    vi.restoreAllMocks()
  }

  async #answer(path: string, { body, signal }: { readonly body: string; readonly signal: AbortSignal }): Promise<Response> {
    const way = this.chance.happens('a receiver fails', this.#failing) ? WAYS[Math.floor(this.chance.roll('how a receiver fails') * WAYS.length)] : 'takes'
    await this.time.sleep(1 + this.chance.roll('a receiver is slow') * 30)
    if (this.isDown || way === 'refused') throw new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') })
    this.received.push({ path, body })
    switch (way) {
      case 'serverError': return new Response(null, { status: 500 })
      case 'busy': return new Response(null, { status: 503, headers: { 'retry-after': '2' } })
      case 'unknown': return new Response(null, { status: 404 })
      case 'redirect': return new Response(null, { status: 302, headers: { location: 'http://elsewhere.test/' } })
      case 'cut': throw new TypeError('fetch failed', { cause: new Error('read ECONNRESET') })
      case 'hang': return Promise.race([never<Response>(), new Promise<Response>((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))])
      default: return new Response(null, { status: 204 })
    }
  }
}
