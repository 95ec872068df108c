/** What an entry of the log says, or why it cannot be read. Never throws: a bad entry is quarantined and stops nothing. */
import type { DomainEvent } from '@tidemark/bpmn'
import type { Entry } from '@tidemark/log'
import { ModelEntry, OperationEntry, QUARANTINE_SUBJECT, SettlementEntry } from '../../store/entries.js'
import { identityAsNow } from '../../store/identity.js'

export type Decoded =
  | { readonly kind: 'event'; readonly entry: Entry; readonly event: DomainEvent }
  | { readonly kind: 'model'; readonly entry: Entry; readonly model: ModelEntry }
  | { readonly kind: 'operation'; readonly entry: Entry; readonly operation: OperationEntry }
  | { readonly kind: 'settlement'; readonly entry: Entry; readonly settlement: SettlementEntry }
  | { readonly kind: 'clock'; readonly entry: Entry }
  | { readonly kind: 'undecodable'; readonly entry: Entry; readonly reason: string }

const CORE = new Set(['specversion', 'id', 'source', 'type', 'subject', 'time', 'datacontenttype', 'dataschema', 'data', 'data_base64'])
const text = new TextDecoder('utf-8', { fatal: true })

export function decode(entry: Entry): Decoded {
  if (entry.kind === 'clock') return { kind: 'clock', entry }
  try {
    const body: unknown = JSON.parse(text.decode(entry.payload))
    switch (entry.kind) {
      case 'event':
        return decodeEvent(entry, body)
      case 'model':
        return { kind: 'model', entry, model: ModelEntry.parse(body) }
      case 'operation':
        return { kind: 'operation', entry, operation: asNow(OperationEntry.parse(body)) }
      case 'settlement':
        return { kind: 'settlement', entry, settlement: asNow(SettlementEntry.parse(body)) }
    }
  } catch (error) {
    return { kind: 'undecodable', entry, reason: `is not readable: ${error instanceof Error ? error.message.slice(0, 200) : 'unknown fault'}` }
  }
}

function decodeEvent(entry: Entry, body: unknown): Decoded {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return { kind: 'undecodable', entry, reason: 'is not a JSON object' }
  const attributes = body as Record<string, unknown>
  if (entry.subject === QUARANTINE_SUBJECT) {
    const { refused } = attributes
    return { kind: 'undecodable', entry, reason: typeof refused === 'string' ? clean(refused.slice(0, 500)) : 'is no valid event: it was refused when it came in' }
  }
  const { id, source, type, subject, data } = attributes
  if (typeof id !== 'string' || typeof source !== 'string' || typeof type !== 'string' || id === '' || source === '' || type === '') {
    return { kind: 'undecodable', entry, reason: 'has no id, source or type' }
  }
  const event: { -readonly [Key in keyof DomainEvent]: DomainEvent[Key] } = { id: clean(id), source: remembered(source), type: remembered(type), time: entry.time }
  if (typeof subject === 'string') event.subject = clean(subject)
  if (data !== undefined) event.data = data
  for (const name in attributes) if (!CORE.has(name)) ((event.extensions ??= {}) as Record<string, unknown>)[name] = attributes[name]
  const sequence = attributes['sequence']
  if (typeof sequence === 'string' || typeof sequence === 'number') event.sequence = clean(String(sequence))
  return { kind: 'event', entry, event }
}

/** What it calls an instance or a command of a unit, as it is called now. */
function asNow<Said extends OperationEntry | SettlementEntry>(said: Said): Said {
  if (!('key' in said)) return said
  const { model, key } = said
  const as = (id: string) => identityAsNow(model, key, id)
  return { ...said, ...('command' in said ? { command: as(said.command) } : {}), ...('instance' in said ? { instance: as(said.instance) } : {}) }
}

/** Sources and types repeat: one string for each is kept by all the facts that name it. */
const repeated = new Map<string, string>()
const MAX_REPEATED = 10_000

function remembered(value: string): string {
  const known = repeated.get(value)
  if (known !== undefined) return known
  if (repeated.size >= MAX_REPEATED) repeated.clear()
  const kept = clean(value)
  repeated.set(value, kept)
  return kept
}

/** Postgres takes neither NUL nor lone surrogates: both are replaced, in every text that is stored. */
export function clean(value: string): string {
  const whole = value.isWellFormed() ? value : value.toWellFormed()
  return whole.includes('\u0000') ? whole.replaceAll('\u0000', '\ufffd') : whole
}
