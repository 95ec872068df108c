import type { Queryable } from '../database.js'

/** Alerts and commands are counted up to here for the header; more are shown as this many. */
const COUNTED = 10_000

export interface TotalsRow {
  readonly events: string
  readonly models: string
  readonly open_alerts: string
  readonly proposed_commands: string
  /** Keys whose history has been dropped. */
  readonly dropped_units: string
}

/** What the header of the UI counts. */
export async function readTotals(db: Queryable): Promise<TotalsRow> {
  const rows = await db.query<TotalsRow>(
    `select (select coalesce(sum(count), 0) from event_type)::bigint as events,
       (select count(distinct model) from model_version)::bigint as models,
       (select count(*) from (select 1 from alert where status = 'open' limit ${COUNTED}) as open)::bigint as open_alerts,
       (select count(*) from (select 1 from command where status = 'proposed' limit ${COUNTED}) as proposed)::bigint as proposed_commands,
       (select coalesce(sum(units), 0) from dropped_history)::bigint as dropped_units`)
  return rows[0]!
}

export interface OutboxRow {
  readonly channel: string
  readonly pending: string
  /** Machine time of the oldest attempt that is due. */
  readonly oldest_seconds: number
}

/** What waits to be sent, by channel. */
export function readOutbox(db: Queryable): Promise<OutboxRow[]> {
  return db.query<OutboxRow>(
    `select 'command' as channel, count(*)::bigint as pending,
       coalesce(extract(epoch from now() - min(next_attempt_at)), 0)::float8 as oldest_seconds
     from (select next_attempt_at from command where status in ('sending', 'failed') order by next_attempt_at limit ${COUNTED}) as commands
     union all
     select 'alert', count(*)::bigint, coalesce(extract(epoch from now() - min(next_attempt_at)), 0)::float8
     from (select next_attempt_at from alert_delivery where status in ('pending', 'failed') order by next_attempt_at limit ${COUNTED}) as alerts`)
}

/** Answers when the database does. */
export async function readHeartbeat(db: Queryable): Promise<void> {
  await db.query('select 1')
}
