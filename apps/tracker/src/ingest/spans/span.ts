/** Spans of a trace request in OTLP's JSON encoding (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding). What is unknown is passed over. */
import { TrackerError } from '../../problem.js'

export type SpanKind = 'unspecified' | 'internal' | 'server' | 'client' | 'producer' | 'consumer'
export type SpanStatus = 'unset' | 'ok' | 'error'

export interface Span {
  /** 32 and 16 hexadecimal digits in lower case; '' where they are not. */
  readonly traceId: string
  readonly spanId: string
  readonly name: string
  readonly kind: SpanKind
  readonly status: SpanStatus
  /** Nanoseconds since 1970; undefined where there is none. */
  readonly startNanos: bigint | undefined
  readonly endNanos: bigint | undefined
  /** Of the span and, below them, of its resource: the name of the service stands there. */
  readonly attributes: ReadonlyMap<string, unknown>
}

const kinds: readonly SpanKind[] = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer']
const statuses: readonly SpanStatus[] = ['unset', 'ok', 'error']

type Json = Readonly<Record<string, unknown>>

/** All spans of the request, in its order. Throws `invalidRequest` where it is no trace request. */
export function spansOf(request: unknown): readonly Span[] {
  if (!isObject(request)) throw new TrackerError('invalidRequest', 400, 'The body is no trace request of OTLP: a JSON object with `resourceSpans`.')
  return list(request, 'resourceSpans').flatMap((group) => {
    const ofResource = attributesOf(isObject(group['resource']) ? group['resource'] : {})
    return list(group, 'scopeSpans').flatMap((scope) => list(scope, 'spans').map((span) => spanOf(span, ofResource)))
  })
}

function spanOf(span: Json, ofResource: ReadonlyMap<string, unknown>): Span {
  const status = isObject(span['status']) ? span['status']['code'] : undefined
  return {
    traceId: hex(span['traceId'], 32), spanId: hex(span['spanId'], 16),
    name: typeof span['name'] === 'string' ? span['name'] : '',
    kind: enumOf(span['kind'], kinds, 'SPAN_KIND_'), status: enumOf(status, statuses, 'STATUS_CODE_'),
    startNanos: nanos(span['startTimeUnixNano']), endNanos: nanos(span['endTimeUnixNano']),
    attributes: new Map([...ofResource, ...attributesOf(span)]),
  }
}

function list(parent: Json, name: string): readonly Json[] {
  const value = parent[name]
  if (value === undefined || value === null) return []
  if (Array.isArray(value) && value.every(isObject)) return value
  throw new TrackerError('invalidRequest', 400, `The body is no trace request of OTLP: \`${name}\` is not an array of objects.`)
}

function attributesOf(owner: Json): ReadonlyMap<string, unknown> {
  return new Map(list(owner, 'attributes').flatMap(({ key, value }) => (typeof key === 'string' && isObject(value) ? [[key, valueOf(value)] as const] : [])))
}

/** An AnyValue as plain JSON. Whole numbers come as text, because JSON's have fewer digits; they stay text where a double could not hold them. */
function valueOf(value: Json): unknown {
  if ('stringValue' in value) return value['stringValue']
  if ('boolValue' in value) return value['boolValue']
  if ('doubleValue' in value) return value['doubleValue']
  if ('bytesValue' in value) return value['bytesValue']
  if ('intValue' in value) {
    const number = Number(value['intValue'])
    return Number.isSafeInteger(number) ? number : String(value['intValue'])
  }
  if (isObject(value['arrayValue'])) return list(value['arrayValue'], 'values').map(valueOf)
  if (isObject(value['kvlistValue'])) {
    return Object.fromEntries(list(value['kvlistValue'], 'values').flatMap(({ key, value: one }) => (typeof key === 'string' && isObject(one) ? [[key, valueOf(one)]] : [])))
  }
  return null
}

/** The encoding has numbers; some senders write the names of the Protobuf enum. */
function enumOf<Name extends string>(value: unknown, names: readonly Name[], prefix: string): Name {
  if (typeof value === 'number') return names[value] ?? names[0]!
  const name = typeof value === 'string' ? value.toLowerCase().replace(prefix.toLowerCase(), '') : ''
  return names.find((one) => one === name) ?? names[0]!
}

function hex(value: unknown, digits: number): string {
  const text = typeof value === 'string' ? value.toLowerCase() : ''
  return new RegExp(`^[0-9a-f]{${digits}}$`).test(text) && !/^0+$/.test(text) ? text : ''
}

function nanos(value: unknown): bigint | undefined {
  if (typeof value === 'string' && /^\d{1,20}$/.test(value)) return value === '0' ? undefined : BigInt(value)
  return typeof value === 'number' && Number.isInteger(value) && value > 0 ? BigInt(value) : undefined
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
