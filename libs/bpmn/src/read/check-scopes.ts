import type { Element, Finding } from '../model.js'
import { called, finding } from './finding-codes.js'
import type { Graph } from './graph.js'
import { isSubProcess } from './supported.js'

/** Events that only mean something within the right scope: where they stand elsewhere nothing can come of them. */
export function checkScopes(graph: Graph): Finding[] {
  return graph.process.elements.flatMap((element) => {
    const problem = misplaced(element, graph)
    return problem === undefined ? [] : [finding('misplacedEvent', element.id, `${called(element)} ${problem}`)]
  })
}

/** Triggers that a start event can have in an event sub-process alone. */
const INSIDE_ONLY = ['error', 'escalation', 'compensation'] as const

function misplaced(element: Element, graph: Graph): string | undefined {
  const trigger = element.trigger?.kind ?? 'none'
  const around = graph.element.get(element.parent ?? '')
  switch (element.kind) {
    case 'startEvent':
      if (around?.triggeredByEvent !== true) return INSIDE_ONLY.some((kind) => kind === trigger) ? `starts by ${trigger}, which nothing throws at it: put it into an event sub-process.` : undefined
      if (trigger === 'compensation' && around.parent === undefined) return 'undoes the process as a whole, which nothing asks for: put its event sub-process into a sub-process.'
      return trigger === 'none' && element.bindings.length === 0 ? 'starts an event sub-process and waits for nothing: give it a message, timer, error or another event.' : undefined
    case 'endEvent':
      return trigger === 'cancel' && scopeOf(element, graph)?.kind !== 'transaction' ? 'cancels no transaction: draw it inside one, or draw a plain end.' : undefined
    case 'boundaryEvent': {
      const host = graph.element.get(element.attachedTo ?? '')
      if (trigger === 'cancel' && host !== undefined && host.kind !== 'transaction') return `waits for ${called(host)} to be cancelled, which is no transaction: make it one.`
      return trigger === 'compensation' && element.handler === undefined ? 'leads to no activity that undoes its host: draw an association to one that is marked as for compensation.' : undefined
    }
    default:
      return isSubProcess(element.kind) && element.triggeredByEvent === true && !graph.inside(element).some((child) => child.kind === 'startEvent')
        ? 'is an event sub-process that no event starts: draw a start event with a message, timer, error or another event.'
        : undefined
  }
}

/** The first scope around that is no event sub-process. */
function scopeOf(element: Element, graph: Graph): Element | undefined {
  let scope = graph.element.get(element.parent ?? '')
  while (scope?.triggeredByEvent === true) scope = graph.element.get(scope.parent ?? '')
  return scope
}
