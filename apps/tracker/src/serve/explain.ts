import type { Instance } from '@tidemark/api'
import type { InstanceEventRow } from '../store/read/instance-parts.js'
import type { InstanceDetailRow } from '../store/read/instances.js'
import { describeEntry } from './plain-words.js'
import { nameOf } from './processes.js'
import type { NamedProcess } from './processes.js'
import { rfc3339 } from './times.js'

/** What the tables do not hold of an instance and following its entries again does. */
export type Explained = Pick<Instance, 'visits' | 'path' | 'expected' | 'events' | 'deadlines'>

export interface Explainable {
  readonly row: InstanceDetailRow
  /** All entries of the unit, in log order: its other runs too. */
  readonly entries: readonly InstanceEventRow[]
  readonly process: NamedProcess | undefined
  /** The tracker's clock. */
  readonly clock: number
}

/** The run of an instance, explained: how its events were read, where it went, what may come and what is due. */
export function explain({ row, entries, process }: Explainable): Explained {
  return {
    visits: [],
    path: [],
    expected: [],
    events: entries.filter(({ instance }) => instance === row.id).map((entry) => showEntry(entry, process)),
    deadlines: row.tokens.flatMap(({ element, dueAt }) => dueAt === undefined ? [] : [{
      kind: 'timer' as const, element, name: nameOf(process, element), dueAt: rfc3339(dueAt), actsAt: rfc3339(dueAt), passed: dueAt <= Number(row.shown_at),
    }]),
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
    text: describeEntry(entry, elementName),
  }
}

function readingOf(reading: string | null): Instance['events'][number]['reading'] {
  return reading === 'fits' || reading === 'redeemed' || reading === 'deviates' ? reading : 'noted'
}
