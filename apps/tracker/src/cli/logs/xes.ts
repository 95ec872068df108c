import { SaxesParser } from 'saxes'
import { WrongUse } from '../output.js'
import type { ByteSource } from './byte-source.js'
import type { EventLog, LogOptions, RecordedEvent } from './event-log.js'
import { parseTime } from './timestamp.js'

/**
 * XES (IEEE 1849). A trace is held until it ends, because its name may stand behind its events; nothing else is held. `global` blocks,
 * classifiers and nested attributes are passed over. Most logs record only that work was completed, some also that it started:
 * where any event is `complete`, the others are left out unless asked for; where none is (the field is then used as a status), all count.
 */
const MAX_TRACE_EVENTS = 1_000_000

export async function openXes(name: string, bytes: ByteSource, options: LogOptions): Promise<EventLog> {
  const completedOnly = options.lifecycle !== true && (await hasCompleteEvent(bytes))
  return {
    name,
    casesAreContiguous: true,
    remarks: [],
    fractionRead: () => bytes.fractionRead(),
    async *events() {
      for await (const trace of traces(bytes)) yield* eventsOf(trace, completedOnly, bytes.path)
    },
  }
}

interface Trace {
  /** Number of its first event in the file. */
  readonly firstIndex: number
  /** 1-based number of the trace in the file. */
  readonly number: number
  readonly attributes: Record<string, unknown>
  readonly events: Record<string, unknown>[]
}

/** Reads no further than the first one. */
async function hasCompleteEvent(bytes: ByteSource): Promise<boolean> {
  for await (const trace of traces(bytes)) if (trace.events.some(isComplete)) return true
  return false
}

function isComplete(event: Readonly<Record<string, unknown>>): boolean {
  const transition = event['lifecycle:transition']
  return typeof transition === 'string' && transition.toLowerCase() === 'complete'
}

function* eventsOf(trace: Trace, completedOnly: boolean, path: string): Generator<RecordedEvent> {
  const caseId = textOf(trace.attributes['concept:name']) ?? `trace ${trace.number}`
  let first = true
  for (const [offset, event] of trace.events.entries()) {
    if (completedOnly && event['lifecycle:transition'] !== undefined && !isComplete(event)) continue
    const { 'concept:name': activity, 'time:timestamp': time, ...attributes } = event
    if (first) for (const [key, value] of Object.entries(trace.attributes)) if (key !== 'concept:name') attributes[`case:${key}`] = value
    first = false
    const timeMs = time === undefined ? undefined : parseTime(String(time))
    if (typeof timeMs === 'string') throw new WrongUse(`${path}: case "${caseId}", event ${offset + 1}: ${timeMs}`)
    yield {
      caseId, index: trace.firstIndex + offset, attributes,
      activity: textOf(activity) ?? 'unnamed',
      ...(timeMs === undefined ? {} : { timeMs }),
    }
  }
}

function textOf(value: unknown): string | undefined {
  return value === undefined || value === '' ? undefined : String(value)
}

async function* traces(bytes: ByteSource): AsyncGenerator<Trace> {
  const scan = new TraceScan(bytes.path)
  for await (const text of bytes.text()) {
    scan.write(text)
    yield* scan.take()
  }
  scan.end()
  yield* scan.take()
}

class TraceScan {
  readonly #parser = new SaxesParser()
  readonly #path: string
  #done: Trace[] = []
  /** Elements open now, and whether the root was a log at all. */
  #depth = 0
  #isLog = false
  #trace: Trace | undefined
  #traceDepth = 0
  #event: Record<string, unknown> | undefined
  #eventDepth = 0
  #eventCount = 0
  #traceCount = 0

  constructor(path: string) {
    this.#path = path
    this.#parser.on('error', (error) => {
      throw new WrongUse(`${path} is not well-formed XML: ${error.message}`)
    })
    this.#parser.on('opentag', (tag) => this.#open(localName(tag.name), tag.attributes))
    this.#parser.on('closetag', () => this.#close())
  }

  write(text: string): void {
    this.#parser.write(text)
  }

  end(): void {
    this.#parser.close()
    if (!this.#isLog) throw new WrongUse(`${this.#path} is no XES log: its outermost element is not <log>`)
  }

  take(): Trace[] {
    const done = this.#done
    this.#done = []
    return done
  }

  #open(name: string, attributes: Record<string, string>): void {
    this.#depth += 1
    if (this.#depth === 1) {
      if (name !== 'log') throw new WrongUse(`${this.#path} is no XES log: its outermost element is <${name}>, not <log>`)
      this.#isLog = true
    } else if (this.#event !== undefined) {
      if (this.#depth === this.#eventDepth + 1) note(this.#event, name, attributes)
    } else if (this.#trace !== undefined) {
      if (this.#depth !== this.#traceDepth + 1) return
      if (name === 'event') this.#openEvent()
      else note(this.#trace.attributes, name, attributes)
    } else if (name === 'trace' && this.#depth === 2) {
      this.#traceCount += 1
      this.#trace = { firstIndex: this.#eventCount, number: this.#traceCount, attributes: {}, events: [] }
      this.#traceDepth = this.#depth
    }
  }

  #openEvent(): void {
    this.#event = {}
    this.#eventDepth = this.#depth
  }

  #close(): void {
    if (this.#event !== undefined && this.#depth === this.#eventDepth) {
      this.#trace?.events.push(this.#event)
      this.#event = undefined
      this.#eventCount += 1
      if ((this.#trace?.events.length ?? 0) > MAX_TRACE_EVENTS) {
        throw new WrongUse(`${this.#path}: trace ${this.#traceCount} has more than ${MAX_TRACE_EVENTS} events, which is more than a case can have here`)
      }
    } else if (this.#trace !== undefined && this.#depth === this.#traceDepth) {
      this.#done.push(this.#trace)
      this.#trace = undefined
    }
    this.#depth -= 1
  }
}

function localName(name: string): string {
  const colon = name.indexOf(':')
  return colon < 0 ? name : name.slice(colon + 1)
}

/** `__proto__` would not become a property; nobody means it. */
function note(into: Record<string, unknown>, type: string, attributes: Record<string, string>): void {
  const { key, value } = attributes
  if (key === undefined || value === undefined || key === '__proto__') return
  into[key] = typed(type, value)
}

function typed(type: string, value: string): unknown {
  if (type === 'boolean') return value === 'true'
  if (type !== 'int' && type !== 'float') return value
  const number = Number(value)
  const exact = Number.isFinite(number) && (type === 'float' || Number.isSafeInteger(number))
  return exact && value.trim() !== '' ? number : value
}
