import type { Element, Finding } from '../model.js'
import { called, finding } from './finding-codes.js'
import type { Graph } from './graph.js'

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
 * The same event at two elements is normal where only one of them can be active (a task that is drawn on two branches). It is ambiguous where both
 * can wait at once: on different branches of a parallel split, before these meet.
 */
function concurrent(graph: Graph): Finding[] {
  const byEvent = new Map<string, Element[]>()
  for (const element of graph.process.elements) {
    for (const { event, source, filter } of element.bindings) {
      const identity = JSON.stringify([event, source, filter])
      byEvent.set(identity, [...(byEvent.get(identity) ?? []), element])
    }
  }
  const shared = [...byEvent].filter(([, elements]) => new Set(elements).size > 1)
  if (shared.length === 0) return []

  const splits = graph.process.elements.filter((element) => element.outgoing.length > 1 && element.kind === 'parallelGateway')
  const branches = splits.map((split) => graph.targets(split).map((target) => graph.reachable([target])))
  return shared.flatMap(([identity, elements]) => {
    const [event] = JSON.parse(identity) as [string]
    const pair = branches.map((reached) => together(elements, reached)).find((found) => found !== undefined)
    return pair === undefined ? [] : [finding('ambiguousBinding', pair[1].id,
      `${event} means ${called(pair[0])} and ${called(pair[1])}, which can be active together: tell them apart with a filter.`)]
  })
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
