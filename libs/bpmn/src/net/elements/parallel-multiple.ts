import type { Element } from '../../model.js'
import { firstPhase, type NetBuilder } from '../builder.js'

/**
 * An event that waits for several: all but the last of them, in any order. Which is which is not told apart, so that one that comes twice counts twice.
 * Returns where the token lies when only one more is to come.
 */
export function awaitAllButOne(net: NetBuilder, element: Element, from: number, flows: readonly string[]): number {
  if (element.trigger?.kind !== 'parallelMultiple' || element.bindings.length === 0) return from
  let place = from
  for (let part = 1; part < (element.trigger.parts ?? 1); part++) {
    const next = net.place('in', element.id, net.scopeAround(element), String(part))
    net.add({ kind: 'observe', element: element.id, phase: firstPhase(element), inputs: [place], outputs: [next], flows: part === 1 ? flows : [] })
    place = next
  }
  return place
}
