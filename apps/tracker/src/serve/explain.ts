import { explainInstance, TrackedModel, Unit, type InstanceView } from '@tidemark/bpmn'
import type { Instance } from '@tidemark/api'
import type { Database } from '../store/database.js'
import { identityOf } from '../store/identity.js'
import type { InstanceEventRow } from '../store/read/instance-parts.js'
import type { InstanceDetailRow } from '../store/read/instances.js'
import { readVersionsInForce } from '../store/read/models.js'
import { loadUnits } from '../store/write/load-units.js'
import { describeEntry } from './plain-words.js'
import { nameOf } from './processes.js'
import type { NamedProcess, Processes } from './processes.js'
import { rfc3339 } from './times.js'

/** What the tables do not hold of an instance and following its entries again does. */
export type Explained = Pick<Instance, 'visits' | 'path' | 'expected' | 'deadlines'> & { readonly undecided: ReadonlyMap<string, readonly string[]> }

/** Models that were followed lately by this page, by version; a version never changes. */
const tracked = new WeakMap<NamedProcess, TrackedModel>()

/** The run of an instance, followed again from its stored facts up to the clock: where it went, what may come and what is due. */
export async function explain(db: Database, processes: Processes, row: InstanceDetailRow, clock: number): Promise<Explained> {
  const view = await followAgain(db, processes, row, clock)
  const process = await processes.get(row.model, row.version)
  if (view === undefined) return { visits: [], path: [], expected: [], deadlines: [], undecided: new Map() }
  const { visits, path, expected, undecided } = explainInstance(view)
  return {
    visits: visits.map(({ element, entered, left, how, interrupted }) => ({
      element, name: nameOf(process, element), entered: rfc3339(entered), how, ...(left === undefined ? {} : { left: rfc3339(left) }), ...(interrupted ? { interrupted } : {}),
    })),
    path: [...path],
    expected: expected.map(({ element, events }) => ({ element, name: nameOf(process, element), events: [...events] })),
    deadlines: view.view.deadlines.map(({ kind, element, dueAt, actsAt }) => ({
      kind, ...(element === undefined ? {} : { element, name: nameOf(process, element) }), dueAt: rfc3339(dueAt), actsAt: rfc3339(actsAt), passed: actsAt <= clock,
    })).sort((a, b) => (a.dueAt < b.dueAt ? -1 : 1)),
    undecided,
  }
}

async function followAgain(db: Database, processes: Processes, row: InstanceDetailRow, clock: number): Promise<InstanceView | undefined> {
  const stored = (await loadUnits(db, [row.unit])).get(row.unit)
  if (stored === undefined) return undefined
  const versions = await readVersionsInForce(db, row.model)
  const processOf = await processes.load(versions)
  const unit = new Unit({
    model: row.model, identify: identityOf,
    versionAt: (time) => {
      const inForce = versions.findLast((version) => version.inForceFrom <= time) ?? versions[0]
      const named = inForce === undefined ? undefined : processOf(inForce)
      return inForce === undefined || named === undefined ? undefined : { version: inForce.version, model: modelOf(named) }
    },
  }, row.key)
  unit.add(stored.facts.map(({ fact }) => fact))
  return unit.view(clock).find((view) => view.id === row.id)
}

/** Made ready once per version. */
export function modelOf(process: NamedProcess): TrackedModel {
  const known = tracked.get(process)
  if (known !== undefined) return known
  const made = new TrackedModel(process.process)
  tracked.set(process, made)
  return made
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
