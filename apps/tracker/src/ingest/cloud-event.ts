import { type Draft, subjectFor } from '@tidemark/log'
import type { ProblemItem } from '../problem.js'
import { parseTimestamp } from './rfc3339.js'

/**
 * CloudEvents 1.0 (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md), checked by hand: the SDK invents what is missing, and
 * this is the hot path. Lengths are what the log's subjects and the lists of the API can hold.
 */
const MAX_ID_CHARACTERS = 400
const MAX_SOURCE_CHARACTERS = 400
const MAX_TYPE_CHARACTERS = 200
const MAX_SUBJECT_CHARACTERS = 400
const MAX_VALUE_CHARACTERS = 4_096
const MAX_EXTENSIONS = 64
/** The specification: lower-case letters and digits; the bound on the length is ours. */
const EXTENSION_NAME = /^[a-z0-9]{1,64}$/
/** Types and subjects of our own: an emitter can neither approve a command nor look as if it came from us. */
const RESERVED_TYPE = /^tidemark\./i
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

const CORE = new Set(['specversion', 'id', 'source', 'type', 'subject', 'time', 'datacontenttype', 'dataschema', 'data', 'data_base64'])
/** Types and extension names repeat; what passed is remembered, at most this many. */
const MAX_REMEMBERED = 10_000
const subjects = new Map<string, string>()
const extensionNames = new Set<string>()

/** A draft that is known to be an event: what the policy looks at. */
export interface EventDraft extends Draft {
  readonly type: string
  readonly source: string
  readonly key: string
}

export type Complain = (item: Omit<ProblemItem, 'index'>) => void

/**
 * The draft of a checked event, or undefined after at least one complaint that names the attribute. `payload` is the event as it came, in
 * structured JSON; it is kept byte by byte, so that nothing is lost that JSON can say and a double cannot.
 */
export function draftOf(event: unknown, payload: Uint8Array, complain: Complain): EventDraft | undefined {
  if (typeof event !== 'object' || event === null || Array.isArray(event)) {
    complain({ message: 'is not a JSON object' })
    return undefined
  }
  let faults = 0
  let nulls = false
  let extensions = 0
  const refuse = (attribute: string, message: string) => {
    faults += 1
    complain({ attribute, message })
  }
  const attributes = event as Record<string, unknown>
  for (const name in attributes) {
    if (attributes[name] === null && name !== 'data') nulls = true
    else if (!CORE.has(name)) {
      extensions += 1
      checkExtension(name, attributes[name], refuse)
    }
  }
  if (extensions > MAX_EXTENSIONS) refuse('extensions', `has ${extensions} extension attributes, at most ${MAX_EXTENSIONS} are taken`)
  if (attributes['specversion'] !== '1.0') refuse('specversion', attributes['specversion'] === undefined ? 'is missing: it must be "1.0"' : 'must be "1.0"')
  const id = requiredText(attributes, 'id', MAX_ID_CHARACTERS, refuse)
  const source = requiredText(attributes, 'source', MAX_SOURCE_CHARACTERS, refuse)
  const type = requiredText(attributes, 'type', MAX_TYPE_CHARACTERS, refuse)
  if (RESERVED_TYPE.test(type)) refuse('type', 'must not begin with "tidemark.": those are Tidemark\'s own')
  optionalText(attributes, 'subject', MAX_SUBJECT_CHARACTERS, refuse)
  optionalText(attributes, 'datacontenttype', MAX_VALUE_CHARACTERS, refuse)
  optionalText(attributes, 'dataschema', MAX_VALUE_CHARACTERS, refuse)
  const time = timeOf(attributes['time'], refuse)
  checkData(attributes, refuse)
  if (faults > 0) return undefined
  // In structured JSON null says "not set": kept out, so that nobody after us has to know.
  const kept = nulls ? Buffer.from(JSON.stringify(withoutNulls(attributes))) : payload
  const key = `${source}\0${id}`
  return time === undefined
    ? { kind: 'event', subject: subjectOf(type), key, payload: kept, type, source }
    : { kind: 'event', subject: subjectOf(type), key, payload: kept, type, source, time }
}

type Refuse = (attribute: string, message: string) => void

function requiredText(attributes: Record<string, unknown>, name: string, maxCharacters: number, refuse: Refuse): string {
  const value = attributes[name]
  if (value === undefined || value === null) refuse(name, 'is missing')
  else if (typeof value !== 'string') refuse(name, 'must be a string')
  else if (value === '') refuse(name, 'must not be empty')
  else if (value.length > maxCharacters) refuse(name, `has ${value.length} characters, at most ${maxCharacters} are taken`)
  else return value
  return ''
}

function optionalText(attributes: Record<string, unknown>, name: string, maxCharacters: number, refuse: Refuse): void {
  const value = attributes[name]
  if (value !== undefined && value !== null) requiredText(attributes, name, maxCharacters, refuse)
}

function timeOf(value: unknown, refuse: Refuse): number | undefined {
  if (value === undefined || value === null) return undefined
  const time = typeof value === 'string' ? parseTimestamp(value) : undefined
  if (time === undefined) refuse('time', 'must be an RFC 3339 timestamp with an offset, such as 2026-03-01T12:00:00Z')
  return time
}

function checkExtension(name: string, value: unknown, refuse: Refuse): void {
  if (!extensionNames.has(name)) {
    if (!EXTENSION_NAME.test(name)) return refuse(name.slice(0, 80), 'is not an attribute name: lower-case letters and digits only')
    if (extensionNames.size >= MAX_REMEMBERED) extensionNames.clear()
    extensionNames.add(name)
  }
  if (typeof value === 'string' ? value.length > MAX_VALUE_CHARACTERS : typeof value !== 'number' && typeof value !== 'boolean') {
    refuse(name, typeof value === 'string' ? `has ${value.length} characters, at most ${MAX_VALUE_CHARACTERS} are taken` : 'must be a string, a number or a boolean; what is structured belongs into data')
  }
}

function checkData(attributes: Record<string, unknown>, refuse: Refuse): void {
  const base64 = attributes['data_base64']
  if (base64 === undefined || base64 === null) return
  if (attributes['data'] !== undefined) refuse('data_base64', 'and data exclude each other')
  else if (typeof base64 !== 'string' || !BASE64.test(base64)) refuse('data_base64', 'must be base64')
}

function withoutNulls(attributes: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(attributes).filter(([name, value]) => value !== null || name === 'data'))
}

function subjectOf(type: string): string {
  let subject = subjects.get(type)
  if (subject === undefined) {
    subject = subjectFor('event', type)
    if (subjects.size >= MAX_REMEMBERED) subjects.clear()
    subjects.set(type, subject)
  }
  return subject
}
