/** A run told at length, for the page of one instance: where it went, what it waits for, what may come. */
import { isShown, partsOf } from '../net/net.js'
import type { VisitHow } from './reading.js'
import { allEndedVisitsOf, recordOf } from './item-history.js'
import { openRuns, type Run } from './run.js'
import { itemName } from './tracked-items.js'
import type { InstanceView } from './unit.js'

export interface ExplainedVisit {
  readonly element: string
  readonly entered: number
  readonly left?: number
  readonly how: VisitHow
  /** Ended by something that interrupted it. */
  readonly interrupted: boolean
  /** The item that it belongs to. */
  readonly item?: string
}

export interface Explanation {
  /** In the order in which they began. */
  readonly visits: readonly ExplainedVisit[]
  /** Sequence flows of the path, with how often each was taken. */
  readonly path: readonly { readonly flow: string; readonly count: number }[]
  /** Elements whose events fit next, with the event types bound to them; of what is followed item by item, the items at work of which one fits. */
  readonly expected: readonly { readonly element: string; readonly events: readonly string[]; readonly items?: readonly string[] }[]
  /** Per element that holds a token whose branch is not known yet: where it may go on. */
  readonly undecided: ReadonlyMap<string, readonly string[]>
}

export function explainInstance({ shown, view }: InstanceView): Explanation {
  const { model } = shown
  const closed = allEndedVisitsOf(recordOf(shown)).map((visit): ExplainedVisit => ({ element: visit.element, entered: visit.entered, left: visit.left, how: visit.how, interrupted: visit.interrupted, ...itemOf(visit) }))
  const open = openVisits(shown)
  const counts = new Map<string, number>()
  for (const flow of view.flows) counts.set(flow, (counts.get(flow) ?? 0) + 1)
  const expected = new Map<string, { readonly events: Set<string>; readonly items: Set<string> }>()
  for (const { label, item } of expectedIn(shown)) {
    const { element, phase } = partsOf(label)
    const next = expected.get(element) ?? { events: new Set(), items: new Set() }
    for (const binding of model.process.elements.find(({ id }) => id === element)?.bindings ?? []) if (binding.phase === phase) next.events.add(binding.event)
    if (item !== undefined) next.items.add(item)
    expected.set(element, next)
  }
  const undecided = new Map<string, readonly string[]>()
  for (const { run, token } of openRuns(shown).flatMap((run) => run.shownTokens.map((token) => ({ run, token })))) {
    const element = run.model.elements.get(run.model.elementAt(token.place))
    const kind = run.model.net.places[token.place]?.kind
    if (element === undefined || element.outgoing.length < 2 || kind === 'join' || (kind !== 'choice' && !element.kind.endsWith('Gateway'))) continue
    undecided.set(element.id, nextObserved(model.process.flows, model.elements, element.outgoing))
  }
  return {
    visits: [...closed, ...(view.status === 'active' ? open : [])].sort((a, b) => a.entered - b.entered),
    path: [...counts].map(([flow, count]) => ({ flow, count })),
    expected: [...expected].map(([element, { events, items }]) => ({ element, events: [...events], ...(model.itemsAround(element) === undefined ? {} : { items: [...items] }) })),
    undecided,
  }
}

/** Stays that have not ended, in items and outside. */
function openVisits(run: Run, item?: string): readonly ExplainedVisit[] {
  const { model, items } = run
  const own = run.shownTokens.flatMap((token): ExplainedVisit[] => {
    const place = model.net.places[token.place]
    if (place === undefined || !isShown(place) || items?.areShownFor(place) === true) return []
    return [{ element: place.element, entered: token.since, how: 'observed', interrupted: false, ...itemOf({ item }) }]
  })
  return items === undefined ? own : [...own, ...items.open.flatMap(({ key, run: inside }) => openVisits(inside, item === undefined ? key : itemName(item, key)))]
}

/** Labels that fit next: what a further item may begin with, and what those at work may go on with, each with its name. */
function expectedIn(run: Run, item?: string): readonly { readonly label: string; readonly item: string | undefined }[] {
  const own = run.posture.expected.flatMap((label) => {
    const { element, phase } = partsOf(label)
    const items = run.model.itemsAt.get(element)
    if (items === undefined) return [{ label, item }]
    // It has no name yet.
    return phase === 'start' ? items.model.expectedAfter(items.model.initialBelief.hypotheses[0]?.marking ?? '').map((first) => ({ label: first, item: undefined })) : []
  })
  return [...own, ...(run.items?.open ?? []).flatMap(({ key, run: inside }) => expectedIn(inside, item === undefined ? key : itemName(item, key)))]
}

function itemOf({ item }: { readonly item?: string | undefined }): { readonly item?: string } {
  return item === undefined ? {} : { item }
}

/** The first elements that events are bound to behind these flows. */
function nextObserved(
  flows: InstanceView['shown']['model']['process']['flows'], elements: InstanceView['shown']['model']['elements'], from: readonly string[],
): readonly string[] {
  const targets = new Map(flows.map((flow) => [flow.id, flow.target]))
  const seen = new Set<string>()
  const found: string[] = []
  const open = [...from].reverse()
  for (let flow = open.pop(); flow !== undefined; flow = open.pop()) {
    const element = elements.get(targets.get(flow) ?? '')
    if (element === undefined || seen.has(element.id)) continue
    seen.add(element.id)
    if (element.bindings.length > 0 || element.outgoing.length === 0) found.push(element.id)
    else open.push(...[...element.outgoing].reverse())
  }
  return found
}
