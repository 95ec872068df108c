import type { Element, ProcessModel, SequenceFlow } from '../model.js'
import { isSubProcess } from './supported.js'

/** How tokens can move in a process, roughly: enough for the checks, which must hold for every marking. */
export class Graph {
  readonly element: ReadonlyMap<string, Element>
  readonly flow: ReadonlyMap<string, SequenceFlow>
  private readonly boundary = new Map<string, Element[]>()
  private readonly children = new Map<string | undefined, Element[]>()

  constructor(readonly process: ProcessModel) {
    this.element = new Map(process.elements.map((element) => [element.id, element]))
    this.flow = new Map(process.flows.map((flow) => [flow.id, flow]))
    for (const element of process.elements) {
      push(this.children, element.parent, element)
      if (element.attachedTo !== undefined) push(this.boundary, element.attachedTo, element)
    }
  }

  targets(element: Element): Element[] {
    return element.outgoing.map((id) => this.element.get(this.flow.get(id)?.target ?? '')).filter((found) => found !== undefined)
  }

  sources(element: Element): Element[] {
    return element.incoming.map((id) => this.element.get(this.flow.get(id)?.source ?? '')).filter((found) => found !== undefined)
  }

  boundaryEvents(element: Element): readonly Element[] {
    return this.boundary.get(element.id) ?? []
  }

  inside(scope: Element): readonly Element[] {
    return this.children.get(scope.id) ?? []
  }

  /** Where tokens appear when a scope is entered: its start events, or where it has none, whatever nothing leads to. */
  entries(parent: string | undefined): readonly Element[] {
    const elements = this.children.get(parent) ?? []
    const withoutWayIn = elements.filter((element) => element.incoming.length === 0 && element.kind !== 'boundaryEvent'
      && element.triggeredByEvent !== true && element.isForCompensation !== true)
    const isAdHoc = parent !== undefined && this.element.get(parent)?.kind === 'adHocSubProcess'
    const starts = elements.filter((element) => element.kind === 'startEvent' || isInstantiating(element))
    return starts.length > 0 && !isAdHoc ? starts : withoutWayIn
  }

  /** One step of a token or of what it sets going. */
  next(element: Element): Element[] {
    const inner = isSubProcess(element.kind)
      ? [...this.entries(element.id), ...this.inside(element).filter((child) => child.triggeredByEvent === true)]
      : []
    const handlers = element.trigger?.kind === 'compensation'
      ? this.process.elements.filter((other) => other.isForCompensation === true)
      : []
    return [...this.targets(element), ...this.boundaryEvents(element), ...inner, ...handlers]
  }

  reachable(from: readonly Element[]): Set<Element> {
    const reached = new Set(from)
    for (const element of reached) for (const other of this.next(element)) reached.add(other)
    return reached
  }
}

/** Receive tasks and event-based gateways may start a process; without a way in they can have no other meaning. */
function isInstantiating(element: Element): boolean {
  return element.incoming.length === 0 && (element.kind === 'receiveTask' || element.kind === 'eventBasedGateway')
}

function push<K>(map: Map<K, Element[]>, key: K, element: Element): void {
  const known = map.get(key)
  if (known === undefined) map.set(key, [element])
  else known.push(element)
}
