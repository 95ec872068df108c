/** A process of a few steps in a row, as a BPMN file and its mapping: for tests of what happens around following, not of following. */

export interface SmallProcess {
  readonly id: string
  /** Event types, in order. The first begins an instance. */
  readonly steps: readonly string[]
}

export function xmlOf({ id, steps }: SmallProcess): string {
  const [first, ...others] = steps
  const nodes = [
    `<startEvent id="e0" name="${first}"><messageEventDefinition/></startEvent>`,
    ...others.map((step, index) => `<task id="e${index + 1}" name="${step}"/>`), '<endEvent id="end"/>',
  ]
  const flows = nodes.slice(1).map((_node, index) => `<sequenceFlow id="f${index}" sourceRef="e${index}" targetRef="${index + 2 === nodes.length ? 'end' : `e${index + 1}`}"/>`)
  return `<?xml version="1.0"?><definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="urn:test"><process id="${id}">
    ${[...nodes, ...flows].join('\n    ')}</process></definitions>`
}

/** Orders go by data.order; data.parcel finds them, once an event has told both. */
export const BY_ORDER = 'key: [{ name: order, value: data.order }, { name: parcel, value: data.parcel }]'

export interface SmallEvent {
  readonly type: string
  readonly data: Readonly<Record<string, unknown>>
  /** Epoch milliseconds. */
  readonly at?: number
  readonly id?: string
  readonly source?: string
  readonly more?: Readonly<Record<string, unknown>>
}

let count = 0

/** A CloudEvent; its id is new unless one is given. */
export function cloudEvent({ type, data, at, id, source = '/test', more = {} }: SmallEvent) {
  return { specversion: '1.0' as const, id: id ?? `small-${count++}`, source, type, ...(at === undefined ? {} : { time: new Date(at).toISOString() }), ...more, data }
}
