import type { TimerDefinition, Trigger, TriggerKind } from '../model.js'
import { expression, flag, localType, many, nameOf, one, text } from './moddle-element.js'
import type { ModdleElement } from './moddle-element.js'

const KINDS: Readonly<Record<string, TriggerKind>> = {
  messageEventDefinition: 'message', timerEventDefinition: 'timer', signalEventDefinition: 'signal', errorEventDefinition: 'error',
  escalationEventDefinition: 'escalation', conditionalEventDefinition: 'conditional', linkEventDefinition: 'link',
  terminateEventDefinition: 'terminate', cancelEventDefinition: 'cancel', compensateEventDefinition: 'compensation',
}

/** What an event waits for or throws. Definitions may stand in the event or be shared at the top of the file. */
export function extractTrigger(event: ModdleElement): Trigger {
  const definitions = definitionsOf(event)
  const [definition] = definitions
  if (definition === undefined) return { kind: 'none' }
  if (definitions.length > 1) return severalTriggers(event, definitions)
  const kind = KINDS[localType(definition)] ?? 'none'
  const name = nameOfTrigger(kind, definition, event)
  const timer = kind === 'timer' ? timerOf(definition) : undefined
  const condition = kind === 'conditional' ? conditionOf(definition) : undefined
  const activity = kind === 'compensation' ? one(definition, 'activityRef')?.id : undefined
  return {
    kind,
    ...(name === undefined ? {} : { name }),
    ...(timer === undefined ? {} : { timer }),
    ...(condition === undefined ? {} : { condition }),
    ...(activity === undefined ? {} : { activity }),
  }
}

/** A timer among several is ours: nobody says that it fired. */
function severalTriggers(event: ModdleElement, definitions: readonly ModdleElement[]): Trigger {
  const [timer] = definitions.flatMap((definition) => (localType(definition) === 'timerEventDefinition' ? timerOf(definition) ?? [] : []))
  const withTimer = timer === undefined || isThrowing(event) ? {} : { timer }
  if (!isParallelMultiple(event)) return { kind: 'multiple', ...withTimer }
  const timers = definitions.filter((definition) => localType(definition) === 'timerEventDefinition')
  return { kind: 'parallelMultiple', parts: definitions.length - timers.length, ...withTimer }
}

/** The messages and signals of an event, or the message of a send or receive task. */
export function messagesOf(node: ModdleElement): { id: string; name: string }[] {
  const holders = /^(send|receive)Task$/.test(localType(node)) ? [node] : definitionsOf(node)
  return holders.flatMap((holder) => {
    if (!/^(send|receive)Task$|^(message|signal)EventDefinition$/.test(localType(holder))) return []
    const message = one(holder, localType(holder) === 'signalEventDefinition' ? 'signalRef' : 'messageRef')
    return message?.id === undefined || nameOf(message) === '' ? [] : [{ id: message.id, name: nameOf(message) }]
  })
}

function definitionsOf(event: ModdleElement): ModdleElement[] {
  if (!localType(event).endsWith('Event')) return []
  return [...many(event, 'eventDefinitions'), ...many(event, 'eventDefinitionRef')]
}

/** FEEL by its `=`, or by the language that it declares, and then with one. */
function conditionOf(definition: ModdleElement): string | undefined {
  const written = expression(definition, 'condition')
  if (written === undefined || written.startsWith('=')) return written
  return /feel/i.test(text(one(definition, 'condition'), 'language') ?? '') ? `=${written}` : written
}

function isParallelMultiple(event: ModdleElement): boolean {
  return !isThrowing(event) && flag(event, 'parallelMultiple')
}

function isThrowing(event: ModdleElement): boolean {
  return /^(end|intermediateThrow)Event$/.test(localType(event))
}

function nameOfTrigger(kind: TriggerKind, definition: ModdleElement, event: ModdleElement): string | undefined {
  if (kind === 'message') return nameOf(one(definition, 'messageRef')) || undefined
  if (kind === 'signal') return nameOf(one(definition, 'signalRef')) || undefined
  if (kind === 'link') return nameOf(definition) || nameOf(event) || undefined
  if (kind === 'error') return code(one(definition, 'errorRef'), 'errorCode')
  if (kind === 'escalation') return code(one(definition, 'escalationRef'), 'escalationCode')
  return undefined
}

function code(referred: ModdleElement | undefined, property: string): string | undefined {
  return text(referred, property) ?? (nameOf(referred) || undefined)
}

/** Mode is `self` until a binding or the model says that another system acts (bind/). */
function timerOf(definition: ModdleElement): TimerDefinition | undefined {
  for (const [property, kind] of [['timeDuration', 'duration'], ['timeDate', 'date'], ['timeCycle', 'cycle']] as const) {
    const written = expression(definition, property)
    if (written !== undefined) return { kind, text: written, mode: 'self' }
  }
  return undefined
}
