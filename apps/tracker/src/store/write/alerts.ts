/** The life cycle of alerts, as entries of the log say it; who is a member stands in commit-changes.ts. */
import type { Queryable } from '../database.js'
import type { SettlementEntry } from '../entries.js'
import { identityOf } from '../identity.js'

export type AlertOpening = Extract<SettlementEntry, { what: 'alertOpened' }>

/**
 * Opens the next episode, unless it is open already. The row may be missing: a rebuild commits elsewhere than the tracker that opened it did,
 * so its cause may have come and gone within one of its commits.
 */
export async function openAlert(tx: Queryable, opening: AlertOpening, clock: number, channels: readonly string[]): Promise<void> {
  const { alert, episode, kind, severity, model, element, title } = opening
  const opened = await tx.query(
    `insert into alert (id, episode, opened_at, kind, severity, model, element, title, status) values ($1, $2, $3, $4, $5, $6, $7, $8, 'open')
     on conflict (id) do update set status = 'open', episode = excluded.episode, opened_at = excluded.opened_at,
       acknowledged_at = null, acknowledged_by = null, resolved_at = null, resolved_by = null, comment = null, assigned_to = null
     where alert.status in ('quiet', 'resolved') and alert.episode < excluded.episode returning id`,
    [alert, episode, clock, kind, severity, model, element, title])
  if (opened.length > 0) await announceAlert(tx, alert, episode, clock, channels)
}

/** Tells people of an open episode, once, unless the alert is silenced. */
export async function announceAlert(tx: Queryable, alert: string, episode: number, clock: number, channels: readonly string[]): Promise<void> {
  const announced = await tx.query(
    `update alert set announced = $2 where id = $1 and episode = $2 and announced < $2 and status = 'open' and coalesce(silenced_until, 0) <= $3 returning id`,
    [alert, episode, clock])
  if (announced.length > 0) await deliver(tx, alert, episode, 'opened', clock, channels)
}

export async function clearAlert(tx: Queryable, alert: string, episode: number, clock: number, channels: readonly string[]): Promise<void> {
  const [cleared] = await tx.query<{ announced: number }>(
    `update alert set status = 'resolved', resolved_at = $3, resolved_by = 'tidemark' where id = $1 and episode = $2 and status in ('open', 'acknowledged') returning announced`,
    [alert, episode, clock])
  if (cleared?.announced === episode) await deliver(tx, alert, episode, 'resolved', clock, channels)
}

export async function acknowledgeAlert(tx: Queryable, alert: string, by: string, comment: string | undefined, clock: number): Promise<boolean> {
  const rows = await tx.query(
    `update alert set status = 'acknowledged', acknowledged_at = $3, acknowledged_by = $2, comment = $4 where id = $1 and status = 'open' returning id`,
    [alert, by, clock, comment ?? null])
  return rows.length > 0
}

export async function resolveAlert(tx: Queryable, alert: string, by: string, comment: string | undefined, clock: number, channels: readonly string[]): Promise<boolean> {
  const rows = await tx.query<{ episode: number; announced: number }>(
    `update alert set status = 'resolved', resolved_at = $3, resolved_by = $2, comment = coalesce($4, comment)
     where id = $1 and status in ('open', 'acknowledged') returning episode, announced`, [alert, by, clock, comment ?? null])
  const [row] = rows
  if (row !== undefined && row.announced === row.episode) await deliver(tx, alert, row.episode, 'resolved', clock, channels)
  return row !== undefined
}

export async function assignAlert(tx: Queryable, alert: string, to: string): Promise<boolean> {
  const rows = await tx.query(`update alert set assigned_to = $2 where id = $1 and status in ('open', 'acknowledged') returning id`, [alert, to])
  return rows.length > 0
}

export async function silenceAlert(tx: Queryable, alert: string, until: number, by: string, clock: number): Promise<boolean> {
  const rows = await tx.query(
    `update alert set silenced_until = nullif($2::bigint, 0), silenced_by = case when $2::bigint = 0 then null else $3 end where id = $1 returning id`,
    [alert, until > clock ? until : 0, by])
  return rows.length > 0
}

async function deliver(tx: Queryable, alert: string, episode: number, change: string, clock: number, channels: readonly string[]): Promise<void> {
  if (channels.length === 0) return
  await tx.query(
    `insert into alert_delivery (id, alert, channel, change, payload, status, at)
     select row.id, alert.id, row.channel, $3, jsonb_build_object('episode', $4::int, 'kind', alert.kind, 'severity', alert.severity, 'model', alert.model,
       'element', alert.element, 'title', alert.title, 'openedAt', alert.opened_at, 'resolvedAt', alert.resolved_at), 'pending', $5
     from alert, unnest($1::uuid[], $2::text[]) as row (id, channel) where alert.id = $6 on conflict do nothing`,
    [channels.map((channel) => identityOf(['delivery', alert, String(episode), change, channel])), channels, change, episode, clock, alert],
  )
}

/** What people did, for the record. */
export async function recordOperation(tx: Queryable, position: bigint, op: string, target: string, actor: string, at: number, comment: string | undefined, outcome: string): Promise<void> {
  await tx.query(
    `insert into operation (position, op, target, actor, at, comment, outcome) values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing`,
    [position, op, target, actor, at, comment ?? null, outcome])
}
