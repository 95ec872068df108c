/** A sub-process that may be cancelled: what was done in it is undone, then it is left by its cancel boundary event. */
import type { Element } from '../../model.js'
import { firstPhase, type Draft, type NetBuilder } from '../builder.js'
import { compensatedScope, undoingOf } from './compensation.js'
import { openPlaces } from './scope.js'

/** The transaction that a cancel end event ends. */
export function cancelledBy(net: NetBuilder, end: Element): Element | undefined {
  const scope = compensatedScope(net, end)
  return scope?.kind === 'transaction' ? scope : undefined
}

/** Adds what a cancel end does, in place of `move`, which takes its token. */
export function addCancel(net: NetBuilder, transaction: Element, end: Element, move: Draft): void {
  const { transfers } = undoingOf(net, end)
  for (const open of openPlaces(net, transaction)) {
    net.add({
      ...move, inputs: [...move.inputs, open], clears: net.placesInside(net.scopeInside(transaction.id)), transfers, outputs: [cancelledPlace(net, transaction)], immediate: true,
    })
  }
}

/** Adds the way out of a transaction whose cancelling is over. Where its boundary event is seen, that may be before all is undone, or after. */
export function addCancelled(net: NetBuilder, transaction: Element): void {
  if (!isCancellable(net, transaction)) return
  const scope = net.scopeInside(transaction.id)
  const boundary = net.boundariesOf(transaction.id).find((event) => event.trigger?.kind === 'cancel')
  const left: Draft = {
    kind: 'silent', element: boundary?.id ?? transaction.id, inputs: [cancelledPlace(net, transaction)], outputs: [], flows: [], whenEmpty: scope, clears: net.everythingInside(scope),
  }
  if (boundary === undefined) return net.add(left)
  const seen = boundary.bindings.length === 0 ? undefined : net.place('scope', transaction.id, net.scopeAround(transaction), 'cancelled and seen')
  if (seen !== undefined) net.add({ kind: 'observe', phase: firstPhase(boundary), element: boundary.id, inputs: left.inputs, outputs: [seen], flows: [] })
  for (const exit of net.exits(boundary)) net.add({ ...left, ...exit, ...(seen === undefined ? {} : { inputs: [seen] }) })
}

/** Whether the model says itself when it is cancelled. */
export function isCancellable(net: NetBuilder, transaction: Element): boolean {
  return net.process.elements.some((element) => element.kind === 'endEvent' && element.trigger?.kind === 'cancel' && cancelledBy(net, element) === transaction)
}

function cancelledPlace(net: NetBuilder, transaction: Element): number {
  return net.place('scope', transaction.id, net.scopeAround(transaction), 'cancelled')
}
