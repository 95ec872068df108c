import type { CommandDefinition, KeyExpression, SlaDefinition, UnexpectedEvent } from '../model.js'
import { keyNamed } from './rules.js'
import type { ElementRules, ObserveRule, ProcessRules } from './rules.js'
import { at } from './shape-reader.js'
import type { Shape, ShapeReader } from './shape-reader.js'

/** The keys of each part of a mapping file; mapping-schema.ts lists the same, and a test keeps them equal. */
export const mappingKeys = {
  process: [
    'process', 'key', 'mode', 'tolerance', 'grace', 'maxGrace', 'stuckAfter', 'completion', 'zone', 'effectsMaxAge', 'sla', 'unexpected', 'accepted',
    'elements',
  ],
  element: ['observe', 'command', 'managed', 'sla', 'stuckAfter', 'unwanted', 'timer', 'item'],
  observe: ['event', 'phase', 'source', 'filter', 'key'],
  command: ['type', 'target', 'data'],
  sla: ['duration', 'severity', 'name'],
  key: ['name', 'value'],
  unexpected: ['event', 'source', 'filter', 'key'],
  accepted: ['kind', 'element'],
} as const

export function readProcessRules(reader: ShapeReader, top: Shape): ProcessRules {
  reader.onlyKeys(top, ['$schema', ...mappingKeys.process], '')
  const text = (key: string): string | undefined => reader.text(top, key, '')
  return present({
    keys: readKeys(reader, top['key']),
    mode: reader.choice(top, 'mode', '', ['observe', 'suggest', 'manage']),
    tolerance: text('tolerance'), grace: text('grace'), maxGrace: text('maxGrace'), stuckAfter: text('stuckAfter'),
    completion: text('completion'), zone: text('zone'), effectsMaxAge: text('effectsMaxAge'),
    sla: readSla(reader, top['sla'], 'sla'),
    unexpected: readUnexpected(reader, top['unexpected']),
    accepted: readAccepted(reader, top['accepted']),
  })
}

/** An element may be given as a map, or in short as the event type that it is observed by. */
export function readElementRules(reader: ShapeReader, value: unknown, where: string): ElementRules {
  if (typeof value === 'string') return { observe: [{ event: value }] }
  const entry = reader.record(value, where)
  if (entry === undefined) return {}
  reader.onlyKeys(entry, mappingKeys.element, where)
  return present({
    observe: readObserve(reader, entry['observe'], at(where, 'observe')),
    command: readCommand(reader, entry['command'], at(where, 'command')),
    managed: reader.flag(entry, 'managed', where),
    sla: readSla(reader, entry['sla'], at(where, 'sla')),
    stuckAfter: reader.text(entry, 'stuckAfter', where),
    unwanted: reader.flag(entry, 'unwanted', where),
    timer: reader.choice(entry, 'timer', where, ['self', 'watch']),
    itemKey: reader.text(entry, 'item', where),
  })
}

function readObserve(reader: ShapeReader, value: unknown, where: string): ObserveRule[] | undefined {
  return readEvents(reader, value, where, mappingKeys.observe, (rule) => ({ phase: reader.choice(rule, 'phase', where, ['start', 'end', 'occur']) }))
}

function readUnexpected(reader: ShapeReader, value: unknown): UnexpectedEvent[] | undefined {
  return readEvents(reader, value, 'unexpected', mappingKeys.unexpected, () => ({}))
}

/** One event or a list of them; each in short as its type. */
function readEvents<More extends object>(
  reader: ShapeReader, value: unknown, where: string, keys: readonly string[], more: (rule: Shape) => More,
): (UnexpectedEvent & { [Key in keyof More]?: NonNullable<More[Key]> })[] | undefined {
  if (value === undefined) return undefined
  const list = Array.isArray(value) ? (value as unknown[]) : [value]
  return list.flatMap((item) => {
    const rule = typeof item === 'string' ? { event: item } : reader.record(item, where)
    if (rule === undefined) return []
    reader.onlyKeys(rule, keys, where)
    const event = reader.text(rule, 'event', where)
    if (!event) {
      reader.fault(where, 'must say its event')
      return []
    }
    const filter = { source: reader.text(rule, 'source', where), filter: reader.text(rule, 'filter', where), key: readKeys(reader, rule['key'])?.[0] }
    return [{ event, ...present(filter), ...present(more(rule)) }]
  })
}

/** `data.orderId`, `{ name, value }`, or a list of these. */
function readKeys(reader: ShapeReader, value: unknown): KeyExpression[] | undefined {
  if (value === undefined) return undefined
  return (Array.isArray(value) ? (value as unknown[]) : [value]).flatMap((item) => {
    if (typeof item === 'string') return [keyNamed(item)]
    const entry = reader.record(item, 'key')
    if (entry === undefined) return []
    reader.onlyKeys(entry, mappingKeys.key, 'key')
    return [keyNamed(reader.text(entry, 'value', 'key') ?? '', reader.text(entry, 'name', 'key'))]
  })
}

function readCommand(reader: ShapeReader, value: unknown, where: string): Partial<CommandDefinition> | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'string') return { type: value }
  const command = reader.record(value, where)
  if (command === undefined) return undefined
  reader.onlyKeys(command, mappingKeys.command, where)
  return present({
    type: reader.text(command, 'type', where), target: reader.text(command, 'target', where), data: reader.text(command, 'data', where),
  })
}

/** In short: the duration alone, with severity `warning`. */
function readSla(reader: ShapeReader, value: unknown, where: string): SlaDefinition | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'string') return { duration: value, severity: 'warning' }
  const sla = reader.record(value, where)
  if (sla === undefined) return undefined
  reader.onlyKeys(sla, mappingKeys.sla, where)
  const name = reader.text(sla, 'name', where)
  return {
    duration: reader.text(sla, 'duration', where) ?? '',
    severity: reader.choice(sla, 'severity', where, ['info', 'warning', 'critical']) ?? 'warning',
    ...(name === undefined ? {} : { name }),
  }
}

function readAccepted(reader: ShapeReader, value: unknown): { kind: string; element?: string }[] | undefined {
  if (value === undefined) return undefined
  if (!Array.isArray(value)) {
    reader.fault('accepted', 'must be a list')
    return undefined
  }
  return (value as unknown[]).flatMap((item) => {
    if (typeof item === 'string') return [{ kind: item }]
    const entry = reader.record(item, 'accepted')
    if (entry === undefined) return []
    reader.onlyKeys(entry, mappingKeys.accepted, 'accepted')
    const element = reader.text(entry, 'element', 'accepted')
    return [{ kind: reader.text(entry, 'kind', 'accepted') ?? '', ...(element === undefined ? {} : { element }) }]
  })
}

/** Leaves out what is undefined. */
function present<T extends object>(fields: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as { [K in keyof T]?: NonNullable<T[K]> }
}
