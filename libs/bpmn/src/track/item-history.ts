/** What happened in a run and in all of its items, told as one. */
import { chainToArray } from './chain.js'
import { compareFacts, type Fact } from './fact.js'
import { beginOf, endedVisitsOf, tellAll, Told, type History, type Listener, type ReadEvent, type Stand } from './history.js'
import type { Visit } from './reading.js'
import type { Run } from './run.js'
import { itemName } from './tracked-items.js'

/** All that a history is told from, as it stood at a moment. */
export interface RunRecord extends Stand {
  readonly items: readonly ItemRecord[]
}

interface ItemRecord {
  /** The element that stands for it in the net around. */
  readonly of: string
  readonly key: string
  readonly record: RunRecord
}

const NO_ITEMS: readonly ItemRecord[] = []

export function recordOf({ model, first, host, head, notes, items }: Run): RunRecord {
  return { model, first, isItem: host !== undefined, head, notes, items: items === undefined ? NO_ITEMS : items.all.map(({ of, key, run }) => ({ of: of.id, key, record: recordOf(run) })) }
}

/** Events in fold order, whatever they are about. */
export function wholeHistoryOf(record: RunRecord): History {
  const { items } = record
  const own = new Told()
  tellAll(record, own)
  if (items.length === 0) return own
  const standIns = standInsOf(items)
  const events: ReadEvent[] = [...own.events]
  const visits = new Map([...own.visits].filter(([element]) => !standIns.has(element)))
  const flows = [...own.flows]
  const durations = own.durations.filter(([element]) => !standIns.has(element))
  for (const { key, record: inside } of items) {
    const one = wholeHistoryOf(inside)
    for (const event of one.events) events.push({ ...event, item: itemName(key, event.item) })
    for (const [element, count] of one.visits) visits.set(element, (visits.get(element) ?? 0) + count)
    flows.push(...one.flows)
    durations.push(...one.durations)
  }
  const facts = new Map<bigint, Fact>()
  addFacts(facts, record)
  const factOf = ({ position }: ReadEvent) => facts.get(position) as Fact
  return { events: events.sort((a, b) => compareFacts(factOf(a), factOf(b))), visits, flows, durations }
}

/** All that a run and its items have done. */
export function tellWhole(record: RunRecord, to: Listener): void {
  if (record.items.length === 0) return tellAll(record, to)
  const { events, visits, flows, durations } = wholeHistoryOf(record)
  for (const { position, reading, element, phase } of events) to.event(position, reading, element, phase)
  for (const [element, count] of visits) to.stays(element, count)
  for (const flow of flows) to.flow(flow)
  for (const [element, durationMs] of durations) to.lasted(element, durationMs)
}

/** Stays that ended, in the order in which they did. */
export function allEndedVisitsOf(record: RunRecord): readonly Visit[] {
  const { model, head, items } = record
  const own = endedVisitsOf(model, beginOf(record), head)
  if (items.length === 0) return own
  const standIns = standInsOf(items)
  const inside = items.flatMap(({ key, record }) => allEndedVisitsOf(record).map((visit): Visit => ({ ...visit, item: itemName(key, visit.item) })))
  return [...own.filter(({ element }) => !standIns.has(element)), ...inside].sort((a, b) => a.left - b.left)
}

/** What stands for all items is not one of them. */
function standInsOf(items: readonly ItemRecord[]): ReadonlySet<string> {
  return new Set(items.map(({ of }) => of))
}

function addFacts(facts: Map<bigint, Fact>, { head, notes, items }: RunRecord): void {
  for (let step = head; step !== undefined; step = step.before) if (step.fact !== undefined) facts.set(step.fact.position, step.fact)
  for (const fact of chainToArray(notes)) facts.set(fact.position, fact)
  for (const { record } of items) addFacts(facts, record)
}
