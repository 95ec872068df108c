import type { Pool } from 'pg'

/** Recovery after a crash reads this much at most, and the directory holds twice as much of it. */
const CHECKPOINT_EVERY_WAL_BYTES = 256 * 1024 * 1024
const LOOK_EVERY_MS = 2_000
/** As autovacuum has it by default: a fixed number of rows and a share of the table. */
const VACUUM_DEAD_ROWS = 500
const VACUUM_SHARE = 0.2
const ANALYZE_CHANGED_ROWS = 500
const ANALYZE_SHARE = 0.1

/**
 * What a Postgres server does by itself and PGlite does not: checkpoints, vacuum, statistics. Looks every two seconds and takes its turn for the
 * one session like everybody, one table at a time; while others wait it leaves vacuum for later, until the table is twice as bad.
 */
export class Upkeep {
  readonly #pool: Pool
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> = Promise.resolve()
  #checkpointAt = 0
  #stopped = false

  constructor(pool: Pool) {
    this.#pool = pool
  }

  start(): void {
    this.#timer = setTimeout(() => {
      this.#running = this.look().catch(() => undefined).then(() => {
        if (!this.#stopped) this.start()
      })
    }, LOOK_EVERY_MS)
    this.#timer.unref()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    await this.#running
  }

  /** One round. Answers what was done, for tests and for the log. */
  async look(): Promise<readonly string[]> {
    const done: string[] = []
    const run = async (statement: string) => {
      if (this.#stopped) return
      await this.#pool.query(statement)
      done.push(statement)
    }
    const written = await this.#writtenBytes()
    if (this.#checkpointAt === 0) this.#checkpointAt = written
    if (written - this.#checkpointAt >= CHECKPOINT_EVERY_WAL_BYTES) {
      await run('checkpoint')
      this.#checkpointAt = written
    }
    for (const table of await this.#tables()) {
      const patience = this.#pool.waitingCount > 0 ? 2 : 1
      const vacuum = table.dead > patience * (VACUUM_DEAD_ROWS + VACUUM_SHARE * table.live)
      const analyze = table.changed > ANALYZE_CHANGED_ROWS + ANALYZE_SHARE * table.live
      if (vacuum) await run(`vacuum ${analyze ? '(analyze) ' : ''}${table.name}`)
      else if (analyze) await run(`analyze ${table.name}`)
    }
    return done
  }

  async #writtenBytes(): Promise<number> {
    const { rows } = await this.#pool.query<{ bytes: string }>(`select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0') as bytes`)
    return Number(rows[0]?.bytes ?? 0)
  }

  async #tables(): Promise<readonly { name: string; live: number; dead: number; changed: number }[]> {
    // Counts are kept back for up to a second; what is asked for now is written at the end of this statement.
    await this.#pool.query(`select pg_stat_force_next_flush()`)
    const { rows } = await this.#pool.query<{ name: string; live: string; dead: string; changed: string }>(
      `select case when schemaname = current_schema() then quote_ident(relname) else format('%I.%I', schemaname, relname) end as name, n_live_tup as live, n_dead_tup as dead, n_mod_since_analyze as changed
       from pg_stat_user_tables where n_dead_tup > ${VACUUM_DEAD_ROWS} or n_mod_since_analyze > ${ANALYZE_CHANGED_ROWS}`,
    )
    return rows.map((row) => ({ name: row.name, live: Number(row.live), dead: Number(row.dead), changed: Number(row.changed) }))
  }
}
