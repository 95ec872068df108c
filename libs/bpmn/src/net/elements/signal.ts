/**
 * Signals that a process throws at itself: where a scope around the throw catches the same signal by an event of its own, that event is still to
 * come when the throw was seen. Until then, or until what follows is seen, the token stays inside the throw, and the scope open.
 */
import type { Element } from '../../model.js'
import type { Draft, NetBuilder } from '../builder.js'
import { startsOf } from './event-sub-process.js'

/** Adds the throw of a signal that is still to be caught. Answers false where nothing around waits for it. */
export function addLingering(net: NetBuilder, element: Element, move: Draft): boolean {
  if (element.trigger?.kind !== 'signal' || move.kind !== 'observe' || !isCaughtAround(net, element)) return false
  const inside = net.place('in', element.id, net.scopeAround(element))
  net.add({ ...move, outputs: [inside], flows: move.flows })
  return true
}

/** Adds, once, how the token goes on where nothing has caught the signal. */
export function addOnwards(net: NetBuilder, element: Element): void {
  if (element.bindings.length === 0 || element.trigger?.kind !== 'signal' || !isCaughtAround(net, element)) return
  const inside = net.place('in', element.id, net.scopeAround(element))
  for (const exit of net.exits(element)) net.add({ kind: 'silent', element: element.id, inputs: [inside], ...exit, rests: true })
}

function isCaughtAround(net: NetBuilder, thrower: Element): boolean {
  for (let scope = net.element(thrower.parent); ; scope = net.element(scope?.parent)) {
    const starts = net.childrenOf(scope?.id).filter((child) => child.triggeredByEvent === true).flatMap((child) => startsOf(net, child))
    const catching = scope === undefined ? starts : [...starts, ...net.boundariesOf(scope.id)]
    if (catching.some((event) => event.trigger?.kind === 'signal' && event.trigger.name === thrower.trigger?.name && event.bindings.length > 0)) return true
    if (scope === undefined) return false
  }
}
