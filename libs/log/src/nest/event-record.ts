import { randomUUID } from 'node:crypto'
import { LogError } from '../log.js'

/** An event in structured JSON (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md). */
export interface CloudEvent {
  readonly specversion: '1.0'
  readonly id: string
  readonly source: string
  readonly type: string
  readonly subject?: string
  /** RFC 3339. */
  readonly time?: string
  readonly data?: unknown
  /** Other attributes. */
  readonly [attribute: string]: unknown
}

/** What a sender says of an event beside its type and data. */
export interface EventAttributes {
  /** Make it when the thing happens: whoever emits the same id again says the same event again. Default: a new one. */
  readonly id?: string
  /** Which order, claim or payment it concerns. */
  readonly subject?: string
  /** When it happened, RFC 3339. Default: now. */
  readonly time?: string
  /** Extensions: lower-case letters and digits. */
  readonly [extension: string]: string | number | boolean | undefined
}

/** Data with attributes, for `client.emit(type, new EventRecord(data, { subject }))`. */
export class EventRecord<Data = unknown> {
  constructor(readonly data: Data, readonly attributes: EventAttributes = {}) {}
}

/** What a tracker takes. */
const MAX_TYPE_CHARACTERS = 200
const ATTRIBUTE = /^[a-z0-9]{1,64}$/

/** The event that is emitted. Throws LogError invalid where a receiver would refuse it. */
export function cloudEventOf(type: unknown, data: unknown, source: string, now: () => number): CloudEvent {
  if (typeof type !== 'string' || type === '' || type.length > MAX_TYPE_CHARACTERS) {
    throw new LogError('invalid', `A pattern to emit is an event type: a text of 1 to ${MAX_TYPE_CHARACTERS} characters.`)
  }
  if (/^tidemark\./i.test(type)) throw new LogError('invalid', `'${type}' cannot be emitted: types that begin with "tidemark." are Tidemark's own.`)
  const record = data instanceof EventRecord ? data : new EventRecord(data)
  for (const name of Object.keys(record.attributes)) {
    if (!ATTRIBUTE.test(name) || ['specversion', 'source', 'type', 'data'].includes(name)) {
      const what = `'${name.slice(0, 80)}' is no attribute that an event of type ${type} can be given`
      throw new LogError('invalid', `${what}: extensions are lower-case letters and digits.`)
    }
  }
  const { id = randomUUID(), time = new Date(now()).toISOString(), ...others } = record.attributes
  if (id === '') throw new LogError('invalid', `An event of type ${type} has an empty id.`)
  return { specversion: '1.0', id, source, type, time, ...others, datacontenttype: 'application/json', data: record.data }
}
