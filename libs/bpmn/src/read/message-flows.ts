import type { Binding, Element, MessageFlow, ProcessModel } from '../model.js'
import { localType, many, nameOf, one } from './moddle-element.js'
import type { ModdleElement } from './moddle-element.js'

/** A message flow as drawn, by the ids at its ends: elements, or pools as a whole. */
export interface DrawnMessageFlow {
  readonly id: string
  readonly name: string
  readonly source: string
  readonly target: string
}

/** Message flows of all collaborations of a file; one without an end is left out. */
export function messageFlowsOf(roots: readonly ModdleElement[]): DrawnMessageFlow[] {
  return roots.filter((root) => localType(root) === 'collaboration').flatMap((root) => many(root, 'messageFlows')).flatMap((flow) => {
    const [source, target] = [one(flow, 'sourceRef')?.id, one(flow, 'targetRef')?.id]
    return flow.id === undefined || source === undefined || target === undefined ? [] : [{ id: flow.id, name: nameOf(flow), source, target }]
  })
}

/**
 * Tells each process which messages it exchanges with the other pools of its file: those that are seen at both ends, by different events. A message
 * that one event says of both ends has come when it was sent; a pool that nothing is seen of says nothing of its messages.
 */
export function joinPools(processes: readonly ProcessModel[], flows: readonly DrawnMessageFlow[]): readonly ProcessModel[] {
  const ends = new Map(processes.flatMap((process) => process.elements.map((element) => [element.id, { process, element }] as const)))
  const joined = new Map<ProcessModel, MessageFlow[]>()
  for (const { id, name, source, target } of flows) {
    const [from, to] = [ends.get(source), ends.get(target)]
    if (from === undefined || to === undefined || from.process === to.process) continue
    const [sentBy, receivedBy] = [happens(from.element), happens(to.element)]
    if (sentBy.length === 0 || receivedBy.length === 0 || sentBy.some((sent) => receivedBy.some((received) => sent.event === received.event))) continue
    const { stuckAfter = to.process.stuckAfter, sla } = to.element
    const told = { id, name, sentBy, receivedBy, ...(stuckAfter === undefined ? {} : { stuckAfter }), ...(sla === undefined ? {} : { sla }) }
    push(joined, from.process, { ...told, direction: 'out', element: source, other: { process: to.process.id, element: target, name: to.element.name } })
    push(joined, to.process, { ...told, direction: 'in', element: target, other: { process: from.process.id, element: source, name: from.element.name } })
  }
  return processes.map((process) => {
    const messages = joined.get(process)
    return messages === undefined ? process : { ...process, messages }
  })
}

/** The events that say that its message was sent or received: those of its start, where it has others, are too early. */
function happens(element: Element): readonly Binding[] {
  const done = element.bindings.filter(({ phase }) => phase !== 'start')
  return done.length > 0 ? done : element.bindings
}

function push(map: Map<ProcessModel, MessageFlow[]>, process: ProcessModel, flow: MessageFlow): void {
  const known = map.get(process)
  if (known === undefined) map.set(process, [flow])
  else known.push(flow)
}
