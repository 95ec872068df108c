/** A process as a BPMN file without a drawing, for readers that are not ours. Bindings are not written: a file does not need them. */
import type { Element, ProcessModel, Trigger, TriggerKind } from '../model.js'

const DEFINITION: Readonly<Record<TriggerKind, string>> = {
  none: '', message: 'messageEventDefinition', timer: 'timerEventDefinition', signal: 'signalEventDefinition', error: 'errorEventDefinition',
  escalation: 'escalationEventDefinition', conditional: 'conditionalEventDefinition', link: 'linkEventDefinition', terminate: 'terminateEventDefinition',
  cancel: 'cancelEventDefinition', compensation: 'compensateEventDefinition', multiple: '', parallelMultiple: '',
}

/** Triggers whose name is that of something at the top of the file, and what it is called there. */
const REFERRED: Readonly<Partial<Record<TriggerKind, { readonly code?: string }>>> = {
  message: {}, signal: {}, error: { code: 'errorCode' }, escalation: { code: 'escalationCode' },
}

export function bpmnXml(process: ProcessModel): string {
  const writer = new Writer(process)
  const body = writer.scope(undefined)
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" id="definitions" targetNamespace="urn:test">',
    ...writer.roots.values(),
    `<process id="${escaped(process.id)}" isExecutable="true">`, ...body, '</process>', '</definitions>',
  ].join('\n')
}

class Writer {
  readonly roots = new Map<string, string>()
  readonly #process: ProcessModel
  readonly #flows: ReadonlyMap<string, string>

  constructor(process: ProcessModel) {
    this.#process = process
    this.#flows = new Map(process.flows.map((flow, index) => [flow.id, `flow${index + 1}`]))
  }

  scope(parent: string | undefined): string[] {
    const inside = this.#process.elements.filter((element) => element.parent === parent)
    const ids = new Set(inside.map((element) => element.id))
    const flows = this.#process.flows.filter((flow) => ids.has(flow.source)).map((flow) => {
      const condition = flow.condition === undefined ? '' : `<conditionExpression xsi:type="tFormalExpression">${escaped(flow.condition.text)}</conditionExpression>`
      return `<sequenceFlow id="${this.#flows.get(flow.id)}" sourceRef="${flow.source}" targetRef="${flow.target}">${condition}</sequenceFlow>`
    })
    return [...inside.map((element) => this.#element(element)), ...flows]
  }

  #element(element: Element): string {
    const attributes = [
      `id="${element.id}"`, `name="${escaped(element.name)}"`,
      ...(element.defaultFlow === undefined ? [] : [`default="${this.#flows.get(element.defaultFlow)}"`]),
      ...(element.attachedTo === undefined ? [] : [`attachedToRef="${element.attachedTo}"`]),
      ...(element.interrupting !== false ? [] : [`${element.kind === 'boundaryEvent' ? 'cancelActivity' : 'isInterrupting'}="false"`]),
      ...(element.triggeredByEvent === true ? ['triggeredByEvent="true"'] : []),
      ...(element.isForCompensation === true ? ['isForCompensation="true"'] : []),
      ...(element.calledElement === undefined ? [] : [`calledElement="${escaped(element.calledElement)}"`]),
    ]
    const content = [this.#definition(element), loopOf(element), ...this.scope(element.id)]
    return `<${element.kind} ${attributes.join(' ')}>${content.join('\n')}</${element.kind}>`
  }

  #definition({ id: own, trigger = { kind: 'none' } }: Element): string {
    const tag = DEFINITION[trigger.kind]
    if (tag === '') return ''
    const referred = REFERRED[trigger.kind]
    // A message without a name would be any message to others.
    const name = escaped(trigger.name ?? (trigger.kind === 'message' ? own : ''))
    let reference = ''
    if (referred !== undefined && name !== '') {
      const id = `${trigger.kind}_${[...this.roots.keys()].indexOf(`${trigger.kind} ${name}`) + 1 || this.roots.size + 1}`
      this.roots.set(`${trigger.kind} ${name}`, `<${trigger.kind} id="${id}" name="${name}"${referred.code === undefined ? '' : ` ${referred.code}="${name}"`} />`)
      reference = ` ${trigger.kind}Ref="${id}"`
    }
    const link = trigger.kind === 'link' ? ` name="${name}"` : ''
    return `<${tag}${reference}${link}>${timerOf(trigger)}${trigger.condition === undefined ? '' : `<condition>${escaped(trigger.condition)}</condition>`}</${tag}>`
  }
}

function timerOf({ timer }: Trigger): string {
  if (timer === undefined) return ''
  const tag = { duration: 'timeDuration', date: 'timeDate', cycle: 'timeCycle' }[timer.kind]
  return `<${tag}>${escaped(timer.text)}</${tag}>`
}

function loopOf({ loop }: Element): string {
  if (loop === undefined) return ''
  return loop.kind === 'standard' ? '<standardLoopCharacteristics />' : `<multiInstanceLoopCharacteristics isSequential="${loop.kind === 'sequential'}" />`
}

function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/"/g, '&quot;')
}
