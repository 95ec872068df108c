/** Where the token of an open scope lies: it says that the scope is open, and whether something that began inside has interrupted it. */
import type { Element } from '../../model.js'
import type { NetBuilder } from '../builder.js'

export function opensScope(element: Element): boolean {
  return element.kind === 'subProcess' || element.kind === 'transaction' || element.kind === 'adHocSubProcess'
}

/** Undefined stands for the process. */
export function openPlace(net: NetBuilder, scope: Element | undefined): number {
  return net.place('scope', scope?.id ?? '', scope === undefined ? -1 : net.scopeAround(scope))
}

/** The scope goes on with nothing but the event sub-process that has interrupted it; no other can begin there any more. */
export function interruptedPlace(net: NetBuilder, scope: Element | undefined): number {
  return net.place('scope', scope?.id ?? '', scope === undefined ? -1 : net.scopeAround(scope), 'interrupted')
}

/** Where it says that items which are followed apart are at work. */
export function itemsPlace(net: NetBuilder, element: Element): number {
  return net.place('in', element.id, net.scopeAround(element))
}

/** All places that say that a scope is open. */
export function openPlaces(net: NetBuilder, scope: Element | undefined): readonly number[] {
  const open = openPlace(net, scope)
  return isInterruptible(net, scope) ? [open, interruptedPlace(net, scope)] : [open]
}

function isInterruptible(net: NetBuilder, scope: Element | undefined): boolean {
  return net.childrenOf(scope?.id).some((child) => child.triggeredByEvent === true
    && net.childrenOf(child.id).some((start) => start.kind === 'startEvent' && start.interrupting !== false && start.trigger?.kind !== 'compensation'))
}

/** What begins with a scope although nothing leads to it: activities and gateways without an incoming flow. */
export function begunByNothing(net: NetBuilder, scope: string | undefined): readonly Element[] {
  return net.childrenOf(scope).filter((child) => child.kind !== 'startEvent' && child.incoming.length === 0 && child.attachedTo === undefined
    && child.triggeredByEvent !== true && child.isForCompensation !== true)
}

/** The process says that it is open only where something can happen to it as a whole, or be remembered of it. */
export function processIsScope(net: NetBuilder): boolean {
  return net.process.elements.some((element) => (element.triggeredByEvent === true && element.parent === undefined) || element.trigger?.kind === 'compensation')
    || (begunByNothing(net, undefined).length > 0 && net.childrenOf(undefined).some((element) => element.kind === 'startEvent'))
}
