import { Query, type Pool, type PoolClient, type QueryConfig, type QueryResult } from 'pg'
import { copyIn, CopyInTrip, copyOut } from './copy-in.js'
import type { Database, Transaction, TransactionOptions } from './database.js'
import { hasLostPlans, planName } from './kept-plans.js'
import { isLarge, isPlain, PlainQuery, type Statement } from './large-query.js'
import { sendTogether } from './one-trip.js'
import { answerOf } from './wire.js'

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
  readonly #isDirect: (client: PoolClient) => boolean | Promise<boolean>
  #closed: Promise<void> | undefined

  /** @param isDirect whether a connection is one with the same process of the server for as long as it lasts, and no pooler between: what is kept on it is there the next time, and it takes whatever the server takes */
  constructor(pool: Pool, embedded: boolean, close: () => Promise<void>, watch: Watch = (_client, statement) => statement, isDirect: (client: PoolClient) => boolean | Promise<boolean> = () => true) {
    this.#pool = pool
    this.embedded = embedded
    this.#close = close
    this.#watch = watch
    this.#isDirect = isDirect
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
    const sent = { begin: false }
    try {
      const isDirect = await this.#isDirect(client)
      return await (options.atOnce === true && isDirect ? this.#inOneTrip(client, run, options, sent) : this.#inTurns(client, run, options, isDirect, sent))
    } catch (error) {
      // Queued behind whatever the function left running. A client that cannot even roll back is thrown away.
      if (sent.begin) await this.#watch(client, client.query('rollback')).catch((fault: Error) => (broken = fault))
      if (hasLostPlans(error)) broken ??= error as Error
      throw error
    } finally {
      client.removeListener('error', ignored)
      client.release(broken)
    }
  }

  async #inTurns<T>(client: PoolClient, run: (tx: Transaction) => Promise<T>, options: TransactionOptions, isDirect: boolean, sent: { begin: boolean }): Promise<T> {
    sent.begin = true
    await this.#watch(client, client.query(beginningOf(options).join('; ')))
    const handle = new Turns(client, this.#watch, options.byKey === true && isDirect)
    // By an async function: what throws at once ends it too.
    const running = (async () => run(handle))()
    await (options.atOnce === true ? Promise.race([running, untilAllWaits()]) : running).finally(() => handle.end())
    const [result, { command }] = await Promise.all([running, this.#watch(client, client.query('commit'))])
    if (command === 'ROLLBACK') throw new Error('the transaction was rolled back: a statement in it failed and its error was swallowed')
    return result
  }

  async #inOneTrip<T>(client: PoolClient, run: (tx: Transaction) => Promise<T>, options: TransactionOptions, sent: { begin: boolean }): Promise<T> {
    const handle = new Trip(options.byKey === true)
    // The server counts no time while it waits for the rest of a message.
    for (const statement of beginningOf({ ...options, abandonedAfterMs: undefined })) handle.add(statement)
    const running = (async () => run(handle))()
    await Promise.race([running, untilAllWaits()]).finally(() => handle.end())
    handle.add('commit')
    sent.begin = true
    const trip = this.#watch(client, sendTogether(client, handle.take()))
    trip.catch(() => undefined)
    // What the function makes of a failure says more than the failure.
    const result = await running
    await trip
    return result
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }
}

function beginningOf({ synchronousCommit, byKey, abandonedAfterMs, sessionName, readsOnly, seesOneMoment }: TransactionOptions): readonly string[] {
  const settings: readonly (readonly [name: string, value: string])[] = [
    ...(sessionName === undefined ? [] : [['application_name', sessionName.replaceAll(/[^\w ]/g, '_')] as const]),
    ...(abandonedAfterMs === undefined ? [] : [['idle_in_transaction_session_timeout', String(Math.ceil(abandonedAfterMs))] as const]),
    ...(synchronousCommit === false ? [['synchronous_commit', 'off'] as const] : []),
    ...(byKey === true ? (['enable_hashjoin', 'enable_mergejoin', 'enable_seqscan'] as const).map((name) => [name, 'off'] as const) : []),
  ]
  return [
    seesOneMoment === true ? 'begin isolation level repeatable read read only' : readsOnly === true ? 'begin read only' : 'begin',
    ...(settings.length === 0 ? [] : [`select ${settings.map(([name, value]) => `set_config('${name}', '${value}', true)`).join(', ')}`]),
  ]
}

/**
 * Its statements are in the transaction or nowhere: a function that has failed may have left something running, whose next statement would come
 * behind the rollback, and stand by itself.
 */
abstract class Handle implements Transaction {
  #isOver = false

  end(): void {
    this.#isOver = true
  }

  async query<Row extends object>(sql: string, params?: readonly unknown[]): Promise<Row[]> {
    this.#check()
    return (await this.issue({ text: sql, values: params })).rows as Row[]
  }

  async copy(sql: string, rows: Uint8Array): Promise<void> {
    this.#check()
    await this.issueCopy(sql, rows)
  }

  async copyOut(sql: string): Promise<Buffer> {
    this.#check()
    return this.issueCopyOut(sql)
  }

  protected abstract issue(statement: Statement): Promise<QueryResult>
  protected abstract issueCopy(sql: string, rows: Uint8Array): Promise<void>
  protected abstract issueCopyOut(sql: string): Promise<Buffer>

  #check(): void {
    if (this.#isOver) throw new Error('the transaction is over: this statement came too late for it')
  }
}

/** Each statement is sent when it is issued. */
class Turns extends Handle {
  constructor(private readonly client: PoolClient, private readonly watch: Watch, private readonly keepsPlans: boolean) {
    super()
  }

  protected issue(statement: Statement): Promise<QueryResult> {
    const named = this.keepsPlans ? { ...statement, name: planName(statement.text) } : statement
    return this.watch(this.client, isLarge(named) ? answerOf((done) => this.client.query(new PlainQuery(named, done))) : this.client.query(named as QueryConfig))
  }

  protected issueCopy(sql: string, rows: Uint8Array): Promise<void> {
    return this.watch(this.client, copyIn(this.client, sql, rows))
  }

  protected issueCopyOut(sql: string): Promise<Buffer> {
    return this.watch(this.client, copyOut(this.client, sql))
  }
}

/** Its statements wait for each other, and are sent when the last one is issued. */
class Trip extends Handle {
  readonly #statements: Query[] = []

  constructor(private readonly keepsPlans: boolean) {
    super()
  }

  /** All of them. They are in the trip now, and not here. */
  take(): Query[] {
    return this.#statements.splice(0)
  }

  add(text: string): void {
    this.issue({ text }).catch(ignored)
  }

  protected issue(statement: Statement): Promise<QueryResult> {
    const named = { ...statement, queryMode: 'extended', ...this.#nameOf(statement.text) }
    return answerOf((done) => this.#statements.push(isPlain(named) ? new PlainQuery(named, done) : new Query(named as QueryConfig, undefined, done)))
  }

  protected issueCopy(sql: string, rows: Uint8Array): Promise<void> {
    return answerOf((done) => this.#statements.push(new CopyInTrip(sql, rows, this.#nameOf(sql).name, done)))
  }

  protected issueCopyOut(): Promise<Buffer> {
    throw new Error('what comes out is read before the transaction ends: not in one that goes out at once')
  }

  #nameOf(text: string): { readonly name?: string } {
    return this.keepsPlans ? { name: planName(text) } : {}
  }
}

/** Until everything that can run without an answer from outside has run: who has failed by itself has failed by then. */
function untilAllWaits(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve))
}

function ignored(): void {}
