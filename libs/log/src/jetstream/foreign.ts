/**
 * Messages that others put on subjects of the stream, read as events: CloudEvents in the structured, batch and binary modes of the NATS
 * binding (https://github.com/cloudevents/spec/blob/main/cloudevents/bindings/nats-protocol-binding.md), and any other message as an event whose
 * type is its subject. A foreign message is always an event, whatever it says: nobody out there can write an operation.
 *
 * A pure function of the message, because it is read again on every replay.
 */
import { isUtf8 } from 'node:buffer'
import { DraftCheck } from '../draft.js'
import type { Draft } from '../log.js'
import { subjectFor } from '../subjects.js'
import type { StreamMessage } from './message.js'
import { MAX_ENTRIES_PER_MESSAGE } from './position.js'

/** What cannot be read is kept under this subject, as it came. */
const UNREADABLE = 'undecodable'
const PREFIX = 'event'
const check = new DraftCheck()

/** At least one draft, all of kind `event`. `stream`: the source of events that name none. */
export function draftsOf(message: StreamMessage, stream: string): readonly Draft[] {
  try {
    const drafts = read(message, stream)
    if (drafts.length === 0 || drafts.length > MAX_ENTRIES_PER_MESSAGE) return [unreadable(message)]
    check.check(drafts)
    return drafts
  } catch {
    return [unreadable(message)]
  }
}

function read(message: StreamMessage, stream: string): readonly Draft[] {
  const contentType = header(message, 'content-type').toLowerCase()
  if (contentType.startsWith('application/cloudevents-batch+json')) {
    return (json(message.data) as unknown[]).map((event) => eventDraft(event, Buffer.from(JSON.stringify(event))))
  }
  if (contentType.startsWith('application/cloudevents')) return [eventDraft(json(message.data), message.data)]
  if (header(message, 'ce-specversion') !== '') return [binaryDraft(message)]
  const event = looksLikeEvent(message.data) ? tryJson(message.data) : undefined
  return [isEvent(event) ? eventDraft(event, message.data) : plainDraft(message, stream)]
}

interface Event {
  readonly id: string
  readonly source: string
  readonly type: string
  readonly time?: unknown
}

function isEvent(value: unknown): value is Event {
  if (typeof value !== 'object' || value === null) return false
  const { id, source, type } = value as Record<string, unknown>
  return [id, source, type].every((it) => typeof it === 'string' && it !== '')
}

function eventDraft(event: unknown, payload: Uint8Array): Draft {
  if (!isEvent(event)) throw new TypeError('no CloudEvent')
  const time = typeof event.time === 'string' ? Date.parse(event.time) : NaN
  return {
    kind: 'event', subject: subjectFor(PREFIX, event.type), key: `${event.source}\u0000${event.id}`, payload,
    ...(Number.isSafeInteger(time) ? { time } : {}),
  }
}

/** Attributes in headers, data in the body: the same event in structured JSON. */
function binaryDraft(message: StreamMessage): Draft {
  const attributes: Record<string, string> = {}
  for (const [name, values] of message.headers ?? []) {
    const lower = name.toLowerCase()
    if (lower.startsWith('ce-') && lower !== 'ce-datacontenttype') attributes[lower.slice(3)] = decodeURIComponent(values.join(','))
  }
  const contentType = header(message, 'content-type') || header(message, 'ce-datacontenttype')
  if (contentType !== '') attributes['datacontenttype'] = contentType
  return eventDraft(attributes, withData(attributes, contentType, message.data))
}

function plainDraft(message: StreamMessage, stream: string): Draft {
  const contentType = header(message, 'content-type')
  const attributes = {
    specversion: '1.0', id: header(message, 'nats-msg-id') || String(message.sequence), source: `/nats/${stream}`, type: message.subject,
    time: new Date(message.timeMs).toISOString(), ...(contentType === '' ? {} : { datacontenttype: contentType }),
  }
  return eventDraft(attributes, withData(attributes, contentType, message.data))
}

/** JSON stays byte by byte as it came, text becomes a string, all else base64. */
function withData(attributes: object, contentType: string, data: Uint8Array): Uint8Array {
  const head = JSON.stringify(attributes).slice(0, -1)
  if (data.byteLength === 0) return Buffer.from(`${head}}`)
  const mayBeJson = contentType === '' || /^[\w.-]+\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(contentType)
  if (mayBeJson && tryJson(data) !== undefined) return Buffer.concat([Buffer.from(`${head},"data":`), data, Buffer.from('}')])
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  if (isUtf8(bytes)) return Buffer.from(`${head},"data":${JSON.stringify(bytes.toString())}}`)
  return Buffer.from(`${head},"data_base64":"${bytes.toString('base64')}"}`)
}

function unreadable(message: StreamMessage): Draft {
  return { kind: 'event', subject: UNREADABLE, payload: message.data }
}

function header(message: StreamMessage, wanted: string): string {
  for (const [name, values] of message.headers ?? []) if (name.toLowerCase() === wanted) return values.join(',')
  return ''
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

function json(data: Uint8Array): unknown {
  return JSON.parse(utf8.decode(data))
}

function tryJson(data: Uint8Array): unknown {
  try {
    return json(data)
  } catch {
    return undefined
  }
}

/** Saves parsing what cannot be one. */
function looksLikeEvent(data: Uint8Array): boolean {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).includes('"specversion"')
}
