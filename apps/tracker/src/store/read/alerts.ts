import type { Queryable } from '../database.js'
import { countOfMembers } from '../members-counted.js'

export interface AlertRow {
  readonly id: string
  readonly kind: string
  readonly severity: 'info' | 'warning' | 'critical'
  readonly model: string
  readonly model_name: string | null
  readonly model_version: number | null
  readonly element: string
  readonly title: string
  readonly status: 'quiet' | 'open' | 'acknowledged' | 'resolved'
  readonly episode: number
  readonly members: string
  readonly opened_at: string | null
  readonly acknowledged_at: string | null
  readonly acknowledged_by: string | null
  readonly resolved_at: string | null
  readonly resolved_by: string | null
  readonly comment: string | null
  readonly assigned_to: string | null
  readonly silenced_until: string | null
  readonly silenced_by: string | null
}

export interface AlertFilter {
  readonly statuses: readonly string[]
  readonly model?: string | undefined
  readonly kind?: string | undefined
  readonly instance?: string | undefined
  readonly below?: { readonly openedAt: string; readonly id: string } | undefined
}

/** A page of alerts, the latest first, by (opened_at, id); each status is one range of the index. */
export function readAlerts(db: Queryable, filter: AlertFilter, limit: number): Promise<AlertRow[]> {
  const params: unknown[] = []
  const bind = (value: unknown) => `$${params.push(value)}`
  const conditions = [`a.status = wanted.status`]
  const statuses = bind(filter.statuses)
  if (filter.below !== undefined) conditions.push(`(a.opened_at, a.id) < (${bind(filter.below.openedAt)}::bigint, ${bind(filter.below.id)}::uuid)`)
  if (filter.model !== undefined) conditions.push(`a.model = ${bind(filter.model)}`)
  if (filter.kind !== undefined) conditions.push(`a.kind = ${bind(filter.kind)}`)
  if (filter.instance !== undefined) {
    conditions.push(`exists (select 1 from alert_member m where m.alert = a.id and m.instance = ${bind(filter.instance)}::uuid)`)
  }
  const size = bind(limit)
  return db.query<AlertRow>(
    `select page.*, ${decoration('page')} from (
       select one.* from unnest(${statuses}::text[]) as wanted (status) cross join lateral (
         select a.* from alert a where ${conditions.join(' and ')} order by a.opened_at desc, a.id desc limit ${size}::int
       ) as one order by one.opened_at desc, one.id desc limit ${size}::int
     ) as page order by page.opened_at desc, page.id desc`,
    params,
  )
}

export async function readAlert(db: Queryable, id: string): Promise<AlertRow | undefined> {
  const rows = await db.query<AlertRow>(`select a.*, ${decoration('a')} from alert a where a.id = $1::uuid`, [id])
  return rows[0]
}

/** What is shown of an alert and stands elsewhere: its members, the name and the newest version of its model. */
function decoration(alert: string): string {
  return `${countOfMembers(alert)},
    (select v.name from model_version v where v.model = ${alert}.model order by v.version desc limit 1) as model_name,
    (select max(v.version) from model_version v where v.model = ${alert}.model) as model_version`
}

/** The alerts that an instance is a member of now, quiet ones left out. */
export function readAlertsOfInstance(db: Queryable, instance: string, limit: number): Promise<AlertRow[]> {
  return db.query<AlertRow>(
    `select a.id, a.kind, a.severity, a.model, a.element, a.title, a.status, a.episode, a.opened_at, a.acknowledged_at, a.acknowledged_by, a.resolved_at, a.resolved_by,
       a.comment, a.assigned_to, a.silenced_until, a.silenced_by, ${decoration('a')} from alert_member m join alert a on a.id = m.alert
     where m.instance = $1::uuid and a.status <> 'quiet' order by a.opened_at desc, a.id desc limit $2::int`,
    [instance, limit],
  )
}

/** The instances that have an alert's cause now, longest first. */
export function readMembers(db: Queryable, alert: string, limit: number): Promise<{ id: string; key: string; since: string }[]> {
  return db.query(
    `select m.instance as id, i.key, m.since from (
       select instance, since from alert_member where alert = $1::uuid order by since, instance limit $2::int
     ) as m join instance i on i.id = m.instance order by m.since, m.instance`,
    [alert, limit],
  )
}

export interface DeliveryRow {
  readonly channel: string
  readonly status: 'pending' | 'delivered' | 'failed' | 'dead'
  readonly at: string
  readonly attempts: number
  readonly error: string | null
}

/** What was sent about an alert, newest first. */
export function readDeliveries(db: Queryable, alert: string, limit: number): Promise<DeliveryRow[]> {
  return db.query<DeliveryRow>(
    `select channel, status, at, attempts, error from alert_delivery where alert = $1::uuid order by at desc, id limit $2::int`,
    [alert, limit],
  )
}
