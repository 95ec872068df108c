/**
 * The rebuilt tables take the place of those in use, in one transaction: nobody sees some of both. Every lock is taken first, in one order, but for that of
 * the shards, which holds up other trackers before it holds up readers. What
 * the log does not say of commands and messages (attempts, when the next one is) is carried over, and no message leaves that was not on its
 * way before: it may have been decided when nobody was to be told.
 */
import type { Database, Transaction } from '../database.js'
import { isTransient } from '../postgres/transient.js'
import { KEPT_TABLES } from './fresh-tables.js'

/** Readers are waited for this long: whoever comes after waits too. */
const LOCK_WAIT = '3s'
/**
 * Whoever waits for a lock that an autovacuum holds sends it away after `deadlock_timeout`, a second where nothing else is said, in which nobody
 * follows. Only some may say otherwise; for the others it stays a second.
 */
const CLEANERS_GIVE_WAY = `select set_config('deadlock_timeout', '50ms', true) where has_parameter_privilege('deadlock_timeout', 'set')`
/** Where nobody folds the new tables any more. Before that, whoever does tries again by himself, when everybody has followed on for a while. */
const ATTEMPTS = 20
const RETRY_MS = 250
/** Who stands still in it is ended by the server: other trackers wait. */
const ABANDONED_MS = 5_000

export interface Swap {
  /**
   * Who still folds the new tables; absent: nobody. They are brought to where the old ones are, which trackers of other processes may have moved on
   * meanwhile: these wait for the swap, so that it does not set back what they have followed. `upTo` is to give up in time, since they wait; `stop` is called when nothing
   * is left to be waited for.
   */
  readonly apart?: { readonly upTo: (position: bigint) => Promise<void>; readonly stop: () => Promise<void> }
  /** Of tables that are kept: done before they come in, in the same transaction. */
  readonly also?: (tx: Transaction, home: string) => Promise<void>
}

/** The live tracker of this process has stopped. */
export async function swapTables(db: Database, schema: string, { apart, also }: Swap = {}): Promise<void> {
  let isFolding = apart !== undefined
  const own = apart && {
    upTo: apart.upTo,
    stop: async () => {
      isFolding = false
      await apart.stop()
    },
  }
  // The embedded database has one session, which the transaction is to have, and no other tracker.
  if (db.embedded) await own?.stop()
  for (let attempt = 1; ; attempt++) {
    try {
      return await db.transaction((tx) => swap(tx, attempt, schema, db.embedded ? undefined : own, also), db.embedded ? {} : { abandonedAfterMs: ABANDONED_MS })
    } catch (error) {
      if (isFolding || attempt >= ATTEMPTS || !isTransient(error)) throw error
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    }
  }
}

async function swap(tx: Transaction, attempt: number, schema: string, apart: Swap['apart'], also: Swap['also']): Promise<void> {
  const [row] = await tx.query<{ home: string }>(`select quote_ident(current_schema()) as home`)
  const home = row?.home ?? 'public'
  const tables = await rebuilt(tx, schema)
  // By a commit whose answer was lost they have come in.
  if (tables.length === 0 && attempt > 1) return
  await tx.query(`set local lock_timeout to '${LOCK_WAIT}'`)
  await tx.query(CLEANERS_GIVE_WAY)
  if (apart !== undefined) {
    await tx.query(`lock table ${home}.shard in exclusive mode`)
    const [furthest] = await tx.query<{ position: string }>(`select max(position) as position from ${home}.shard`)
    await apart.upTo(BigInt(furthest?.position ?? 0))
  }
  await tx.query(`lock table ${tables.map((table) => `${home}."${table}"`).join(', ')} in access exclusive mode`)
  await apart?.stop()
  await carryOver(tx, home, schema)
  await also?.(tx, home)
  await tx.query(`drop table ${tables.map((table) => `${home}."${table}"`).join(', ')}`)
  for (const table of tables) await tx.query(`alter table ${schema}."${table}" set schema ${home}`)
  await tx.query(`drop schema ${schema} cascade`)
}

async function rebuilt(db: Pick<Transaction, 'query'>, schema: string): Promise<readonly string[]> {
  const rows = await db.query<{ name: string }>(
    `select tablename as name from pg_tables where schemaname = $1 and tablename <> all($2::text[]) order by tablename`, [schema, KEPT_TABLES])
  return rows.map(({ name }) => name)
}

async function carryOver(tx: Transaction, home: string, schema: string): Promise<void> {
  await tx.query(
    `update ${schema}.command as new set attempts = old.attempts, next_attempt_at = old.next_attempt_at, error = old.error from ${home}.command as old where old.id = new.id`)
  await tx.query(
    `update ${schema}.alert_delivery as new set status = old.status, attempts = old.attempts, next_attempt_at = old.next_attempt_at, error = old.error
     from ${home}.alert_delivery as old where old.id = new.id`)
  await tx.query(
    `update ${schema}.alert_delivery as new set status = 'dead', error = 'Not sent: it was not on its way before a rebuild.'
     where status = 'pending' and at <= (select min(clock) from ${home}.shard) and not exists (select 1 from ${home}.alert_delivery as old where old.id = new.id)`)
  // Whoever still holds the shards as they were can commit nothing any more, and whoever only looks sees that there is something new.
  await tx.query(`update ${schema}.shard as new set owner = old.owner, epoch = 1 + old.epoch, commits = 1 + old.commits from ${home}.shard as old where old.id = new.id`)
}
