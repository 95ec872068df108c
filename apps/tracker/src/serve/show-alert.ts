import type { AlertSummary } from '@tidemark/api'
import type { AlertRow } from '../store/read/alerts.js'
import { nameOf } from './processes.js'
import type { NamedProcess } from './processes.js'
import { rfc3339, rfc3339OrAbsent } from './times.js'

/** @param process the newest version of the alert's model */
export function showAlert(row: AlertRow, process: NamedProcess | undefined, clock: number): AlertSummary {
  const [acknowledgedAt, resolvedAt, silencedUntil] = [row.acknowledged_at, row.resolved_at, row.silenced_until].map(rfc3339OrAbsent)
  return {
    id: row.id, kind: row.kind as AlertSummary['kind'], severity: row.severity, status: row.status as AlertSummary['status'],
    model: row.model, modelName: row.model_name ?? row.model,
    ...(row.element === '' ? {} : { element: row.element, elementName: nameOf(process, row.element) }),
    title: row.title,
    count: Number(row.members),
    openedAt: rfc3339(row.opened_at ?? 0),
    ...(row.acknowledged_by === null ? {} : { acknowledgedBy: row.acknowledged_by }),
    ...(acknowledgedAt === undefined ? {} : { acknowledgedAt }),
    ...(row.resolved_by === null ? {} : { resolvedBy: row.resolved_by }),
    ...(resolvedAt === undefined ? {} : { resolvedAt }),
    ...(row.assigned_to === null ? {} : { assignedTo: row.assigned_to }),
    ...(silencedUntil === undefined || Number(row.silenced_until) <= clock ? {} : { silencedUntil, silencedBy: row.silenced_by ?? 'operator' }),
  }
}

/** The version whose names an alert is shown with. */
export function versionOfAlert(row: AlertRow): { model: string; version: number } {
  return { model: row.model, version: row.model_version ?? 0 }
}
