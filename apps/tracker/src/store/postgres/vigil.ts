/**
 * Statements whose answer does not come. A network that forgets a connection tells neither side: we wait for the answer, and the server, which has
 * given it, for what comes next, perhaps holding locks that everybody else then waits for. So whoever has waited for a while asks the server over a
 * new connection what it makes of the old one. Where it is at work, we wait on, however long; where it has nothing to do, the connection is lost: both
 * ends of it are closed, and those that idle in the pool, which came the same way, with it.
 */
import type { Socket } from 'node:net'
import pg from 'pg'
import type { Pool, PoolClient } from 'pg'

const SUSPECT_MS = 5_000
const LOOK_MS = 1_000
/** An answer may be under way for so long, and what goes out in one trip, rows of a COPY among it. */
const ANSWER_UNDER_WAY_SECONDS = 3
const ROWS_UNDER_WAY_SECONDS = 30
const ANSWER_MS = 3_000

interface Waiting {
  statements: number
  /** Of the last answer, or of the first statement that waits for one: this machine's monotonic clock. */
  since: number
  /** Bytes that had come at the last look. */
  heard: number
}

export class Vigil {
  readonly #waiting = new Map<PoolClient, Waiting>()
  /** Until that is known of a client. */
  readonly #introductions = new WeakMap<PoolClient, Promise<unknown>>()
  /** By client: its process at the server. Behind a pooler that is not one for long, and nothing is known. */
  readonly #processes = new WeakMap<PoolClient, number>()
  readonly #timer: NodeJS.Timeout
  #isLooking = false

  constructor(private readonly url: string, private readonly pool: Pool) {
    pool.on('connect', (client) => this.#introductions.set(client as PoolClient, this.#introduce(client as PoolClient).catch(() => undefined)))
    this.#timer = setInterval(() => void this.#look().catch(() => undefined), LOOK_MS)
    this.#timer.unref()
  }

  close(): void {
    clearInterval(this.#timer)
  }

  /** It has a process of its own at the server, and no pooler between. */
  async knows(client: PoolClient): Promise<boolean> {
    await this.#introductions.get(client)
    return this.#processes.has(client)
  }

  async over<T>(client: PoolClient, statement: Promise<T>): Promise<T> {
    const waiting = this.#waiting.get(client) ?? { statements: 0, since: performance.now(), heard: -1 }
    this.#waiting.set(client, waiting)
    waiting.statements++
    try {
      return await statement
    } finally {
      waiting.since = performance.now()
      if (--waiting.statements === 0) this.#waiting.delete(client)
    }
  }

  async #introduce(client: PoolClient): Promise<void> {
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
    const { processID } = client as PoolClient & { readonly processID?: number }
    if (rows[0] !== undefined && rows[0].pid === processID) this.#processes.set(client, processID)
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return
    const suspects = [...this.#waiting].flatMap(([client, waiting]) => {
      const process = this.#processes.get(client)
      const { bytesRead } = client.connection.stream as Socket
      const isSilent = waiting.heard === bytesRead
      waiting.heard = bytesRead
      return process !== undefined && isSilent && performance.now() - waiting.since > SUSPECT_MS ? [{ client, process, waiting, since: waiting.since }] : []
    })
    if (suspects.length === 0) return
    this.#isLooking = true
    const eye = new pg.Client({ connectionString: this.url, application_name: 'tidemark looks', connectionTimeoutMillis: ANSWER_MS, query_timeout: ANSWER_MS })
    eye.on('error', () => undefined)
    try {
      await eye.connect()
      const idle = await withoutWork(eye, suspects.map(({ process }) => process))
      // What was answered meanwhile is answered: we may have been too busy to hear it.
      const lost = suspects.filter(({ process, waiting, since }) => idle.has(process) && waiting.since === since && waiting.statements > 0)
      if (lost.length === 0) return
      // First, or whoever is told of the loss and tries again takes one of those.
      await dropIdle(this.pool)
      for (const { client } of lost) client.connection.stream.destroy()
      await eye.query('select pg_terminate_backend(pid) from unnest($1::int[]) as lost (pid)', [lost.map(({ process }) => process)])
    } finally {
      this.#isLooking = false
      await eye.end().catch(() => undefined)
    }
  }
}

/** Those of the server's processes that wait for us to say something, or are not there. */
async function withoutWork(eye: pg.Client, processes: readonly number[]): Promise<ReadonlySet<number>> {
  const { rows } = await eye.query<{ pid: number }>(
    `select asked.pid from unnest($1::int[]) as asked (pid) left join pg_stat_activity server using (pid)
     where server.pid is null or (server.state like 'idle%' and clock_timestamp() - server.state_change > make_interval(secs => $2))
       or (server.wait_event = 'ClientRead' and clock_timestamp() - server.state_change > make_interval(secs => $3))`,
    [processes, ANSWER_UNDER_WAY_SECONDS, ROWS_UNDER_WAY_SECONDS])
  return new Set(rows.map(({ pid }) => pid))
}

/** Whatever idles in the pool is made anew when it is needed. */
export async function dropIdle(pool: Pool): Promise<void> {
  for (let left = pool.idleCount; left > 0; left--) (await pool.connect()).release(true)
}
