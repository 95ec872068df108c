import type { Pool, PoolClient, QueryConfig } from 'pg'
import { copyIn, copyOut } from './copy-in.js'
import type { Database, Transaction, TransactionOptions } from './database.js'
import { hasLostPlans, planName } from './kept-plans.js'
import { largeQuery } from './large-query.js'

/** Waits for the answer to a statement, and minds where none will come. */
export type Watch = <Answer>(client: PoolClient, statement: Promise<Answer>) => Promise<Answer>

/**
 * A {@link Database} over a pool of pg clients in pipeline mode. It uses TypeORM's pool directly: its QueryRunner adds events and a result
 * object per statement that nobody here reads.
 */
export class PooledDatabase implements Database {
  readonly embedded: boolean
  readonly #pool: Pool
  readonly #close: () => Promise<void>
  readonly #watch: Watch
  readonly #keepsPlans: (client: PoolClient) => boolean
  #closed: Promise<void> | undefined

  /** @param keepsPlans whether what is kept on a connection will be there the next time */
  constructor(pool: Pool, embedded: boolean, close: () => Promise<void>, watch: Watch = (_client, statement) => statement, keepsPlans: (client: PoolClient) => boolean = () => true) {
    this.#pool = pool
    this.embedded = embedded
    this.#close = close
    this.#watch = watch
    this.#keepsPlans = keepsPlans
    // A connection may break at any moment, also while the pool hands it out and nobody listens yet: that must not end the process.
    pool.on('connect', (client) => void client.on('error', ignored))
  }

  async query<Row extends object>(sql: string, params?: readonly unknown[]): Promise<Row[]> {
    const client = await this.#pool.connect()
    client.on('error', ignored)
    let failed: Error | undefined
    try {
      return (await this.#watch(client, client.query(sql, params as unknown[] | undefined))).rows as Row[]
    } catch (error) {
      failed = error as Error
      throw error
    } finally {
      client.removeListener('error', ignored)
      client.release(failed)
    }
  }

  async transaction<T>(run: (tx: Transaction) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    const client = await this.#pool.connect()
    // Without a listener a connection that breaks while it is ours would end the process; the statement under way fails anyway.
    client.on('error', ignored)
    let broken: Error | undefined
    try {
      await this.#watch(client, client.query(beginning(options)))
      const handle = new Handle(client, this.#watch, options.byKey === true && this.#keepsPlans(client))
      // By an async function: what throws at once ends it too.
      const running = (async () => run(handle))()
      await (options.atOnce === true ? Promise.race([running, untilAllWaits()]) : running).finally(() => handle.end())
      const [result, { command }] = await Promise.all([running, this.#watch(client, client.query('commit'))])
      if (command === 'ROLLBACK') throw new Error('the transaction was rolled back: a statement in it failed and its error was swallowed')
      return result
    } catch (error) {
      // Queued behind whatever the function left running. A client that cannot even roll back is thrown away.
      await this.#watch(client, client.query('rollback')).catch((fault: Error) => (broken = fault))
      if (hasLostPlans(error)) broken ??= error as Error
      throw error
    } finally {
      client.removeListener('error', ignored)
      client.release(broken)
    }
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }
}

function beginning({ synchronousCommit, byKey, abandonedAfterMs, sessionName, seesOneMoment }: TransactionOptions): string {
  return [
    seesOneMoment === true ? 'begin isolation level repeatable read read only' : 'begin', ...(sessionName === undefined ? [] : [`set local application_name to '${sessionName.replace(/[^\w ]/g, '_')}'`]), ...(abandonedAfterMs === undefined ? [] : [`set local idle_in_transaction_session_timeout to ${Math.ceil(abandonedAfterMs)}`]), ...(synchronousCommit === false ? ['set local synchronous_commit to off'] : []),
    ...(byKey === true ? ['set local enable_hashjoin to off', 'set local enable_mergejoin to off', 'set local enable_seqscan to off'] : []),
  ].join('; ')
}

/**
 * Its statements are in the transaction or nowhere: a function that has failed may have left something running, whose next statement would come
 * behind the rollback, and stand by itself.
 */
class Handle implements Transaction {
  #isOver = false

  constructor(private readonly client: PoolClient, private readonly watch: Watch, private readonly keepsPlans: boolean) {}

  end(): void {
    this.#isOver = true
  }

  async query<Row extends object>(sql: string, params?: readonly unknown[]): Promise<Row[]> {
    this.#check()
    const statement = { text: sql, values: params as unknown[] | undefined, name: this.keepsPlans ? planName(sql) : undefined }
    const result = await this.watch(this.client, largeQuery(this.client, statement) ?? this.client.query(statement as QueryConfig))
    return result.rows as Row[]
  }

  async copy(sql: string, rows: Uint8Array): Promise<void> {
    this.#check()
    return this.watch(this.client, copyIn(this.client, sql, rows))
  }

  async copyOut(sql: string): Promise<Buffer> {
    this.#check()
    return this.watch(this.client, copyOut(this.client, sql))
  }

  #check(): void {
    if (this.#isOver) throw new Error('the transaction is over: this statement came too late for it')
  }
}

/** Until everything that can run without an answer from outside has run: who has failed by itself has failed by then. */
function untilAllWaits(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve))
}

function ignored(): void {}
