import type { Draft, Log } from '@tidemark/log'
import { parseBoundedJson } from '../../bounded-json.js'
import { MAX_TRACES_BYTES } from '../../http/body-limits.js'
import { TrackerError } from '../../problem.js'
import type { Headers } from '../binary-mode.js'
import type { Intake } from '../intake.js'
import { readEvents } from '../read-events.js'
import { unpack } from '../unpack.js'
import type { SpanRule } from './rules.js'
import { eventOf } from './span-event.js'
import { type Span, spansOf } from './span.js'

const FROM = 'spans'
/** Faults told in one answer. */
const MAX_FAULTS = 5

/** The answer of OTLP: empty where all is well. */
export interface TracesAnswer {
  /** Spans that a rule covers and that make no event. `rejectedSpans` is a decimal string, as 64-bit numbers are there. */
  partialSuccess?: { rejectedSpans: string; errorMessage: string }
}

/**
 * The way in for spans: each rule makes an event of each span that it covers, all others are passed over. A span that is covered and makes no event
 * is told as rejected, and kept in quarantine: its sender will not send it again.
 */
export class SpanIntake {
  constructor(private readonly log: Log, private readonly intake: Intake, private readonly rules: readonly SpanRule[]) {}

  async take(headers: Headers, body: Uint8Array): Promise<TracesAnswer> {
    if (this.rules.length === 0) {
      throw new TrackerError('notFound', 404, 'Spans are not taken here: no rules say which of them are events. TIDEMARK_SPAN_RULES names a file with some.')
    }
    refuseOtherTypes(String(headers['content-type'] ?? ''))
    const plain = await unpack(headers['content-encoding'] === undefined ? undefined : String(headers['content-encoding']), body, MAX_TRACES_BYTES)
    const faults: string[] = []
    const rejected = new Set<object>()
    const drafts: Draft[] = []
    for (const span of spansOf(parseBoundedJson(plain).value)) {
      for (const rule of this.rules) {
        if (!rule.covers(span)) continue
        const made = eventOf(span, rule)
        const draft = 'event' in made ? this.#draftOf(made.event) : { fault: made.fault, content: inJson(span) }
        if (draft === undefined) continue
        if ('fault' in draft) {
          rejected.add(span)
          faults.push(draft.fault)
          drafts.push(this.intake.quarantined(draft.fault, FROM, draft.content, `${FROM}\0${span.traceId}-${span.spanId}-${rule.name}`))
        } else drafts.push(draft)
      }
    }
    await this.log.append(drafts)
    if (rejected.size === 0) return {}
    const more = faults.length > MAX_FAULTS ? `; and ${faults.length - MAX_FAULTS} more` : ''
    return { partialSuccess: { rejectedSpans: String(rejected.size), errorMessage: `${faults.slice(0, MAX_FAULTS).join('; ')}${more}` } }
  }

  #draftOf(event: object): Draft | { fault: string; content: string } | undefined {
    const content = JSON.stringify(event)
    try {
      const [draft] = readEvents({ 'content-type': 'application/cloudevents+json' }, Buffer.from(content))
      return this.intake.admit(draft!, FROM)
    } catch (error) {
      if (!(error instanceof TrackerError)) throw error
      return { fault: error.detail, content }
    }
  }
}

function inJson({ name, attributes }: Span): string {
  return JSON.stringify({ name, attributes: Object.fromEntries(attributes) })
}

function refuseOtherTypes(contentType: string): void {
  const type = contentType.split(';')[0]!.trim().toLowerCase()
  if (type === 'application/json') return
  const advice = type === 'application/x-protobuf' || type === 'application/protobuf'
    ? 'Protobuf is not read. Set OTEL_EXPORTER_OTLP_PROTOCOL=http/json, or `encoding: json` of the Collector\'s otlphttp exporter.'
    : 'Send application/json.'
  throw new TrackerError('unsupportedMediaType', 415, `The content type ${type === '' ? '(none)' : type.slice(0, 100)} is not taken for spans. ${advice}`)
}
