/** The real database as one tracker sees it, with faults: what fails before it is done, or is done and the answer is lost. */
import type { Database, Queryable, Transaction, TransactionOptions } from '../../apps/tracker/src/store/database.js'
import type { Chance } from './chance.js'
import { never, type Life } from './life.js'
import type { Switchboard } from './switchboard.js'
import type { VirtualTime } from './virtual-time.js'

/** The one session of the embedded database: whoever wants it while it is held waits in virtual time. */
export class Session {
  #last: Promise<unknown> = Promise.resolve()

  constructor(readonly db: Database, readonly time: VirtualTime) {}

  /** No time passes while it works, but for what it waits for by {@link VirtualTime.waiting}. */
  use<T>(work: (db: Database) => Promise<T>): Promise<T> {
    const turn = this.#last.then(() => this.time.working(() => work(this.db)))
    this.#last = turn.catch(() => undefined)
    return turn
  }

  query<Row extends object>(sql: string, params?: readonly unknown[]): Promise<Row[]> {
    return this.use((db) => db.query<Row>(atVirtualTime(sql), params))
  }
}

export interface Deed {
  /** Undefined where tables were swapped: shards may stand further then, and nobody has followed them there. */
  readonly by: string | undefined
  readonly shards: readonly { readonly id: number; readonly epoch: string; readonly position: string }[]
}

const SLOW_MS = { least: 20, most: 4_000 }
/** As they come from Postgres: a connection that is gone, a deadlock, a failed serialization, a full disk. */
const FAILURES = [
  { message: 'Connection terminated unexpectedly' }, { message: 'deadlock detected', code: '40P01' }, { message: 'could not serialize access', code: '40001' },
  { message: 'could not extend file: No space left on device', code: '53100' },
]

export class FaultyDatabase implements Database {
  readonly embedded = true
  readonly listen?: NonNullable<Database['listen']>

  /**
   * @param onCommit is told where the shards stand after a commit that moved them
   * @param switchboard where others share the log
   */
  constructor(
    private readonly session: Session, private readonly life: Life, private readonly chance: Chance, private readonly isDown: () => boolean,
    private readonly onCommit: (deed: Deed) => void, private readonly switchboard?: Switchboard,
  ) {
    if (switchboard !== undefined) this.listen = (_channel, hear) => switchboard.listen(life, hear)
  }

  async query<Row extends object>(sql: string, params?: readonly unknown[]): Promise<Row[]> {
    const { life, chance } = this
    await this.#approach()
    if (chance.strikes('a statement is lost')) throw failure(chance)
    if (chance.strikes('death before a statement')) return this.#die()
    const rows = await this.session.query<Row>(sql, params).catch(async (error: unknown) => {
      await life.running()
      throw error
    })
    if (isAnnouncement(sql)) this.switchboard?.say(String(params?.[0]))
    await life.running()
    if (chance.strikes('the answer to a statement is lost')) throw failure(chance)
    return rows
  }

  /** Texts are not the same each time, since they name the virtual time: no plan of them is kept. */
  async transaction<T>(run: (tx: Transaction) => Promise<T>, options?: TransactionOptions): Promise<T> {
    const { life, chance } = this
    await this.#approach()
    if (chance.strikes('a transaction cannot begin')) throw failure(chance)
    const said: string[] = []
    try {
      const result = await this.session.use((db) => db.transaction((tx) => this.#within(tx, run, said, options), { ...options, atOnce: false, byKey: false }))
      for (const payload of said) this.switchboard?.say(payload)
      if (chance.strikes('death after a commit')) life.die()
      await life.running()
      if (chance.strikes('the answer to a commit is lost')) throw failure(chance)
      return result
    } catch (error) {
      await life.running()
      throw error
    }
  }

  async close(): Promise<void> {}

  /**
   * A commit that goes out with its statements is not sent before what happens to them is known: then it is as if it were behind them.
   * @param said is given what is announced by its commit
   */
  async #within<T>(tx: Transaction, run: (tx: Transaction) => Promise<T>, said: string[], { abandonedAfterMs, atOnce = false }: TransactionOptions = {}): Promise<T> {
    const { life, chance, session } = this
    let isSent = false
    let failed: Error | undefined
    let movesShards = false
    let swaps = false
    const passing = (sql: string) => {
      if (isSent) throw new Error(`a statement that was to be issued at once came too late: ${sql}`)
      if (life.isOver) failed ??= new Error('the tracker is dead')
      else if (chance.strikes('a statement in a transaction fails')) failed ??= failure(chance)
      else if (chance.strikes('death before a statement')) life.die()
      if (sql.includes('update shard set')) movesShards = true
      if (sql.endsWith('"shard" set schema public')) swaps = true
      // As in Postgres: after one has failed, those behind it fail.
      if (failed !== undefined) throw failed
    }
    const running = run({
      query: async <Row extends object>(sql: string, params?: readonly unknown[]) => {
        passing(sql)
        if (isAnnouncement(sql)) said.push(String(params?.[0]))
        return tx.query<Row>(atVirtualTime(sql), params)
      },
      copy: async (sql, rows) => {
        passing(sql)
        return tx.copy(sql, rows)
      },
      copyOut: async (sql) => {
        passing(sql)
        return tx.copyOut(sql)
      },
    })
    if (atOnce) process.nextTick(() => (isSent = true))
    const result = await running
    if (failed !== undefined) throw failed
    if (life.standsStill && !atOnce) {
      const patience = abandonedAfterMs === undefined ? [] : [session.time.sleep(abandonedAfterMs)]
      await session.time.waiting(() => Promise.race([life.running(), life.ended, ...patience]))
      if (life.standsStill) throw Object.assign(new Error('terminating connection due to idle-in-transaction timeout'), { code: '25P03' })
    }
    if (chance.strikes('the database is slow')) await session.time.waiting(() => session.time.sleep(slowMs(chance)))
    if (chance.strikes('a transaction is refused at its end')) throw failure(chance)
    if (chance.strikes('death before a commit')) life.die()
    if (life.isOver) throw new Error('the tracker is dead')
    if (movesShards || swaps) await this.#witness(tx, swaps ? undefined : life.name)
    return result
  }

  async #witness(tx: Queryable, by: string | undefined): Promise<void> {
    const [where] = await tx.query<{ schema: string }>('select current_schema() as schema')
    if (where?.schema === 'public') this.onCommit({ by, shards: await tx.query('select id, epoch, position from shard order by id') })
  }

  async #approach(): Promise<void> {
    await this.life.running()
    if (this.chance.strikes('the database is slow')) {
      await this.session.time.sleep(slowMs(this.chance))
      await this.life.running()
    }
    if (this.isDown()) throw new Error('connect ECONNREFUSED')
  }

  #die(): Promise<never> {
    this.life.die()
    return never()
  }
}

function isAnnouncement(sql: string): boolean {
  return sql.includes('pg_notify(')
}

function slowMs(chance: Chance): number {
  return SLOW_MS.least + chance.roll('how slow') ** 3 * (SLOW_MS.most - SLOW_MS.least)
}

function failure(chance: Chance): Error {
  const { message, ...more } = FAILURES[Math.floor(chance.roll('which failure') * FAILURES.length)]!
  return Object.assign(new Error(message), more)
}

/** The database's own clock is the machine's, which stands as good as still. */
function atVirtualTime(sql: string): string {
  return sql.replaceAll(/\bnow\(\)/g, () => `to_timestamp(${Date.now() / 1_000})`)
}
