/// <reference path="../../libs/bpmn/src/read/bpmn-moddle.d.ts" />
/** What the token simulator needs of a drawing: the elements of a BPMN file as a diagram would hold them, without drawing anything. */
import { BpmnModdle } from 'bpmn-moddle'
import { many, one, type ModdleElement } from '../../libs/bpmn/src/read/moddle-element.js'

type BusinessObject = ModdleElement & { $instanceOf(type: string): boolean }

export interface DiagramElement {
  readonly id: string
  readonly type: string
  readonly businessObject: BusinessObject
  /** The process or participant, or the sub-process, that it lies in; absent for those at the top. */
  readonly parent?: DiagramElement
  readonly children: DiagramElement[]
  /** Sequence flows, message flows and associations. */
  readonly incoming: DiagramElement[]
  readonly outgoing: DiagramElement[]
  readonly attachers: DiagramElement[]
  /** Of boundary events. */
  host?: DiagramElement
  /** Of flows. */
  source?: DiagramElement
  target?: DiagramElement
  /** Message flows of a task act from left to right. */
  readonly waypoints: readonly { readonly x: number }[]
  readonly di: { readonly isExpanded: boolean }
}

/** All elements by id, in the order of the file. */
export type Diagram = ReadonlyMap<string, DiagramElement>

export async function diagramOf(xml: string): Promise<Diagram> {
  const { rootElement } = await new BpmnModdle().fromXML(xml)
  return new Drawing(rootElement as ModdleElement).elements
}

class Drawing {
  readonly elements = new Map<string, DiagramElement>()
  readonly #waypoints = new Map<string | undefined, readonly { readonly x: number }[]>()

  constructor(definitions: ModdleElement) {
    for (const diagram of many(definitions, 'diagrams')) {
      for (const shape of many(one(diagram, 'plane'), 'planeElement')) {
        if (shape.$type === 'bpmndi:BPMNEdge') this.#waypoints.set(one(shape, 'bpmnElement')?.id, shape.get('waypoint') as readonly { x: number }[])
      }
    }
    const roots = many(definitions, 'rootElements')
    const collaborations = roots.filter((root) => root.$type === 'bpmn:Collaboration')
    const participants = collaborations.flatMap((collaboration) => many(collaboration, 'participants'))
    for (const participant of participants) this.#fill(this.#add(participant), one(participant, 'processRef'))
    const inPools = new Set(participants.map((participant) => one(participant, 'processRef')))
    for (const process of roots) if (process.$type === 'bpmn:Process' && !inPools.has(process)) this.#fill(this.#add(process), process)
    for (const collaboration of collaborations) for (const flow of many(collaboration, 'messageFlows')) this.#connect(flow)
  }

  #fill(container: DiagramElement, scope: ModdleElement | undefined): void {
    const inside = many(scope, 'flowElements')
    for (const node of inside) {
      if (!(node as BusinessObject).$instanceOf('bpmn:FlowNode')) continue
      const element = this.#add(node, container)
      if (element.businessObject.$instanceOf('bpmn:SubProcess')) this.#fill(element, node)
    }
    for (const node of inside) {
      const element = this.#of(node)
      const host = this.#of(one(node, 'attachedToRef'))
      if (element === undefined || host === undefined) continue
      element.host = host
      host.attachers.push(element)
    }
    for (const flow of [...inside, ...many(scope, 'artifacts')]) if (one(flow, 'sourceRef') !== undefined) this.#connect(flow, container)
  }

  #connect(flow: ModdleElement, parent?: DiagramElement): void {
    const [source, target] = [this.#of(one(flow, 'sourceRef')), this.#of(one(flow, 'targetRef'))]
    if (source === undefined || target === undefined) return
    const element = this.#add(flow, parent)
    element.source = source
    element.target = target
    source.outgoing.push(element)
    target.incoming.push(element)
  }

  #add(moddle: ModdleElement, parent?: DiagramElement): DiagramElement {
    const businessObject = moddle as BusinessObject
    const id = moddle.id ?? ''
    const element: DiagramElement = {
      id, type: moddle.$type, businessObject, ...(parent === undefined ? {} : { parent }), children: [], incoming: [], outgoing: [], attachers: [],
      waypoints: this.#waypoints.get(id) ?? [{ x: 0 }], di: { isExpanded: true },
    }
    this.elements.set(id, element)
    if (businessObject.$instanceOf('bpmn:FlowNode')) parent?.children.push(element)
    return element
  }

  #of(moddle: ModdleElement | undefined): DiagramElement | undefined {
    return this.elements.get(moddle?.id ?? '')
  }
}
