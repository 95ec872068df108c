import pg from 'pg'

/** A broken connection is made anew after this. */
const RETRY_MS = 1_000
/** A connection that was cut without a word is noticed by asking. */
const ASK_MS = 15_000
const ANSWER_MS = 5_000

/** One connection that listens on one channel, for as long as it is open. */
export class Ear {
  #client: pg.Client | undefined
  #retry: NodeJS.Timeout | undefined
  #asking: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(private readonly url: string, private readonly channel: string, private readonly hear: (payload: string) => void) {}

  /** Rejects where the first connection cannot be made. */
  async open(): Promise<void> {
    const client = new pg.Client({ connectionString: this.url, application_name: 'tidemark listens', keepAlive: true, query_timeout: ANSWER_MS, connectionTimeoutMillis: ANSWER_MS })
    client.on('error', () => this.#again(client))
    client.on('end', () => this.#again(client))
    client.on('notification', ({ payload }) => this.hear(payload ?? ''))
    try {
      await client.connect()
      await client.query(`listen "${this.channel}"`)
    } catch (error) {
      void client.end().catch(() => undefined)
      throw error
    }
    if (this.#isClosed) return void (await client.end().catch(() => undefined))
    this.#client = client
    this.#asking = setInterval(() => void client.query('select 1').catch(() => this.#again(client)), ASK_MS)
    this.#asking.unref()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#retry)
    clearInterval(this.#asking)
    await this.#client?.end().catch(() => undefined)
  }

  #again(client: pg.Client): void {
    if (this.#client !== client || this.#isClosed) return
    this.#client = undefined
    clearInterval(this.#asking)
    void client.end().catch(() => undefined)
    this.#retryLater()
  }

  #retryLater(): void {
    if (this.#isClosed) return
    this.#retry = setTimeout(() => void this.open().catch(() => this.#retryLater()), RETRY_MS)
    this.#retry.unref()
  }
}
