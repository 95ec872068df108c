import type { SpanRule } from './rules.js'
import type { Span } from './span.js'

export type SpanEvent = { readonly event: Readonly<Record<string, unknown>> } | { readonly fault: string }

/**
 * The event that a rule makes of a span it covers. Its id comes from trace and span, so that a request which is sent again makes the same events;
 * its time has the nanoseconds of the span. A fault says what of the span is missing.
 */
export function eventOf(span: Span, { name, event: wanted }: SpanRule): SpanEvent {
  const where = `rule ${name}, span "${span.name.slice(0, 100)}"`
  if (span.traceId === '' || span.spanId === '') return { fault: `${where}: traceId and spanId must be 32 and 16 hexadecimal digits, not all zero` }
  const nanos = wanted.time === 'start' ? span.startNanos : span.endNanos
  const time = nanos === undefined ? undefined : rfc3339(nanos)
  if (time === undefined) return { fault: `${where}: it has no ${wanted.time} time` }
  const texts: Record<string, string> = {}
  for (const attribute of ['type', 'subject', 'source'] as const) {
    const missing = new Set<string>()
    texts[attribute] = fill(wanted[attribute], span, (key) => missing.add(key))
    if (missing.size > 0) return { fault: `${where}: it has no attribute ${[...missing].join(', ')}, which ${attribute} needs` }
  }
  const data = Object.fromEntries(wanted.data.flatMap((key) => (span.attributes.has(key) ? [[key, span.attributes.get(key)]] : [])))
  return {
    event: {
      specversion: '1.0', id: `${span.traceId}-${span.spanId}-${name}`, source: texts['source'], type: texts['type'], subject: texts['subject'], time,
      traceparent: `00-${span.traceId}-${span.spanId}-01`, ...(wanted.data.length === 0 ? {} : { datacontenttype: 'application/json', data }),
    },
  }
}

/** `{order.id}` is that attribute of the span or its resource, `{span.name}` its name. */
function fill(template: string, span: Span, miss: (key: string) => void): string {
  return template.replaceAll(/\{([^{}]+)\}/g, (_all, key: string) => {
    const value = key === 'span.name' ? span.name : span.attributes.get(key)
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value)
    miss(key)
    return ''
  })
}

/** To the nanosecond. Undefined beyond the year 9999, which RFC 3339 ends with. */
function rfc3339(nanos: bigint): string | undefined {
  const seconds = nanos / 1_000_000_000n
  if (seconds > 253_402_300_799n) return undefined
  return `${new Date(Number(seconds) * 1_000).toISOString().slice(0, 19)}.${String(nanos % 1_000_000_000n).padStart(9, '0')}Z`
}
