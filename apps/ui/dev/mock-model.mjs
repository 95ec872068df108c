// Reads just enough of a BPMN file to walk it, and draws a large one.

/** Elements with their outgoing flows, by id. Regular expressions do for the two files that are used here; the product has a parser. */
export function graphOf(xml) {
  const elements = new Map()
  const flows = new Map()
  const scopes = []
  const tags = /<(\/?)(?:bpmn:|bpmn2:)?(\w+)([^>]*?)(\/?)>/g
  for (const [, closing, tag, text, alone] of xml.matchAll(tags)) {
    const attribute = (name) => new RegExp(`\\b${name}="([^"]*)"`).exec(text)?.[1]
    if (tag === 'subProcess' && closing) scopes.pop()
    if (closing) continue
    if (tag === 'sequenceFlow')
      flows.set(attribute('id'), { id: attribute('id'), from: attribute('sourceRef'), to: attribute('targetRef') })
    else if (/Event$|Task$|^task$|Gateway$|^subProcess$/.test(tag)) {
      elements.set(attribute('id'), {
        id: attribute('id'),
        name: attribute('name') ?? '',
        kind: tag,
        parent: scopes.at(-1),
        host: attribute('attachedToRef'),
        out: [],
      })
    }
    if (tag === 'subProcess' && !alone) scopes.push(attribute('id'))
  }
  for (const flow of flows.values()) elements.get(flow.from)?.out.push(flow)
  const process = /<(?:bpmn:|bpmn2:)?process\b([^>]*)>/.exec(xml)?.[1] ?? ''
  return {
    xml,
    elements,
    flows,
    id: /\bid="([^"]*)"/.exec(process)?.[1] ?? 'process',
    name: /\bname="([^"]*)"/.exec(process)?.[1] ?? 'Process',
    start: [...elements.values()].find(({ kind, parent }) => kind === 'startEvent' && parent === undefined),
  }
}

/** A process of `count` tasks in rows of twenty, with a choice that skips ahead now and then. */
export function largeModel(count = 300) {
  const perRow = 20
  const at = (n) => ({ x: 160 + (n % perRow) * 150, y: 100 + Math.floor(n / perRow) * 130 })
  const nodes = ['<startEvent id="Start" name="Claim opened"><outgoing>F0</outgoing></startEvent>']
  const shapes = [
    '<bpmndi:BPMNShape id="Start_di" bpmnElement="Start"><dc:Bounds x="80" y="122" width="36" height="36"/></bpmndi:BPMNShape>',
  ]
  const lines = []
  for (let n = 0; n < count; n++) {
    const { x, y } = at(n)
    const from = n === 0 ? 'Start' : `Task${n - 1}`
    nodes.push(`<task id="Task${n}" name="Step ${n + 1}"/>`, `<sequenceFlow id="F${n}" sourceRef="${from}" targetRef="Task${n}"/>`)
    shapes.push(
      `<bpmndi:BPMNShape id="Task${n}_di" bpmnElement="Task${n}"><dc:Bounds x="${x}" y="${y}" width="100" height="80"/></bpmndi:BPMNShape>`,
    )
    const before = n === 0 ? { x: 116, y: 140 } : { x: at(n - 1).x + 100, y: at(n - 1).y + 40 }
    const way =
      n > 0 && n % perRow === 0
        ? [
            [before.x - 50, before.y + 40],
            [before.x - 50, y - 25],
            [x + 50, y - 25],
            [x + 50, y],
          ]
        : [
            [before.x, before.y],
            [x, y + 40],
          ]
    lines.push(
      edge(`F${n}`, way),
    )
  }
  const end = at(count)
  nodes.push('<endEvent id="End" name="Claim closed"/>', `<sequenceFlow id="FEnd" sourceRef="Task${count - 1}" targetRef="End"/>`)
  shapes.push(
    `<bpmndi:BPMNShape id="End_di" bpmnElement="End"><dc:Bounds x="${end.x}" y="${end.y + 20}" width="36" height="36"/></bpmndi:BPMNShape>`,
  )
  const last = at(count - 1)
  lines.push(
    edge('FEnd', [[last.x + 50, last.y + 80], [end.x + 18, end.y + 20]]),
  )
  return `<?xml version="1.0" encoding="UTF-8"?>
<definitions id="d" targetNamespace="urn:mock" xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI"
  xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" xmlns:di="http://www.omg.org/spec/DD/20100524/DI">
<process id="claims" name="Claims handling">${nodes.join('')}</process>
<bpmndi:BPMNDiagram id="D"><bpmndi:BPMNPlane id="P" bpmnElement="claims">
${shapes.join('')}${lines.join('')}
</bpmndi:BPMNPlane></bpmndi:BPMNDiagram></definitions>`
}

function edge(id, way) {
  const points = way.map(([x, y]) => `<di:waypoint x="${x}" y="${y}"/>`).join('')
  return `<bpmndi:BPMNEdge id="${id}_di" bpmnElement="${id}">${points}</bpmndi:BPMNEdge>`
}
