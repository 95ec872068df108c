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

/**
 * The same for an event beside a host, which stays where it is (`host`: places where its token may lie): what has come is counted on places of its own, and
 * forgotten when the host is left. Returns where the count lies when only one more is to come; undefined where there is nothing to count.
 */
export function countAllButOne(net: NetBuilder, element: Element, host: readonly number[]): number | undefined {
  const parts = element.trigger?.kind !== 'parallelMultiple' || element.bindings.length === 0 ? 1 : element.trigger.parts ?? 1
  if (parts < 2) return undefined
  const counts = Array.from({ length: parts - 1 }, (_, part) => net.place('memory', element.id, net.scopeAround(element), String(part + 1)))
  const observed = { kind: 'observe' as const, element: element.id, phase: firstPhase(element), flows: [] }
  for (const place of host) {
    counts.forEach((next, part) => {
      const before = counts[part - 1]
      net.add({ ...observed, inputs: before === undefined ? [] : [before], reads: [place], outputs: [next], ...(before === undefined ? { unless: counts } : {}) })
    })
  }
  net.forgetWhenLeft(host, counts)
  return counts.at(-1)
}
