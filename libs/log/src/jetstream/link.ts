/** One connection to NATS that comes back for ever, and what its users must know of it: whether it stands, and when it stood up again. */
import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream'
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import type { ConnectionOptions, NatsConnection } from '@nats-io/transport-node'
import { connect } from '@nats-io/transport-node'
import { LogError } from '../log.js'

/** How long the server may take to answer one request. */
export const REQUEST_MS = 5_000
/** How long the first connection may take. */
const CONNECT_MS = 10_000
const RECONNECT_MS = 200
/** A connection that is dead without saying so is noticed after two of these. */
const PING_MS = 5_000

export class Link {
  readonly nc: NatsConnection
  readonly js: JetStreamClient
  readonly jsm: JetStreamManager
  readonly #listeners = new Set<() => void>()
  #isUp = true

  /** `url`: nats:// or tls://, with user and password or a token in front of the host where they are needed. Throws LogError unavailable or invalid. */
  static async open(url: string, name: string): Promise<Link> {
    let nc: NatsConnection
    try {
      nc = await connect({
        ...addressOf(url), name, timeout: CONNECT_MS, maxReconnectAttempts: -1, reconnectTimeWait: RECONNECT_MS, pingInterval: PING_MS,
        ignoreAuthErrorAbort: true,
      })
    } catch (cause) {
      throw new LogError('unavailable', `NATS at ${new URL(url).host} cannot be reached: ${(cause as Error).message}.`, { cause })
    }
    try {
      return new Link(nc, await jetstreamManager(nc, { timeout: REQUEST_MS }))
    } catch (cause) {
      await nc.close()
      throw new LogError('invalid', `The NATS server at ${new URL(url).host} does not answer for JetStream (${(cause as Error).message}): `
        + 'start it with -js, or allow it for this account.', { cause })
    }
  }

  private constructor(nc: NatsConnection, jsm: JetStreamManager) {
    this.nc = nc
    this.jsm = jsm
    this.js = jetstream(nc, { timeout: REQUEST_MS })
    void this.#watch()
  }

  get isClosed(): boolean {
    return this.nc.isClosed()
  }

  /** What is sent while it is down is kept by the client and sent later: whoever repeats things must not. */
  get isUp(): boolean {
    return this.#isUp && !this.isClosed
  }

  /** Calls back each time the connection stands again, or is closed. Answers the function that ends it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** The answer to a request; rejects as soon as the connection it was sent on is known to be lost, instead of waiting for the time to pass. */
  async answer<T>(request: Promise<T>): Promise<T> {
    let stop: (() => void) | undefined
    try {
      return await Promise.race([request, new Promise<never>((_, reject) => {
        stop = this.onChange(() => reject(new Error('the connection was lost')))
      })])
    } finally {
      stop?.()
      // What comes of it later is not waited for.
      request.catch(() => undefined)
    }
  }

  /** Resolves after the time, or as soon as the connection stands again. */
  pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer)
        stop()
        resolve()
      }
      const timer = setTimeout(done, ms)
      const stop = this.onChange(done)
    })
  }

  async close(): Promise<void> {
    await this.nc.close()
  }

  async #watch(): Promise<void> {
    for await (const { type } of this.nc.status()) {
      if (type === 'disconnect') this.#isUp = false
      if (type !== 'reconnect') continue
      this.#isUp = true
      this.#tell()
    }
    this.#tell()
  }

  #tell(): void {
    for (const listener of this.#listeners) listener()
  }
}

/** The client takes addresses and credentials apart from each other. */
function addressOf(url: string): ConnectionOptions {
  const { hostname, port, username, password, protocol } = new URL(url)
  const user = decodeURIComponent(username)
  const credentials = username === '' ? {} : password === '' ? { token: user } : { user, pass: decodeURIComponent(password) }
  return { servers: `${hostname}:${port === '' ? 4222 : port}`, ...credentials, ...(protocol === 'tls:' ? { tls: {} } : {}) }
}
