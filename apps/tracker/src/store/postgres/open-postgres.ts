import pg from 'pg'
import { DataSource } from 'typeorm'
import { TrackerError } from '../../problem.js'
import type { Database } from '../database.js'
import { PooledDatabase } from '../pooled-database.js'
import { Ear } from './ear.js'
import { isTransient } from './transient.js'
import { dropIdle, Vigil } from './vigil.js'

/** Reads of people and the tracker's own two or three writers; Postgres allows a hundred connections in all by default. */
const POOL_SIZE = 8
const CONNECT_TIMEOUT_MS = 5_000
/** Longer than any statement of ours takes on a big database, short enough that a dead connection is noticed. */
const QUERY_TIMEOUT_MS = 60_000
/**
 * Compiling took a third of a second for statements of milliseconds, whose cost was estimated from statistics older than their rows. And a server that
 * waits for the rest of what a machine had to say when it went away asks whether it is still there, or it would hold its locks for hours.
 */
const SESSION = 'set jit to off; set tcp_keepalives_idle to 10; set tcp_keepalives_interval to 5; set tcp_keepalives_count to 3; set tcp_user_timeout to 25000'
/** How long a database that is still starting is waited for. */
const START_WAIT_MS = 15_000
const START_RETRY_MS = 500

export interface PostgresOptions {
  readonly queryTimeoutMs?: number
  readonly startWaitMs?: number
}

/**
 * Connects through TypeORM. Clients run in pipeline mode: statements of a transaction share round trips, and a client whose answer does not
 * come destroys its socket (a plain pg client stays in the pool after a half-open connection and fails every later query,
 * https://github.com/brianc/node-postgres/issues/3399).
 */
export async function openPostgres(url: string, options: PostgresOptions = {}): Promise<Database> {
  const source = new DataSource({
    type: 'postgres',
    url,
    driver: pg,
    logging: false,
    installExtensions: false,
    applicationName: 'tidemark',
    poolSize: POOL_SIZE,
    connectTimeoutMS: CONNECT_TIMEOUT_MS,
    extra: { pipeline: true, query_timeout: options.queryTimeoutMs ?? QUERY_TIMEOUT_MS, keepAlive: true },
    // A connection that breaks while idle is replaced by the pool; the next statement tells whoever needs it.
    poolErrorHandler: () => undefined,
  })
  await connectWithPatience(source, url, options.startWaitMs ?? START_WAIT_MS)
  const { master } = source.driver as unknown as { master: pg.Pool }
  // Not as a start-up parameter, which poolers refuse.
  master.on('connect', (client) => void client.query(SESSION).catch(() => undefined))
  const vigil = new Vigil(url, master)
  // What connected before anybody said what is to be said to it.
  await dropIdle(master)
  const ears = new Set<Ear>()
  const database = new PooledDatabase(master, false, async () => {
    vigil.close()
    await Promise.all([...ears].map((ear) => ear.close()))
    await source.destroy()
  }, (client, statement) => vigil.over(client, statement), (client) => vigil.knows(client))
  return Object.assign(database, {
    async listen(channel: string, hear: (payload: string) => void) {
      const ear = new Ear(url, channel, hear)
      ears.add(ear)
      await ear.open()
      return async () => {
        ears.delete(ear)
        await ear.close()
      }
    },
  })
}

async function connectWithPatience(source: DataSource, url: string, waitMs: number): Promise<void> {
  const attempts = Math.max(1, Math.ceil(waitMs / START_RETRY_MS))
  for (let attempt = 1; ; attempt += 1) {
    try {
      await source.initialize()
      return
    } catch (error) {
      if (attempt < attempts && isTransient(error)) {
        await new Promise((resolve) => setTimeout(resolve, START_RETRY_MS))
        continue
      }
      throw new TrackerError(
        'databaseUnreachable', 500,
        `The database at ${withoutSecrets(url)} cannot be used: ${(error as Error).message || String((error as { code?: string }).code)}. ` +
          'Check DATABASE_URL and that Postgres 15 or newer runs there; without DATABASE_URL the embedded database is used.',
        undefined, { cause: error },
      )
    }
  }
}

function withoutSecrets(url: string): string {
  const parsed = new URL(url)
  return `${parsed.host}${parsed.pathname}`
}
