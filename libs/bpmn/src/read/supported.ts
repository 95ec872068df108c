import type { ElementKind, TriggerKind } from '../model.js'

/** Kinds of event that carry a trigger. */
export type EventKind = Extract<ElementKind, `${string}Event`>

/** `true`: followed. A text: refused, and what to draw in its place. */
export type Support = true | string

/** Whether a kind of element can be followed; a new kind in the model does not compile until it stands here. */
export const supportedElements: Record<ElementKind, Support> = {
  startEvent: true,
  endEvent: true,
  intermediateCatchEvent: true,
  intermediateThrowEvent: true,
  boundaryEvent: true,
  task: true,
  userTask: true,
  serviceTask: true,
  manualTask: true,
  scriptTask: true,
  businessRuleTask: true,
  sendTask: true,
  receiveTask: true,
  callActivity: true,
  subProcess: true,
  transaction: true,
  adHocSubProcess: true,
  exclusiveGateway: true,
  parallelGateway: true,
  inclusiveGateway: true,
  complexGateway: true,
  eventBasedGateway: true,
}

/** Where BPMN does not allow a trigger, it says what to draw in its place. */
const LINK = 'BPMN does not allow it there: draw an intermediate link event, or a sequence flow.'
const TERMINATE = 'BPMN does not allow it there: draw a terminate end event.'
const CANCEL = 'BPMN does not allow it there: draw a cancel end event inside a transaction, and a cancel boundary event at its border.'
const WAITS = 'BPMN does not allow it there, since it can only be waited for: draw an intermediate catch event.'
const CAUGHT = 'BPMN does not allow it there, since it is caught where it happens: draw a boundary event, or an event sub-process.'
const ENDS = 'BPMN does not allow it there, since it ends what it happens in: draw an error end event.'
const ALL_OF = 'BPMN does not allow it there, since only what is waited for can be awaited together: draw one event after the other.'

/** Whether a trigger can be followed at a kind of event. */
export const supportedTriggers: Record<EventKind, Record<TriggerKind, Support>> = {
  startEvent: {
    none: true, message: true, timer: true, signal: true, error: true, escalation: true, conditional: true, link: LINK,
    terminate: TERMINATE, cancel: CANCEL, compensation: true, multiple: true, parallelMultiple: true,
  },
  endEvent: {
    none: true, message: true, timer: WAITS, signal: true, error: true, escalation: true, conditional: WAITS, link: LINK,
    terminate: true, cancel: true, compensation: true, multiple: true, parallelMultiple: ALL_OF,
  },
  intermediateCatchEvent: {
    none: true, message: true, timer: true, signal: true, error: CAUGHT, escalation: CAUGHT, conditional: true, link: true,
    terminate: TERMINATE, cancel: CANCEL, compensation: CAUGHT, multiple: true, parallelMultiple: true,
  },
  intermediateThrowEvent: {
    none: true, message: true, timer: WAITS, signal: true, error: ENDS, escalation: true, conditional: WAITS, link: true,
    terminate: TERMINATE, cancel: CANCEL, compensation: true, multiple: true, parallelMultiple: ALL_OF,
  },
  boundaryEvent: {
    none: 'It waits for nothing: draw it with a message, timer, error or signal.', message: true, timer: true, signal: true, error: true, escalation: true,
    conditional: true, link: LINK, terminate: TERMINATE, cancel: true, compensation: true, multiple: true, parallelMultiple: true,
  },
}

/** Whether what modifies an element can be followed. */
export const supportedModifiers: Record<'standard' | 'parallel' | 'sequential' | 'eventSubProcess' | 'compensationHandler'
  | 'conditionalFlow' | 'parallelEventGateway', Support> = {
  standard: true,
  parallel: true,
  sequential: true,
  eventSubProcess: true,
  compensationHandler: true,
  conditionalFlow: true,
  parallelEventGateway: true,
}

export function isElementKind(name: string): name is ElementKind {
  return Object.hasOwn(supportedElements, name)
}

export function isEventKind(kind: ElementKind): kind is EventKind {
  return Object.hasOwn(supportedTriggers, kind)
}

export function isActivity(kind: ElementKind): boolean {
  return /task$/i.test(kind) || kind === 'callActivity' || isSubProcess(kind)
}

export function isTask(kind: ElementKind): boolean {
  return /task$/i.test(kind)
}

export function isSubProcess(kind: ElementKind): boolean {
  return kind === 'subProcess' || kind === 'transaction' || kind === 'adHocSubProcess'
}
