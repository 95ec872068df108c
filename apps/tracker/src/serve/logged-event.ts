import type { LoggedEvent } from '@tidemark/api'
import type { Entry } from '@tidemark/log'
import { rfc3339 } from './times.js'

const core = new Set(['specversion', 'id', 'source', 'type', 'subject', 'time', 'datacontenttype', 'dataschema', 'data', 'data_base64'])
/** Of bytes that are no event, so much is shown. */
const SHOWN_BYTES = 4_096

/** An entry of kind `event` as the explorer shows it, its fates still unknown. What cannot be read as an event is shown as it came. */
export function showLogged(entry: Entry): Omit<LoggedEvent, 'fates'> {
  const event = parseEvent(entry.payload)
  const place = { position: String(entry.position), time: rfc3339(entry.time), appendTime: rfc3339(entry.appendTime) }
  if (event === undefined) return { ...place, id: '', source: '', type: '(undecodable)', data: Buffer.from(entry.payload.subarray(0, SHOWN_BYTES)).toString() }
  const extensions = Object.fromEntries(Object.entries(event).filter(([name]) => !core.has(name)))
  const data = event['data'] ?? event['data_base64']
  return {
    ...place, id: text(event['id']), source: text(event['source']), type: text(event['type']),
    ...(typeof event['subject'] === 'string' ? { subject: event['subject'] } : {}),
    ...(data === undefined ? {} : { data }),
    ...(Object.keys(extensions).length === 0 ? {} : { extensions }),
  }
}

function parseEvent(payload: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString())
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value as Record<string, unknown> : undefined
  } catch {
    return undefined
  }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
