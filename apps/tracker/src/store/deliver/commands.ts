import type { Queryable } from '../database.js'

/** A command that may leave now. */
export interface LeavingCommand {
  readonly id: string
  readonly model: string
  readonly key: string
  readonly element: string
  readonly cause: string
  readonly type: string
  readonly target: string | null
  readonly data: unknown
  readonly decided_at: string
}

/**
 * Decided by a version that tells instances again from before it was deployed, about what was over by then: longer ago than the model sends anything
 * about.
 */
const isHistory = (command: string) => `exists (
  select 1 from model_version told where told.model = ${command}.model and told.version = ${command}.version and told.version > 1 and told.in_force_from <= told.deployed_at
    and ${command}.leaves_at < told.deployed_at - extract(epoch from (told.process ->> 'effectsMaxAge')::interval) * 1000)`

/**
 * Scheduled commands whose moment has come, of each instance only the one that was decided first among those still under way: what undoes
 * steps must undo them in order. A model that is still catching up sends nothing: it does not know yet what was done long ago.
 * What fell due while the house was down waits as long as that was, at most `outageWaitMs`, so that what its senders kept comes first.
 * @param clock the tracker's clock, epoch milliseconds
 */
export function readLeaving(db: Queryable, clock: number, limit: number, outageWaitMs: number): Promise<LeavingCommand[]> {
  return db.query<LeavingCommand>(
    `select c.id, c.model, c.key, c.element, c.cause, c.type, c.target, c.data, c.decided_at from command c
     where c.status = 'scheduled' and c.leaves_at <= $1::bigint and not ${isHistory('c')}
     and not exists (select 1 from model_version v where v.model = c.model and v.status = 'catchingUp')
     and not exists (
       select 1 from outage where c.leaves_at > from_time and c.leaves_at <= to_time and $1::bigint < to_time + least(to_time - from_time, $3::bigint)
     )
     and not exists (
       select 1 from command o where o.instance = c.instance and o.status in ('scheduled', 'sending', 'failed') and not ${isHistory('o')}
         and (o.decided_at, o.id) < (c.decided_at, c.id)
     ) order by c.leaves_at, c.id limit $2::int`,
    [clock, limit, outageWaitMs],
  )
}

/** A command that left and is not settled, claimed for one attempt. */
export interface ClaimedCommand {
  readonly id: string
  readonly model: string
  readonly key: string
  readonly type: string
  readonly target: string | null
  readonly data: unknown
  readonly decided_at: string
  /** This attempt included. */
  readonly attempts: number
}

/**
 * Claims what is due for an attempt: nobody else gets it for `leaseSeconds`, and whoever holds it and dies loses it then. No transaction
 * stays open while it is sent.
 */
export function claimCommands(db: Queryable, leaseSeconds: number, limit: number): Promise<ClaimedCommand[]> {
  return db.query<ClaimedCommand>(
    `update command c set attempts = c.attempts + 1, next_attempt_at = now() + make_interval(secs => $1::float8)
     from (
       select id from command where status in ('sending', 'failed') and next_attempt_at <= now()
       order by next_attempt_at limit $2::int for update skip locked
     ) as due where c.id = due.id
     returning c.id, c.model, c.key, c.type, c.target, c.data, c.decided_at, c.attempts`,
    [leaseSeconds, limit],
  )
}

/** An attempt failed: when the next one is, and why. A command that was settled meanwhile stays so. */
export async function recordCommandFailure(db: Queryable, id: string, error: string, waitSeconds: number): Promise<void> {
  await db.query(
    `update command set status = 'failed', error = $2, next_attempt_at = now() + make_interval(secs => $3::float8)
     where id = $1::uuid and status in ('sending', 'failed')`,
    [id, error, waitSeconds],
  )
}

/** Its settlement stands in the log: until that is folded nobody is to claim it. `error`: why it is dead. */
export async function holdCommand(db: Queryable, id: string, seconds: number, error: string | undefined): Promise<void> {
  await db.query(
    `update command set next_attempt_at = now() + make_interval(secs => $2::float8), error = $3 where id = $1::uuid`,
    [id, seconds, error ?? null],
  )
}

/** Somebody wants it tried again: now, and with all its attempts before it. */
export async function hurryCommand(db: Queryable, id: string): Promise<void> {
  await db.query(`update command set attempts = 0, next_attempt_at = now() where id = $1::uuid and status in ('sending', 'failed')`, [id])
}
