/**
 * Undoing what was done. Each activity that something can ask to be undone leaves a token in its memory place when it is done; what asks for it
 * moves these tokens on to the handlers and waits until they have finished. A sub-process without a handler of its own is undone by undoing
 * what was done inside it.
 */
import type { Element } from '../../model.js'
import type { NetBuilder } from '../builder.js'
import { happenings } from '../happening.js'
import type { Transfer } from '../net.js'
import { beginnings, startsOf } from './event-sub-process.js'
import { opensScope } from './scope.js'

export interface Undoing {
  readonly transfers: readonly Transfer[]
  /** Handlers: when nothing moves at them or inside them any more, all is undone. */
  readonly handlers: readonly string[]
}

/** Must come before any activity is compiled, so that those that can be undone remember that they were done. */
export function rememberWhatCanBeUndone(net: NetBuilder): void {
  for (const element of net.process.elements) if (asksForUndoing(element)) undoingOf(net, element)
}

/** What an event that throws compensation, or cancels a transaction, asks to be undone. */
export function undoingOf(net: NetBuilder, thrower: Element): Undoing {
  const activity = net.element(thrower.trigger?.activity)
  const found = activity === undefined ? undoEach(net, net.childrenOf(compensatedScope(net, thrower)?.id)) : undo(net, activity)
  return { transfers: found.flatMap(({ transfers }) => transfers), handlers: found.flatMap(({ handlers }) => handlers) }
}

/** Adds an event that throws compensation: its token waits inside it until all is undone. Answers whether there is anything that could be. */
export function addUndoing(net: NetBuilder, element: Element): boolean {
  const { transfers, handlers } = undoingOf(net, element)
  if (transfers.length === 0) return false
  const undoing = net.place('scope', element.id, net.scopeAround(element))
  for (const { place, flows } of net.entries(element)) {
    for (const happening of happenings(element)) net.add({ ...happening, element: element.id, inputs: [place], transfers, outputs: [undoing], flows })
  }
  const whenEmpty = net.group(element.id, handlers)
  for (const exit of net.exits(element)) net.add({ kind: 'silent', element: element.id, inputs: [undoing], ...exit, whenEmpty })
  return true
}

/** The first scope around that is no event sub-process: handlers of a scope belong to it. Undefined: the process. */
export function compensatedScope(net: NetBuilder, thrower: Element): Element | undefined {
  let scope = net.element(thrower.parent)
  while (scope?.triggeredByEvent === true) scope = net.element(scope.parent)
  return scope
}

function asksForUndoing(element: Element): boolean {
  const trigger = element.trigger?.kind
  return (trigger === 'compensation' && (element.kind === 'endEvent' || element.kind === 'intermediateThrowEvent')) || (trigger === 'cancel' && element.kind === 'endEvent')
}

function undoEach(net: NetBuilder, activities: readonly Element[]): readonly Undoing[] {
  return activities.filter((child) => child.triggeredByEvent !== true && child.isForCompensation !== true).flatMap((child) => undo(net, child))
}

function undo(net: NetBuilder, activity: Element): readonly Undoing[] {
  const ways = [...handlersAt(net, activity), ...(opensScope(activity) ? eventSubProcessesFor(net, activity) : [])]
  if (ways.length === 0) return opensScope(activity) ? undoEach(net, net.childrenOf(activity.id)) : []
  return [{ transfers: [{ from: net.memory(activity), to: ways.flatMap(({ to }) => to) }], handlers: ways.map(({ handler }) => handler) }]
}

interface Way {
  readonly handler: string
  readonly to: readonly number[]
}

function handlersAt(net: NetBuilder, activity: Element): readonly Way[] {
  return net.boundariesOf(activity.id).filter((event) => event.trigger?.kind === 'compensation').flatMap((event) => net.element(event.handler) ?? [])
    .map((handler) => ({ handler: handler.id, to: [net.place('at', handler.id, net.scopeAround(handler))] }))
}

function eventSubProcessesFor(net: NetBuilder, activity: Element): readonly Way[] {
  return net.childrenOf(activity.id).filter((child) => child.triggeredByEvent === true).flatMap((child) => {
    const start = startsOf(net, child).find((event) => event.trigger?.kind === 'compensation')
    const [begin] = start === undefined ? [] : beginnings(net, child, start)
    return begin === undefined ? [] : [{ handler: child.id, to: begin.outputs }]
  })
}
