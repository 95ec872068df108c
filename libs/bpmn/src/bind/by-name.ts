import type { Element } from '../model.js'
import type { Drawing } from '../read/drawing.js'
import { isTask } from '../read/supported.js'
import type { ObserveRule } from './rules.js'
import { phaseOf } from './vendors.js'

/** Ids that a tool made up: they are no event types. */
const GENERATED_ID = new RegExp([
  '^(?:Activity|CallActivity|SubProcess|(?:User|Service|Send|Receive|Manual|Script|BusinessRule)?Task)_\\w*$',
  '^(?:Start|End|Boundary|IntermediateThrow|IntermediateCatch)?Event_\\w*$',
  '^_?(?:sid-|id)?[0-9a-fA-F]{8}-[0-9a-fA-F-]+',
  '^_?\\d[\\w-]*$',
  '^_[\\w-]{22}$',
].join('|'))

/**
 * Where nobody says what an element's event is, it is taken to be called like the element: by name, by message name, or by an id that a
 * person chose; also without the prefix `Send_` or `Receive_`. Plain start and end events count only if their name has a dot or
 * their id such a prefix: "Order received" is a label, `order.received` an event type.
 */
export function byName(element: Element, drawing: Drawing): readonly ObserveRule[] {
  if (!canBeNamed(element)) return []
  const messages = (drawing.messages.get(element.id) ?? []).map(({ name }) => name)
  const id = GENERATED_ID.test(element.id) ? undefined : element.id
  const events = new Set<string>()
  for (const candidate of [...messages, element.name, id]) {
    if (candidate === undefined || candidate === '') continue
    events.add(candidate)
    const bare = /^(?:Send|Receive)_(.+)$/.exec(candidate)?.[1]
    if (bare !== undefined) events.add(bare)
  }
  return [...events].map((event) => ({ event, phase: phaseOf(element) }))
}

function canBeNamed(element: Element): boolean {
  if (isTask(element.kind) || element.kind === 'callActivity') return true
  const trigger = element.trigger?.kind
  if (trigger === 'message' || trigger === 'signal' || trigger === 'multiple' || trigger === 'parallelMultiple') return true
  if (element.kind === 'intermediateThrowEvent') return trigger === 'none'
  const isPlain = (element.kind === 'startEvent' || element.kind === 'endEvent') && trigger === 'none'
  return isPlain && (/\w\.\w/.test(element.name) || /^(?:Send|Receive)_/.test(element.id))
}
