/** What an entry of the log says, or why it cannot be read. Never throws: a bad entry is quarantined and stops nothing. */
import type { DomainEvent } from '@tidemark/bpmn'
import type { Entry } from '@tidemark/log'
import { ModelEntry, OperationEntry, SettlementEntry } from '../../store/entries.js'
import { contentHash } from '../../store/identity.js'

export type Decoded =
  | { readonly kind: 'event'; readonly entry: Entry; readonly event: DomainEvent; readonly contentHash: string }
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
        return { kind: 'operation', entry, operation: OperationEntry.parse(body) }
      case 'settlement':
        return { kind: 'settlement', entry, settlement: SettlementEntry.parse(body) }
    }
  } catch (error) {
    return { kind: 'undecodable', entry, reason: `is not readable: ${error instanceof Error ? error.message.slice(0, 200) : 'unknown fault'}` }
  }
}

function decodeEvent(entry: Entry, body: unknown): Decoded {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return { kind: 'undecodable', entry, reason: 'is not a JSON object' }
  const attributes = body as Record<string, unknown>
  const { id, source, type, subject, data } = attributes
  if (typeof id !== 'string' || typeof source !== 'string' || typeof type !== 'string' || id === '' || source === '' || type === '') {
    return { kind: 'undecodable', entry, reason: 'has no id, source or type' }
  }
  let extensions: Record<string, unknown> | undefined
  for (const name in attributes) if (!CORE.has(name)) (extensions ??= {})[name] = attributes[name]
  const sequence = extensions?.['sequence']
  const event: DomainEvent = {
    id: clean(id), source: clean(source), type: clean(type), time: entry.time,
    ...(typeof subject === 'string' ? { subject: clean(subject) } : {}),
    ...(typeof sequence === 'string' || typeof sequence === 'number' ? { sequence: clean(String(sequence)) } : {}),
    ...(data === undefined ? {} : { data }),
    ...(extensions === undefined ? {} : { extensions }),
  }
  return { kind: 'event', entry, event, contentHash: contentHash(JSON.stringify(attributes)) }
}

/** Postgres takes neither NUL nor lone surrogates: both are replaced, in every text that is stored. */
export function clean(value: string): string {
  const whole = value.isWellFormed() ? value : value.toWellFormed()
  return whole.includes('\u0000') ? whole.replaceAll('\u0000', '\ufffd') : whole
}
