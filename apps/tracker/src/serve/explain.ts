import { deadlinesOf, explainInstance, type InstanceView } from '@tidemark/bpmn'
import type { Instance, Token } from '@tidemark/api'
import type { Database } from '../store/database.js'
import type { InstanceEventRow } from '../store/read/instance-parts.js'
import { showCalls } from './calls.js'
import { describeEntry } from './plain-words.js'
import { nameOf } from './processes.js'
import type { NamedProcess } from './processes.js'
import { rfc3339 } from './times.js'

/** What the tables do not hold of an instance and following its entries again does. */
export type Explained = Pick<Instance, 'visits' | 'path' | 'expected' | 'deadlines' | 'calls' | 'messages'> & {
  readonly undecided: ReadonlyMap<string, readonly string[]>
  /** By element, of activities with a loop marker. */
  readonly instances: ReadonlyMap<string, NonNullable<Token['instances']>>
}

/** Of the run of an instance, followed again from its stored facts up to the clock: where it went, what may come and what is due. */
export async function explain(db: Database, view: InstanceView | undefined, process: NamedProcess | undefined, clock: number): Promise<Explained> {
  if (view === undefined) return { visits: [], path: [], expected: [], deadlines: [], calls: [], messages: [], undecided: new Map(), instances: new Map() }
  const { visits, path, expected, undecided } = explainInstance(view)
  return {
    visits: visits.map(({ element, entered, left, how, interrupted, item }) => ({
      element, name: nameOf(process, element), entered: rfc3339(entered), how, ...(left === undefined ? {} : { left: rfc3339(left) }), ...(interrupted ? { interrupted } : {}), ...(item === undefined ? {} : { item }),
    })),
    path: [...path],
    messages: view.view.messages.map(({ flow, since, dueAt, late }) => ({
      flow: flow.id, name: flow.name, direction: flow.direction, element: flow.element, elementName: nameOf(process, flow.element),
      otherModel: flow.other.process, otherElement: flow.other.element, otherName: flow.other.name || flow.other.element,
      since: rfc3339(since), ...(dueAt === undefined ? {} : { dueAt: rfc3339(dueAt) }), late,
    })),
    calls: await showCalls(db, process, view.calls),
    expected: expected.map(({ element, events, items }) => ({ element, name: nameOf(process, element), events: [...events], ...(items === undefined ? {} : { items: [...items] }) })),
    deadlines: deadlinesOf(view.shown, clock).map(({ kind, element, dueAt, actsAt }) => ({
      kind, ...(element === undefined ? {} : { element, name: nameOf(process, element) }), dueAt: rfc3339(dueAt), actsAt: rfc3339(actsAt), passed: actsAt <= clock,
    })).sort((a, b) => (a.dueAt < b.dueAt ? -1 : 1)),
    undecided,
    instances: new Map(view.view.tokens.flatMap(({ element, instances }) => (instances === undefined ? [] : [[element, { ...instances }] as const]))),
  }
}

export function showEntry(entry: InstanceEventRow, process: NamedProcess | undefined): Instance['events'][number] {
  const elementName = entry.element === null ? undefined : nameOf(process, entry.element)
  return {
    position: entry.position, id: entry.event_id, source: entry.source, type: entry.type,
    time: rfc3339(entry.time), appendTime: rfc3339(entry.append_time),
    ...(entry.element === null ? {} : { element: entry.element }),
    ...(elementName === undefined ? {} : { elementName }),
    ...(entry.phase === null ? {} : { phase: entry.phase }),
    reading: readingOf(entry.reading),
    text: describeEntry(entry, elementName ?? elementSaid(entry, process)),
  }
}

/** The element that a person spoke of. */
function elementSaid({ kind, patch }: InstanceEventRow, process: NamedProcess | undefined): string | undefined {
  const element = kind === 'operation' ? patch?.['element'] : undefined
  return typeof element === 'string' ? nameOf(process, element) : undefined
}

function readingOf(reading: string | null): Instance['events'][number]['reading'] {
  return reading === 'fits' || reading === 'redeemed' || reading === 'deviates' ? reading : 'noted'
}
