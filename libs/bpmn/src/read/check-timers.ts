import type { Element, Finding } from '../model.js'
import { called, finding } from './finding-codes.js'
import type { Graph } from './graph.js'
import { isSubProcess, isTask } from './supported.js'

/**
 * A task that no event is bound to is passed at once, so that a timer behind it begins to run when what is before it was seen: earlier than drawn. That is
 * said, with the task that would have to be seen.
 */
export function checkTimers(graph: Graph): Finding[] {
  return graph.process.elements.flatMap((element) => {
    if (element.trigger?.timer?.mode !== 'self' || element.kind === 'startEvent') return []
    const unseen = unseenBefore(graph.element.get(element.attachedTo ?? '') ?? element, graph)
    return unseen === undefined ? [] : [finding('timerBehindUnseen', element.id,
      `The timer ${called(element)} begins to run before ${called(unseen)} is done, since no event says when that is: bind one to ${called(unseen)}.`)]
  })
}

/** The nearest task without any event that a token comes from, over what passes silently. */
function unseenBefore(element: Element, graph: Graph): Element | undefined {
  const reached = new Set(before(element, graph))
  for (const earlier of reached) {
    if (earlier.bindings.length > 0 || earlier.command !== undefined || earlier.trigger?.timer !== undefined) continue
    if (isTask(earlier.kind)) return earlier
    // What its activity is taken from by is only known by what was seen.
    if (earlier.kind === 'boundaryEvent' || earlier.kind === 'callActivity') continue
    for (const next of before(earlier, graph)) reached.add(next)
  }
  return undefined
}

/** Where a token comes from: sub-processes are left by what ends in them, and begin by what comes before them. */
function before(element: Element, graph: Graph): readonly Element[] {
  const scope = graph.element.get(element.parent ?? '')
  const from = element.incoming.length === 0 && scope !== undefined && scope.triggeredByEvent !== true ? graph.sources(scope) : graph.sources(element)
  return from.flatMap((source) => {
    const ends = isSubProcess(source.kind) && source.bindings.length === 0 ? graph.inside(source).filter((inner) => inner.outgoing.length === 0) : []
    return ends.length > 0 ? ends : [source]
  })
}
