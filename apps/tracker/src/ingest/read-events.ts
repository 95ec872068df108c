import { parseBoundedJson, withoutByteOrderMark } from '../bounded-json.js'
import { MAX_EVENTS_BYTES } from '../http/body-limits.js'
import { type ProblemItem, TrackerError } from '../problem.js'
import { type Headers, structuredOf } from './binary-mode.js'
import { draftOf, type EventDraft } from './cloud-event.js'

/** Events in one request. */
export const MAX_BATCH_EVENTS = 1_000
/** Faults told in one answer. */
const MAX_ERRORS = 20

const STRUCTURED = 'application/cloudevents+json'
const BATCH = 'application/cloudevents-batch+json'

/**
 * The events of a request in the order they stand in it: structured, batch or binary mode by content type; plain application/json holding an
 * event or an array of events is read as what it is. All or none: a fault throws `invalidEvent` and names event and attribute.
 * `prefix` is that of attribute headers: `ce-` in HTTP.
 */
export function readEvents(headers: Headers, body: Uint8Array, prefix = 'ce-'): readonly EventDraft[] {
  if (body.length > MAX_EVENTS_BYTES) {
    throw new TrackerError('tooLarge', 413, `A request of events has at most ${MAX_EVENTS_BYTES} bytes, this one has ${body.length}: send smaller batches.`)
  }
  const contentType = textOf(headers['content-type'])
  const mediaType = contentType.split(';')[0]!.trim().toLowerCase()
  if (mediaType === STRUCTURED) return fromJson(inUtf8(contentType, body), 'one')
  if (mediaType === BATCH) return fromJson(inUtf8(contentType, body), 'many')
  if (mediaType.startsWith('application/cloudevents')) {
    throw new TrackerError('unsupportedMediaType', 415, `${mediaType} is not taken: use ${STRUCTURED}, ${BATCH}, or binary mode with ce- headers.`)
  }
  if (headers[`${prefix}specversion`] !== undefined || headers[`${prefix}id`] !== undefined) {
    return fromJson(structuredOf(headers, prefix, contentType, body), 'one')
  }
  if (mediaType === 'application/json') return fromJson(inUtf8(contentType, body), 'any')
  throw new TrackerError(
    'unsupportedMediaType', 415,
    `Events come as ${STRUCTURED}, as ${BATCH}, or in binary mode with ce-specversion, ce-id, ce-source and ce-type as headers. This request is ${mediaType === '' ? 'without a content type' : mediaType} and has no ce- headers.`,
  )
}

function fromJson(bytes: Uint8Array, wanted: 'one' | 'many' | 'any'): readonly EventDraft[] {
  const body = withoutByteOrderMark(bytes)
  const { value, elements } = parseBoundedJson(body)
  const isBatch = Array.isArray(value)
  if (isBatch && wanted === 'one') throw refused([{ message: `is an array: send it as ${BATCH}` }])
  if (!isBatch && wanted === 'many') throw refused([{ message: `is not an array: a single event is sent as ${STRUCTURED}` }])
  const events = isBatch ? (value as unknown[]) : [value]
  if (events.length > MAX_BATCH_EVENTS) {
    throw new TrackerError('tooLarge', 413, `A batch has at most ${MAX_BATCH_EVENTS} events, this one has ${events.length}: send smaller batches.`)
  }
  const errors: ProblemItem[] = []
  const drafts: EventDraft[] = []
  for (let index = 0; index < events.length; index += 1) {
    // Offsets are right where every element is an object; where one is not, the batch is refused anyway.
    const payload = isBatch ? partOf(body, elements[2 * index] ?? 0, elements[2 * index + 1] ?? 0) : body
    const draft = draftOf(events[index], payload, (item) => errors.push(isBatch ? { index, ...item } : item))
    if (draft !== undefined) drafts.push(draft)
    if (errors.length >= MAX_ERRORS) break
  }
  if (errors.length > 0) throw refused(errors)
  return drafts
}

/** Quicker than a Buffer's own `subarray`. */
function partOf(body: Buffer, start: number, end: number): Uint8Array {
  return new Uint8Array(body.buffer, body.byteOffset + start, end - start)
}

function refused(errors: readonly ProblemItem[]): TrackerError {
  const { index, attribute, message } = errors[0]!
  const where = index === undefined ? 'The event' : `Event ${index} of the batch`
  const rest = errors.length === 1 ? '' : ` (and ${errors.length - 1} more)`
  const consequence = index === undefined ? '' : ' Nothing of the batch was taken.'
  const what = attribute === undefined ? ` ${message}` : `: ${attribute} ${message}`
  return new TrackerError('invalidEvent', 400, `${where}${what}${rest}.${consequence}`, errors)
}

/** JSON is UTF-8; what says it is something else is turned into it, where Node knows the name. */
function inUtf8(contentType: string, body: Uint8Array): Uint8Array {
  const charset = /;\s*charset\s*=\s*"?([\w-]+)"?/i.exec(contentType)?.[1]?.toLowerCase()
  if (charset === undefined || charset === 'utf-8' || charset === 'utf8' || charset === 'us-ascii') return body
  try {
    return Buffer.from(new TextDecoder(charset, { fatal: true }).decode(body))
  } catch {
    throw new TrackerError('unsupportedMediaType', 415, `The charset ${charset} is not known, or the body is not in it: send UTF-8.`)
  }
}

function textOf(header: string | readonly string[] | undefined): string {
  return typeof header === 'string' ? header : (header?.[0] ?? '')
}
