/** Rows as the tracker would have written them, for tests of the rooms that read them. */
import { createHash } from 'node:crypto'
import type { ProcessModel } from '@tidemark/bpmn'
import { unitOf } from '../../apps/tracker/src/store/identity.js'
import type { Queryable } from '../../apps/tracker/src/store/database.js'

/** Inserts rows with exactly the columns that the first of them names. */
export async function insert(db: Queryable, table: string, rows: readonly Record<string, unknown>[]): Promise<void> {
  if (rows.length === 0) return
  const columns = Object.keys(rows[0]!).join(', ')
  await db.query(
    `insert into ${table} (${columns}) select ${columns} from jsonb_populate_recordset(null::${table}, $1::text::jsonb)`, [JSON.stringify(rows)])
}

/** An id that is a hash of its name, as all of ours are. */
export function idOf(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-')
}

const element = { incoming: [], outgoing: [], bindings: [] }

/** placed -> pay -> ship -> done. */
export const orderProcess: ProcessModel = {
  id: 'order', name: 'Order',
  elements: [
    { ...element, id: 'placed', name: 'Order placed', kind: 'startEvent', outgoing: ['f1'], bindings: [{ event: 'order.placed', phase: 'occur', from: 'name' }] },
    { ...element, id: 'pay', name: 'Retrieve payment', kind: 'task', incoming: ['f1'], outgoing: ['f2'], bindings: [{ event: 'payment.*', phase: 'end', from: 'name' }] },
    { ...element, id: 'ship', name: 'Ship goods', kind: 'task', incoming: ['f2'], outgoing: ['f3'], bindings: [{ event: 'goods.shipped', phase: 'end', from: 'name' }] },
    { ...element, id: 'done', name: '', kind: 'endEvent', incoming: ['f3'] },
  ],
  flows: [
    { id: 'f1', name: '', source: 'placed', target: 'pay' },
    { id: 'f2', name: '', source: 'pay', target: 'ship' },
    { id: 'f3', name: '', source: 'ship', target: 'done' },
  ],
  keys: [{ name: 'orderId', value: 'data.orderId' }],
  mode: 'suggest', tolerance: 'PT2S', grace: 'PT30S', maxGrace: 'PT10M', zone: 'UTC', effectsMaxAge: 'P1D', unexpected: [], accepted: [],
}

export function modelRow(row: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    model: 'order', version: 1, name: 'Order', hash: 'h1', xml: '<definitions/>', mapping: null, process: orderProcess, findings: [], mode: 'suggest',
    status: 'active', position: 1, deployed_position: 1, deployed_at: 0, in_force_from: 0, ...row,
  }
}

export function instanceRow(key: string, { tokens = [], variables = {}, ...row }: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    id: idOf(`instance ${key}`), unit: unitOf(String(row['model'] ?? 'order'), key), run: 0, shard: 0, model: 'order', version: 1, key, former_ids: [], status: 'active',
    stuck: false, late: false, deviations: 0, settling: false, approximate: false, started_at: 0, last_event_at: 0, ended_at: null, shown_at: 0,
    position: 1, tokens_json: tokens, variables_json: variables, ...row,
  }
}

export function tokenRow(key: string, at: string, since: number, row: Record<string, unknown> = {}): Record<string, unknown> {
  return { instance: idOf(`instance ${key}`), element: at, n: 0, shard: 0, model: 'order', version: 1, since, stuck: false, late: false, ...row }
}

export function commandRow(name: string, row: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    id: idOf(`command ${name}`), unit: idOf('unit A'), instance: idOf('instance A'), shard: 0, model: 'order', version: 1, key: 'A', element: 'ship',
    cause: 'c1', type: 'order.cancel', target: 'order', data: { orderId: 'A' }, status: 'proposed', decided_at: 0, leaves_at: null, left_at: null,
    delivered_at: null, position: 0, attempts: 0, next_attempt_at: '2000-01-01T00:00:00Z', error: null, note: null, ...row,
  }
}

export function alertRow(name: string, row: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    id: idOf(`alert ${name}`), kind: 'stuck', severity: 'warning', model: 'order', element: 'pay', title: 'Orders are stuck at Retrieve payment',
    status: 'open', episode: 1, opened_at: 0, acknowledged_at: null, acknowledged_by: null, resolved_at: null,
    resolved_by: null, comment: null, assigned_to: null, silenced_until: null, silenced_by: null, announced: row['episode'] ?? 1, ...row,
  }
}
