/** Models with their drawing, made for a test: what people drop on the product has both. */

export interface Step {
  readonly id: string
  readonly name: string
  /** Default: a task, which binds to events by its name. `message` and `end` are events; the first step is always a start. */
  readonly kind?: 'task' | 'message' | 'end' | 'thrownTimer'
}

export interface DrawnModel {
  readonly id: string
  readonly name: string
  readonly steps: readonly Step[]
  /** Steps in a row, before the drawing goes on in the next one. */
  readonly perRow?: number
}

const namespaces = [
  'xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"', 'xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI"',
  'xmlns:dc="http://www.omg.org/spec/DD/20100524/DC"', 'xmlns:di="http://www.omg.org/spec/DD/20100524/DI"',
].join(' ')
const STEP_PX = 170
const ROW_PX = 140

/** A process whose steps follow one another, the first of them a message that starts it. Flows are called `to_<step>`. */
export function drawnModel({ id, name, steps, perRow = 8 }: DrawnModel): string {
  const flows = steps.slice(1).map((step, index) => ({ id: `to_${step.id}`, from: steps[index]!, to: step }))
  const messages = steps.filter((step, index) => kindOf(step, index) === 'message')
  const boxes = new Map(steps.map((step, index) => [step.id, boxOf(step, index, perRow)]))
  return `<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions ${namespaces} id="Definitions" targetNamespace="urn:example:drawn">
${messages.map((step) => `  <bpmn:message id="${step.id}_message" name="${escaped(step.name)}" />`).join('\n')}
  <bpmn:process id="${id}" name="${escaped(name)}" isExecutable="false">
${steps.map((step, index) => `    ${elementOf(step, index)}`).join('\n')}
${flows.map((flow) => `    <bpmn:sequenceFlow id="${flow.id}" sourceRef="${flow.from.id}" targetRef="${flow.to.id}" />`).join('\n')}
  </bpmn:process>
  <bpmndi:BPMNDiagram id="Diagram"><bpmndi:BPMNPlane id="Plane" bpmnElement="${id}">
${steps.map((step) => `    ${shape(step.id, boxes.get(step.id)!)}`).join('\n')}
${flows.map((flow) => `    ${edge(flow.id, boxes.get(flow.from.id)!, boxes.get(flow.to.id)!)}`).join('\n')}
  </bpmndi:BPMNPlane></bpmndi:BPMNDiagram>
</bpmn:definitions>
`
}

/** An order as a small shop sees it: placed, paid, shipped. Bound by names alone. */
export const orderModel = drawnModel({
  id: 'order', name: 'Order',
  steps: [
    { id: 'placed', name: 'order.placed' },
    { id: 'pay', name: 'payment.received' },
    { id: 'ship', name: 'goods.shipped' },
    { id: 'done', name: 'Order done', kind: 'end' },
  ],
})

/** The same with a timer that is thrown, which BPMN does not have. */
export const faultyOrderModel = drawnModel({
  id: 'order', name: 'Order',
  steps: [
    { id: 'placed', name: 'order.placed' },
    { id: 'either', name: 'Somehow', kind: 'thrownTimer' },
    { id: 'ship', name: 'goods.shipped' },
    { id: 'done', name: 'Order done', kind: 'end' },
  ],
})

function kindOf(step: Step, index: number): 'start' | NonNullable<Step['kind']> {
  return index === 0 ? 'message' : (step.kind ?? 'task')
}

function elementOf(step: Step, index: number): string {
  const kind = kindOf(step, index)
  const name = `id="${step.id}" name="${escaped(step.name)}"`
  const trigger = `<bpmn:messageEventDefinition id="${step.id}_trigger" messageRef="${step.id}_message" />`
  if (index === 0) return `<bpmn:startEvent ${name}>${trigger}</bpmn:startEvent>`
  if (kind === 'message') return `<bpmn:intermediateCatchEvent ${name}>${trigger}</bpmn:intermediateCatchEvent>`
  if (kind === 'end') return `<bpmn:endEvent ${name} />`
  if (kind === 'task') return `<bpmn:task ${name} />`
  return `<bpmn:intermediateThrowEvent ${name}><bpmn:timerEventDefinition id="${step.id}_trigger" /></bpmn:intermediateThrowEvent>`
}

interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

function boxOf(step: Step, index: number, perRow: number): Box {
  const kind = kindOf(step, index)
  const [width, height] = kind === 'task' ? [110, 80] : [36, 36]
  const middle = { x: 100 + (index % perRow) * STEP_PX, y: 100 + Math.floor(index / perRow) * ROW_PX }
  return { x: middle.x - width / 2, y: middle.y - height / 2, width, height }
}

function shape(id: string, { x, y, width, height }: Box): string {
  const bounds = `<dc:Bounds x="${x}" y="${y}" width="${width}" height="${height}" />`
  return `<bpmndi:BPMNShape id="${id}_di" bpmnElement="${id}">${bounds}</bpmndi:BPMNShape>`
}

/** Straight to the next, or down and back to the beginning of the next row. */
function edge(id: string, from: Box, to: Box): string {
  const [x, nextX] = [from.x + from.width / 2, to.x + to.width / 2]
  const [y, nextY] = [from.y + from.height / 2, to.y + to.height / 2]
  const between = (y + nextY) / 2
  const points = y === nextY
    ? [[from.x + from.width, y], [to.x, y]]
    : [[x, from.y + from.height], [x, between], [nextX, between], [nextX, to.y]]
  const waypoints = points.map(([px, py]) => `<di:waypoint x="${px}" y="${py}" />`).join('')
  return `<bpmndi:BPMNEdge id="${id}_di" bpmnElement="${id}">${waypoints}</bpmndi:BPMNEdge>`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
