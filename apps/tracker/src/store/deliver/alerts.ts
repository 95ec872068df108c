import type { Queryable } from '../database.js'
import { countOfMembers } from '../members-counted.js'

export interface AlertEpisode {
  readonly id: string
  readonly episode: number
}

/** An alert that opens, with what it is about. */
export interface OpeningAlert extends AlertEpisode {
  readonly kind: string
  readonly severity: string
  readonly model: string
  readonly element: string
  readonly title: string
}

/**
 * Alerts without an open episode that an instance joined, not silently, since the last one ended. A model that is catching up calls nobody,
 * and what fell due while the house was down waits as commands do.
 */
export function readOpening(db: Queryable, clock: number, limit: number, outageWaitMs: number): Promise<OpeningAlert[]> {
  return db.query<OpeningAlert>(
    `select a.id, a.episode, a.kind, a.severity, a.model, a.element, a.title from alert a where a.status in ('quiet', 'resolved') and exists (
       select 1 from alert_member m where m.alert = a.id and not m.silent and m.joined_at > coalesce(a.resolved_at, -1) and not exists (
         select 1 from outage where m.since <= to_time and m.joined_at >= to_time and $1::bigint < to_time + least(to_time - from_time, $3::bigint)
       )
     ) and not exists (select 1 from model_version v where v.model = a.model and v.status = 'catchingUp') order by a.id limit $2::int`,
    [clock, limit, outageWaitMs],
  )
}

/** Alerts in an open episode whose last instance has left. */
export function readClearing(db: Queryable, limit: number): Promise<AlertEpisode[]> {
  return db.query<AlertEpisode>(
    `select a.id, a.episode from alert a where a.status in ('open', 'acknowledged')
       and not exists (select 1 from alert_member m where m.alert = a.id) order by a.id limit $1::int`,
    [limit],
  )
}

/** Open alerts that nobody was told of, since they were silenced, and are not any more. */
export function readSilenceOver(db: Queryable, clock: number, limit: number): Promise<AlertEpisode[]> {
  return db.query<AlertEpisode>(
    `select a.id, a.episode from alert a where a.status = 'open' and a.announced < a.episode and coalesce(a.silenced_until, 0) <= $1::bigint
     order by a.id limit $2::int`,
    [clock, limit],
  )
}

/** A message about an alert, claimed for one attempt, with the alert as it is now. */
export interface ClaimedDelivery {
  readonly id: string
  readonly change: string
  readonly payload: Record<string, unknown>
  /** When the change happened, by the tracker's clock. */
  readonly at: string
  /** This attempt included. */
  readonly attempts: number
  readonly alert: string
  readonly kind: string
  readonly severity: string
  readonly model: string
  readonly element: string
  readonly title: string
  /** Instances that have the cause now, counted up to {@link MEMBERS_COUNTED}. */
  readonly members: string
  readonly opened_at: string | null
  readonly resolved_at: string | null
}

/** As claimCommands, for messages about alerts. */
export function claimDeliveries(db: Queryable, leaseSeconds: number, limit: number): Promise<ClaimedDelivery[]> {
  return db.query<ClaimedDelivery>(
    `update alert_delivery d set attempts = d.attempts + 1, next_attempt_at = now() + make_interval(secs => $1::float8)
     from (
       select id from alert_delivery where status in ('pending', 'failed') and next_attempt_at <= now()
       order by next_attempt_at, at, id limit $2::int for update skip locked
     ) as due, alert a where d.id = due.id and a.id = d.alert
     returning d.id, d.change, d.payload, d.at, d.attempts, a.id as alert, a.kind, a.severity, a.model, a.element, a.title, a.opened_at, a.resolved_at,
       ${countOfMembers('a')}`,
    [leaseSeconds, limit],
  )
}

/** Twice is once. */
export async function settleDelivery(db: Queryable, id: string, status: 'delivered' | 'dead', attempts: number, error: string | undefined): Promise<void> {
  await db.query(
    `update alert_delivery set status = $2, attempts = greatest(attempts, $3::int), error = $4 where id = $1::uuid and status in ('pending', 'failed')`,
    [id, status, attempts, error ?? null])
}

export async function recordDeliveryFailure(db: Queryable, id: string, error: string, waitSeconds: number): Promise<void> {
  await db.query(
    `update alert_delivery set status = 'failed', error = $2, next_attempt_at = now() + make_interval(secs => $3::float8) where id = $1::uuid`,
    [id, error, waitSeconds],
  )
}
