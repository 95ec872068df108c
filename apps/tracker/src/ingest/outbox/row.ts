import type { Draft } from '@tidemark/log'
import { TrackerError } from '../../problem.js'
import type { Intake } from '../intake.js'
import { readEvents } from '../read-events.js'
import type { OutboxRow, OutboxTable } from './table.js'

/** A traceparent of W3C Trace Context, wherever it stands: alone, in JSON, or in the properties that Debezium writes. */
const TRACEPARENT = /\b00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}\b/

/**
 * The row as an event: `id` and `type` as they are, the aggregate's type as the source (`/<outbox>/<aggregatetype>`), its id as the subject, the
 * payload as the data, JSON byte by byte. What makes no event, or one that its schema forbids, is quarantined, because a table cannot be refused.
 * Undefined where a rule drops it.
 */
export function draftOfRow(row: OutboxRow, outbox: string, columns: OutboxTable['columns'], intake: Pick<Intake, 'admit' | 'quarantined'>): Draft | undefined {
  const from = `outbox ${outbox}`
  const source = row.aggregatetype === null ? `/${outbox}` : `/${outbox}/${encodeURIComponent(row.aggregatetype)}`
  const key = `${source}\0${row.id ?? ''}`.slice(0, 1_000)
  if (row.payload === null && row.payload_bytes > 0) {
    return intake.quarantined(`The payload has ${row.payload_bytes} bytes, which is more than an event may have.`, from, JSON.stringify(row), key)
  }
  const event = structured(row, source, columns)
  try {
    return intake.admit(readEvents({ 'content-type': 'application/cloudevents+json' }, event)[0]!, from)
  } catch (error) {
    if (!(error instanceof TrackerError)) throw error
    return intake.quarantined(error.detail, from, event.toString(), key)
  }
}

function structured(row: OutboxRow, source: string, columns: OutboxTable['columns']): Buffer {
  const time = timeOf(row.timestamp) ?? timeOf(row.committed)
  const traceparent = TRACEPARENT.exec(row.tracing ?? '')?.[0]
  const attributes = {
    specversion: '1.0', id: row.id ?? undefined, source, type: row.type ?? undefined, subject: row.aggregateid ?? undefined, time, traceparent,
  }
  return Buffer.from(`${JSON.stringify(attributes).slice(0, -1)}${dataOf(row.payload, columns.payload?.type ?? '')}}`)
}

function dataOf(payload: string | null, type: string): string {
  if (payload === null) return ''
  if (type === 'bytea') return `,"data_base64":"${payload}"`
  if (type === 'json' || type === 'jsonb' || isJsonText(payload)) return `,"datacontenttype":"application/json","data":${payload}`
  return `,"datacontenttype":"text/plain","data":${JSON.stringify(payload)}`
}

/** Of a text column: objects and arrays are meant as JSON, a bare `12` may be anything. */
function isJsonText(text: string): boolean {
  if (!/^\s*[[{]/.test(text)) return false
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** Times come as RFC 3339, as Postgres writes them in UTC (2026-03-01 12:00:00.5+00), or as a count since 1970 whose size tells the unit. */
function timeOf(text: string | null): string | undefined {
  if (text === null || text.includes('infinity')) return undefined
  if (!/^\d+$/.test(text)) return text.replace(' ', 'T').replace(/\+00$/, 'Z')
  const digits = text.length
  const ms = digits <= 11 ? Number(text) * 1_000 : Number(text) / 10 ** (digits <= 14 ? 0 : digits <= 17 ? 3 : 6)
  return Number.isFinite(ms) && Math.abs(ms) < 8.64e15 ? new Date(ms).toISOString() : text
}
