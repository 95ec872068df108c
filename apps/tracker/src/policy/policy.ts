/**
 * What may come in, and what of it is kept. Asked by every way in before anything is stored; asked by the catalogue which schema a type has and how
 * events have kept to it. A check sees the event as it was sent, masks come after it.
 */
import { applyMasks, type Hash, type Mask } from './mask.js'
import type { SchemaCheck } from './event-schema.js'

/** Types and sources: the name itself, or what a `*` at its end leaves open. */
export interface EventSchema {
  readonly type: string
  /** `report`: events with faults are taken, and counted. */
  readonly onFault: 'reject' | 'report'
  readonly source: unknown
  readonly check: SchemaCheck
}

export interface Rule {
  readonly name: string
  readonly type: string
  readonly source: string
  readonly drops: boolean
  readonly masks: readonly Mask[]
  readonly opaque: 'remove' | 'keep'
}

export interface EventFacts {
  readonly type: string
  readonly source: string
  /** The event in structured JSON. */
  readonly payload: Uint8Array
}

export type Verdict =
  | { readonly kind: 'taken'; readonly payload: Uint8Array }
  | { readonly kind: 'dropped' }
  | { readonly kind: 'refused'; readonly attribute: string; readonly message: string }

/** How events of a type have kept to its schema since this process began. */
export interface SchemaRecord {
  readonly checked: number
  readonly faults: number
  readonly lastFault?: string
}

interface Count {
  checked: number
  faults: number
  lastFault?: string
}

interface TypePolicy {
  readonly count: Count
  readonly schema: EventSchema | undefined
  readonly rules: readonly Rule[]
}

/** Types that are remembered with what is asked of them; any sender can make new ones. */
const MAX_REMEMBERED_TYPES = 10_000

export class Policy {
  readonly #schemas: readonly EventSchema[]
  readonly #rules: readonly Rule[]
  readonly #hash: Hash
  readonly #types = new Map<string, TypePolicy>()
  readonly #counts = new Map<EventSchema, Count>()
  readonly #dropped = new Map<string, number>()

  constructor(schemas: readonly EventSchema[], rules: readonly Rule[], hash: Hash) {
    this.#schemas = schemas
    this.#rules = rules
    this.#hash = hash
  }

  /** Nothing is asked of any event. */
  get isEmpty(): boolean {
    return this.#schemas.length === 0 && this.#rules.length === 0
  }

  /** Something must be kept out of the log: then bytes that cannot be read as an event cannot be kept either. */
  get keepsOut(): boolean {
    return this.#rules.length > 0
  }

  /** How events have kept to each schema that was asked. */
  get records(): readonly (readonly [string, SchemaRecord])[] {
    return [...this.#counts].map(([{ type }, count]) => [type, count])
  }

  /** Events dropped since this process began, by rule. */
  get dropped(): ReadonlyMap<string, number> {
    return this.#dropped
  }

  verdictOf(event: EventFacts): Verdict {
    const own = this.#of(event.type)
    const { schema, rules } = own
    const applying = rules.filter(({ source }) => isCovered(event.source, source))
    if (schema === undefined && applying.length === 0) return { kind: 'taken', payload: event.payload }
    const drop = applying.find(({ drops }) => drops)
    if (drop !== undefined) {
      this.#dropped.set(drop.name, (this.#dropped.get(drop.name) ?? 0) + 1)
      return { kind: 'dropped' }
    }
    const parsed = JSON.parse(Buffer.from(event.payload.buffer, event.payload.byteOffset, event.payload.byteLength).toString()) as Record<string, unknown>
    const fault = schema && this.#faultOf(schema, own.count, parsed)
    if (fault !== undefined) return { kind: 'refused', ...fault }
    if (applying.length === 0) return { kind: 'taken', payload: event.payload }
    for (const { masks, opaque } of applying) applyMasks(parsed, masks, opaque, this.#hash)
    // Also where no path was found: a key that stands twice in an object would be stored twice, and only the last was looked at.
    return { kind: 'taken', payload: Buffer.from(JSON.stringify(parsed)) }
  }

  /** The schema that events of a type are held to, and how those of the type have kept to it. */
  schemaOf(type: string): (EventSchema & SchemaRecord) | undefined {
    const { schema, count } = this.#of(type)
    return schema && { ...schema, ...count }
  }

  /** Counts it, and answers it where it is to be refused. */
  #faultOf(schema: EventSchema, own: Count, event: Record<string, unknown>): { attribute: string; message: string } | undefined {
    const all = this.#counts.get(schema) ?? { checked: 0, faults: 0 }
    this.#counts.set(schema, all)
    for (const count of [own, all]) count.checked += 1
    const fault = schema.check(dataOf(event))
    if (fault === undefined) return undefined
    const attribute = `data${fault.at}`
    for (const count of [own, all]) {
      count.faults += 1
      count.lastFault = `${attribute} ${fault.message}`
    }
    return schema.onFault === 'reject' ? { attribute, message: `${fault.message}, says the schema of ${schema.type}` } : undefined
  }

  #of(type: string): TypePolicy {
    let own = this.#types.get(type)
    if (own === undefined) {
      own = { count: { checked: 0, faults: 0 }, schema: closest(this.#schemas.filter((one) => isCovered(type, one.type)), type), rules: this.#rules.filter((rule) => isCovered(type, rule.type)) }
      if (this.#types.size >= MAX_REMEMBERED_TYPES) this.#types.clear()
      this.#types.set(type, own)
    }
    return own
  }
}

function isCovered(name: string, pattern: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern
}

/** The one that names the type, else the longest beginning. */
function closest(schemas: readonly EventSchema[], type: string): EventSchema | undefined {
  return schemas.find((one) => one.type === type) ?? [...schemas].sort((a, b) => b.type.length - a.type.length)[0]
}

/** Data that came as base64 is looked at as JSON where it is some. */
function dataOf(event: Record<string, unknown>): unknown {
  const base64 = event['data_base64']
  if (typeof base64 !== 'string') return event['data']
  const text = Buffer.from(base64, 'base64').toString()
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
