import type { DomainEvent } from '../event.js'
import type { KeyExpression } from '../model.js'
import { compileExpression } from './expression.js'
import { parsePath, readPath } from './path.js'

/** Longer values are no business keys; the tables index them. */
const MAX_KEY_LENGTH = 200

/** Reads one key value from an event; undefined where the event has none. */
export type KeyReader = (event: DomainEvent) => string | undefined

/**
 * A plain path (`data.order.id`, `subject`), FEEL behind `=`, or '' for the default key. An expression that cannot be read reads
 * nothing.
 */
export function keyReader(key: KeyExpression): KeyReader {
  if (key.value === '') return (event) => defaultKeyOf(event)
  const path = parsePath(key.value.replace(/^=\s*/, ''))
  if (path === undefined) {
    const expression = compileExpression(key.value)
    return (event) => keyValue(expression.evaluate(eventContext(event)).value)
  }
  const [first, ...rest] = path
  if (first === 'data') return (event) => keyValue(readPath(event.data, rest))
  return (event) => (rest.length === 0 ? keyValue(attributeOf(event, first as string)) : undefined)
}

/** What a filter or a key expression sees: the event alone. */
export function eventContext(event: DomainEvent): object {
  const { id, source, type, subject, time, data } = event
  return { ...event.extensions, id, source, type, subject, time, data }
}

/** What emitters that know nothing of us fill in. */
function defaultKeyOf(event: DomainEvent): string | undefined {
  return keyValue(attributeOf(event, 'correlationid')) ?? keyValue(attributeOf(event, 'partitionkey')) ?? keyValue(event.subject)
}

function attributeOf(event: DomainEvent, name: string): unknown {
  if (name === 'subject' || name === 'source' || name === 'type' || name === 'id') return event[name]
  return readPath(event.extensions, [name])
}

/** Text or finite numbers of 1 to 200 characters; anything else identifies nothing. */
function keyValue(value: unknown): string | undefined {
  const text = typeof value === 'number' && Number.isFinite(value) ? String(value) : value
  if (typeof text !== 'string' || text.length === 0 || text.length > MAX_KEY_LENGTH || text.includes('\0')) return undefined
  return text
}
