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

const NO_CATCH = 'BPMN does not allow it there.'

/** Whether a trigger can be followed at a kind of event. */
export const supportedTriggers: Record<EventKind, Record<TriggerKind, Support>> = {
  startEvent: {
    none: true, message: true, timer: true, signal: true, error: true, escalation: true, conditional: true, link: NO_CATCH,
    terminate: NO_CATCH, cancel: NO_CATCH, compensation: true, multiple: true, parallelMultiple: true,
  },
  endEvent: {
    none: true, message: true, timer: NO_CATCH, signal: true, error: true, escalation: true, conditional: NO_CATCH, link: NO_CATCH,
    terminate: true, cancel: true, compensation: true, multiple: true, parallelMultiple: NO_CATCH,
  },
  intermediateCatchEvent: {
    none: true, message: true, timer: true, signal: true, error: NO_CATCH, escalation: NO_CATCH, conditional: true, link: true,
    terminate: NO_CATCH, cancel: NO_CATCH, compensation: NO_CATCH, multiple: true, parallelMultiple: true,
  },
  intermediateThrowEvent: {
    none: true, message: true, timer: NO_CATCH, signal: true, error: NO_CATCH, escalation: true, conditional: NO_CATCH, link: true,
    terminate: NO_CATCH, cancel: NO_CATCH, compensation: true, multiple: true, parallelMultiple: NO_CATCH,
  },
  boundaryEvent: {
    none: 'Give it a message, timer, error or signal.', message: true, timer: true, signal: true, error: true, escalation: true,
    conditional: true, link: NO_CATCH, terminate: NO_CATCH, cancel: true, compensation: true, multiple: true, parallelMultiple: 'Tidemark does not follow it there. Draw an event sub-process, or one event.',
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
