import type { CommandSummary } from '@tidemark/api'
import type { CommandRow } from '../store/read/commands.js'
import { nameOf } from './processes.js'
import type { NamedProcess } from './processes.js'
import { rfc3339, rfc3339OrAbsent } from './times.js'

export function showCommand(row: CommandRow, process: NamedProcess | undefined): CommandSummary {
  const [leftAt, deliveredAt] = [rfc3339OrAbsent(row.left_at), rfc3339OrAbsent(row.delivered_at)]
  return {
    id: row.id, type: row.type, ...(row.target === null ? {} : { target: row.target }),
    status: row.status as CommandSummary['status'],
    model: row.model, instance: row.instance, key: row.key, element: row.element, elementName: nameOf(process, row.element),
    decidedAt: rfc3339(row.decided_at), ...(leftAt === undefined ? {} : { leftAt }), ...(deliveredAt === undefined ? {} : { deliveredAt }),
    attempts: row.attempts, ...(row.error === null ? {} : { error: row.error }),
    data: row.data,
    ...(row.note === null ? {} : { note: row.note }),
  }
}
