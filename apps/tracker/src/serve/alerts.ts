import type { Alert, AlertQuery, AlertSummary, AssignAction, Page, PersonAction, SilenceAction } from '@tidemark/api'
import { TrackerError } from '../problem.js'
import type { Database } from '../store/database.js'
import { readAlert, readAlerts, readDeliveries, readMembers } from '../store/read/alerts.js'
import type { AlertRow } from '../store/read/alerts.js'
import { OperationEntry } from '../store/entries.js'
import type { Progress } from '../store/progress.js'
import { act } from './act.js'
import type { ActContext } from './act.js'
import type { Answer } from './answer.js'
import { cursorPart, decodeCursor, pageOfRows } from './cursor.js'
import { parseDurationMs } from './durations.js'
import { found, uuidOrUndefined } from './not-found.js'
import type { Processes } from './processes.js'
import { showAlert, versionOfAlert } from './show-alert.js'
import { rfc3339 } from './times.js'

/** An operator reads so many; the list of instances has the rest. */
const MEMBERS = 100
const DELIVERIES = 50
const MAX_SILENCE_MS = 90 * 86_400_000
/** A cause that nobody was told of is no alert yet. */
const VISIBLE = ['open', 'acknowledged', 'resolved']

export interface AlertsContext {
  readonly db: Database
  readonly progress: Progress
  readonly processes: Processes
}

/** A page of alerts, the latest first. */
export async function listAlerts({ db, processes, progress }: AlertsContext, query: AlertQuery): Promise<Page<AlertSummary>> {
  const { status, model, kind, limit } = query
  const instance = query.instance === undefined ? undefined : uuidOrUndefined(query.instance)
  if (query.instance !== undefined && instance === undefined) return { items: [] }
  const [openedAt, id] = query.cursor === undefined ? [] : decodeCursor(query.cursor, [cursorPart.number, cursorPart.uuid])
  const below = openedAt === undefined || id === undefined ? undefined : { openedAt, id }
  const rows = await readAlerts(db, { statuses: status === undefined ? VISIBLE : [status], model, kind, instance, below }, limit + 1)
  const processOf = await processes.load(rows.map(versionOfAlert))
  return pageOfRows(rows, limit, (row) => showAlert(row, processOf(versionOfAlert(row)), progress.clock), (row) => [row.opened_at ?? '0', row.id])
}

export async function showAlertPage({ db, processes, progress }: AlertsContext, id: string): Promise<Alert> {
  const row = await find(db, id)
  const processOf = await processes.load([versionOfAlert(row)])
  const members = await readMembers(db, row.id, MEMBERS)
  const deliveries = await readDeliveries(db, row.id, DELIVERIES)
  return {
    ...showAlert(row, processOf(versionOfAlert(row)), progress.clock),
    instances: members.map((member) => ({ id: member.id, key: member.key, since: rfc3339(member.since) })),
    deliveries: deliveries.map(({ channel, status, at, attempts, error }) => ({
      channel, status, at: rfc3339(at), attempts, ...(error === null ? {} : { error }),
    })),
  }
}

/** What a person may do with an alert, the statuses that allow it, and what is said of the others. */
const actions = {
  acknowledge: { op: 'acknowledgeAlert', from: ['open'], refusal: 'Only an open alert can be acknowledged' },
  resolve: { op: 'resolveAlert', from: ['open', 'acknowledged'], refusal: 'Only an open or acknowledged alert can be resolved' },
  assign: { op: 'assignAlert', from: ['open', 'acknowledged'], refusal: 'Only an open or acknowledged alert can be assigned' },
  silence: { op: 'silenceAlert', from: VISIBLE, refusal: 'This alert cannot be silenced' },
} as const

type Said = PersonAction & { readonly to?: string; readonly until?: number }

export async function actOnAlert(
  context: AlertsContext & ActContext, id: string, action: keyof typeof actions, said: Said,
): Promise<Answer<Alert>> {
  const row = await find(context.db, id)
  const { op, from, refusal } = actions[action]
  if (!(from as readonly string[]).includes(row.status)) throw new TrackerError('alertStatus', 409, `${refusal}, and this one is ${row.status}.`)
  return act(context, OperationEntry.parse({ op, alert: row.id, ...said }), `/api/v1/alerts/${row.id}`,
    () => showAlertPage(context, row.id))
}

export function assignAlert(context: AlertsContext & ActContext, id: string, action: AssignAction): Promise<Answer<Alert>> {
  return actOnAlert(context, id, 'assign', action)
}

export function silenceAlert(context: AlertsContext & ActContext, id: string, action: SilenceAction): Promise<Answer<Alert>> {
  const { for: duration, ...said } = action
  const ms = parseDurationMs(duration, 'for') ?? 0
  if (ms > MAX_SILENCE_MS) throw new TrackerError('invalidRequest', 400, 'An alert is silenced for at most 90 days.', [{ attribute: 'for', message: 'longer than P90D' }])
  return actOnAlert(context, id, 'silence', { ...said, until: context.progress.clock + ms })
}

async function find(db: Database, id: string): Promise<AlertRow> {
  const uuid = uuidOrUndefined(id)
  const row = uuid === undefined ? undefined : await readAlert(db, uuid)
  return found(row?.status === 'quiet' ? undefined : row, 'alert', id, '/api/v1/alerts')
}
