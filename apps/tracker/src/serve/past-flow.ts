/**
 * The flow of a version at a moment of the past: what was under way then is followed again up to it. So the answer costs as much as was under
 * way; of more than some thousands a sample is followed, and multiplied. Event time, with what is known today.
 */
import type { InstanceView } from '@tidemark/bpmn'
import type { ElementFlow, Flow } from '@tidemark/api'
import type { Database } from '../store/database.js'
import { readModel } from '../store/read/models.js'
import { readPastCounts, readSomeUnderWay, readUnderWay } from '../store/read/past.js'
import { showFlow } from './flow.js'
import { followAgain } from './follow-again.js'
import { found } from './not-found.js'
import { nameOf } from './processes.js'
import type { Processes } from './processes.js'
import type { FlowQuery } from './queries.js'
import { parsePast, rfc3339 } from './times.js'

/** Instances that are followed again: with some six events each, half a second of a core; a share is right within two percent of all. */
const FOLLOWED = 2_000

interface Seen {
  tokens: number
  stuck: number
  late: number
  deviating: number
  visits: number
  readonly waitsMs: number[]
  readonly durationsMs: number[]
}

export async function showFlowAt(db: Database, processes: Processes, model: string, query: FlowQuery, clock: number): Promise<Flow> {
  const at = parsePast(query.at, clock)
  return at === undefined ? showFlow(db, processes, model, query.version, clock) : showPastFlow(db, processes, model, query.version, at)
}

/** @param most instances that are followed; of more, a sample */
export async function showPastFlow(db: Database, processes: Processes, model: string, version: number | undefined, at: number, most = FOLLOWED): Promise<Flow> {
  const versions = await readModel(db, model)
  const newest = found(versions.at(-1), 'model', model, '/api/v1/models')
  const { version: number } = found(version === undefined ? newest : versions.find((row) => row.version === version), 'model', `${model}, version ${version}`, '/api/v1/models')
  const process = await processes.get(model, number)
  const counting = readPastCounts(db, model, number, at)
  counting.catch(() => undefined)
  const some = await readSomeUnderWay(db, model, number, at, most)
  const chosen = some.length < most ? await readUnderWay(db, model, number, at, (await counting).underWay, most) : some
  const [counts, views] = await Promise.all([counting, followAgain(db, processes, model, chosen, at, true)])
  const followed = chosen.flatMap(({ id }) => views.get(id) ?? [])
  const factor = counts.underWay <= most || followed.length === 0 ? 1 : counts.underWay / followed.length
  const times = (count: number) => Math.round(count * factor)
  const { elements, flows } = summed(followed, at)
  const having = (is: (view: InstanceView['view']) => boolean) => times(followed.filter(({ view }) => is(view)).length)
  return {
    model, version: number, at: rfc3339(at), past: true, ...(factor === 1 ? {} : { sampled: followed.length }),
    active: counts.underWay, completed: counts.completed, terminated: counts.terminated,
    stuck: having(({ stuck }) => stuck), late: having(({ late }) => late), deviating: having(({ deviations }) => deviations.some(({ accepted }) => !accepted)),
    elements: (process?.process.elements ?? []).map((element) => {
      const seen = elements.get(element.id) ?? nothing()
      return {
        element: element.id, name: nameOf(process, element.id), kind: element.kind,
        tokens: times(seen.tokens), stuck: times(seen.stuck), late: times(seen.late), deviating: times(seen.deviating), visits: times(seen.visits),
        ...percentiles(seen),
      }
    }),
    flows: [...flows].map(([flow, count]) => ({ flow, count: times(count) })).sort((a, b) => (a.flow < b.flow ? -1 : 1)),
  }
}

function summed(followed: readonly InstanceView[], at: number): { readonly elements: ReadonlyMap<string, Seen>; readonly flows: ReadonlyMap<string, number> } {
  const elements = new Map<string, Seen>()
  const flows = new Map<string, number>()
  const of = (element: string) => {
    const known = elements.get(element) ?? nothing()
    elements.set(element, known)
    return known
  }
  for (const { view } of followed) {
    for (const { element, since, stuck, late } of view.tokens) {
      const seen = of(element)
      seen.tokens++
      if (stuck) seen.stuck++
      if (late) seen.late++
      seen.waitsMs.push(Math.max(0, at - since))
    }
    for (const element of new Set(view.deviations.flatMap((deviation) => (deviation.accepted ? [] : deviation.elements)))) of(element).deviating++
    for (const [element, visits] of view.visits) of(element).visits += visits
    for (const [element, durationMs] of view.durations) of(element).durationsMs.push(durationMs)
    for (const flow of view.flows) flows.set(flow, (flows.get(flow) ?? 0) + 1)
  }
  return { elements, flows }
}

function nothing(): Seen {
  return { tokens: 0, stuck: 0, late: 0, deviating: 0, visits: 0, waitsMs: [], durationsMs: [] }
}

function percentiles({ waitsMs, durationsMs }: Seen): Partial<ElementFlow> {
  const [waits, durations] = [waitsMs.sort((a, b) => a - b), durationsMs.sort((a, b) => a - b)]
  const nth = (sorted: readonly number[], part: number) => sorted[Math.ceil(sorted.length * part) - 1] ?? 0
  return {
    ...(waits.length === 0 ? {} : { waitP50Ms: nth(waits, 0.5), waitP95Ms: nth(waits, 0.95), waitMaxMs: waits.at(-1) ?? 0 }),
    ...(durations.length === 0 ? {} : { durationP50Ms: nth(durations, 0.5), durationP95Ms: nth(durations, 0.95) }),
  }
}
