import type { Element, Finding } from '../model.js'
import { called, finding } from './finding-codes.js'
import type { Graph } from './graph.js'

/** Elements of one event, and branches of one split, that are compared with each other. */
const MAX_SHARING = 20
const MAX_BRANCHES = 20
/** Elements visited behind splits: a hint need not be complete on models that no person draws. */
const MAX_STEPS = 1_000_000

/** Whether events can be told apart, and whether there is any at all. */
export function checkBindings(graph: Graph): Finding[] {
  const { process } = graph
  if (process.elements.every((element) => element.bindings.length === 0)) {
    return [finding('nothingObserved', undefined,
      `No element of ${called(process)} is bound to an event: name its tasks like event types, or add tm:observe or a mapping.`)]
  }
  return [...twicePhased(process.elements), ...concurrent(graph)]
}

/** One event cannot both start and end the same activity. */
function twicePhased(elements: readonly Element[]): Finding[] {
  return elements.flatMap((element) => {
    const twice = element.bindings.find((binding, index) => element.bindings.some((other, at) => (
      at < index && other.event === binding.event && other.phase !== binding.phase
      && other.filter === binding.filter && other.source === binding.source
    )))
    return twice === undefined ? [] : [finding('ambiguousBinding', element.id,
      `${twice.event} means two phases of ${called(element)}: tell them apart with a filter.`)]
  })
}

/**
 * The same event at two elements is normal where only one of them can be active (a task that is drawn on two branches). It is
 * ambiguous where both can wait at once: on different branches of a parallel split, before these meet.
 */
function concurrent(graph: Graph): Finding[] {
  const byEvent = new Map<string, Element[]>()
  for (const element of graph.process.elements) {
    for (const { event, source, filter } of element.bindings) {
      const identity = JSON.stringify([event, source, filter])
      const known = byEvent.get(identity)
      if (known === undefined) byEvent.set(identity, [element])
      else known.push(element)
    }
  }
  const shared = [...byEvent].map(([identity, elements]) => ({ identity, elements: [...new Set(elements)].slice(0, MAX_SHARING) }))
    .filter(({ elements }) => elements.length > 1)
  const pairs = new Map<string, [Element, Element]>()
  let steps = 0
  for (const split of graph.process.elements) {
    if (split.kind !== 'parallelGateway' || split.outgoing.length < 2 || shared.length === pairs.size || steps > MAX_STEPS) continue
    const branches = graph.targets(split).slice(0, MAX_BRANCHES).map((target) => graph.reachable([target]))
    steps += branches.reduce((sum, { size }) => sum + size, 0)
    for (const { identity, elements } of shared) {
      const pair = pairs.has(identity) ? undefined : together(elements, branches)
      if (pair !== undefined) pairs.set(identity, pair)
    }
  }
  return [...pairs].map(([identity, [first, second]]) => finding('ambiguousBinding', second.id,
    `${(JSON.parse(identity) as [string])[0]} means ${called(first)} and ${called(second)}, which can be active together: `
    + 'tell them apart with a filter.'))
}

/** Two of the elements of which each is reached by a branch that does not reach the other. */
function together(elements: readonly Element[], branches: readonly ReadonlySet<Element>[]): [Element, Element] | undefined {
  for (const first of elements) {
    for (const second of elements) {
      if (first === second) continue
      const isApart = branches.some((branch) => branch.has(first) && !branch.has(second))
        && branches.some((branch) => branch.has(second) && !branch.has(first))
      if (isApart) return [first, second]
    }
  }
  return undefined
}
