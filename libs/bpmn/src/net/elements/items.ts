/**
 * What stands in a net for items that are followed apart (net/item-scopes.ts). However many there are, the net knows only whether one of them is at
 * work: it is told of each that begins, of the last that comes to rest, and of what is thrown out of one.
 */
import type { Element } from '../../model.js'
import type { Exit, NetBuilder } from '../builder.js'
import { itemsPlace } from './scope.js'
import { addThrown, endOfProcess, throwingOf } from './throwing.js'

/** Beside what a repeated activity with a start and an end has: another item begins, the completion condition ends all of them, one throws. */
export function addItems(net: NetBuilder, element: Element, exits: readonly Exit[]): void {
  const inside = itemsPlace(net, element)
  net.add({ kind: 'observe', element: element.id, phase: 'start', inputs: [], reads: [inside], outputs: [], flows: [] })
  for (const exit of exits) net.add({ kind: 'silent', element: element.id, inputs: [inside], ...exit, onlyDecided: true })
  addThrowing(net, element)
}

/** What happens beside something that goes on, as often as its event comes. */
export function addFirings(net: NetBuilder, element: Element, hosts: readonly number[]): void {
  const inside = itemsPlace(net, element)
  const begins = { kind: 'observe', element: element.id, phase: 'start', inputs: [], flows: [] } as const
  for (const host of hosts) {
    net.add({ ...begins, reads: [host], outputs: [inside], unless: [inside] })
    net.add({ ...begins, reads: [host, inside], outputs: [] })
  }
  net.add({ kind: 'observe', element: element.id, phase: 'end', inputs: [inside], outputs: [], flows: [] })
  addThrowing(net, element)
}

function addThrowing(net: NetBuilder, element: Element): void {
  for (const thrower of element.itemThrows ?? []) {
    const trigger = thrower.trigger?.kind === 'error' ? 'error' : 'escalation'
    const { parent: _inside, ...thrown } = thrower
    const from = element.kind === 'boundaryEvent' ? element.parent : element.id
    const { caught, uncaught } = throwingOf(net, from === undefined ? thrown : { ...thrown, parent: from }, trigger)
    const move = { kind: 'call', element: thrower.id, phase: 'occur', inputs: [], outputs: [], flows: [] } as const
    // What reports itself is seen.
    addThrown(net, move, thrower.bindings.length > 0 ? caught : caught.filter(({ by }) => by.bindings.length === 0), move)
    if (uncaught !== undefined) net.add({ ...move, ...uncaught, ...(trigger === 'error' ? endOfProcess(net) : {}), throws: true })
  }
}
