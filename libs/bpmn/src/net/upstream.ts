import type { Place, Transition } from './net.js'

/**
 * Per input of a join, the places of its scope from which a token may get there without passing the join: over flows, links (flows by now) and
 * the hosts of boundary events. What lies in sub-processes is stood for by the token of the sub-process.
 */
export function upstreamOf(join: number, transitions: readonly (Pick<Transition, 'inputs' | 'outputs'> & Partial<Pick<Transition, 'reads'>>)[],
  places: readonly Place[]): readonly ReadonlySet<number>[] {
  const producers = new Map<number, number[]>()
  transitions.forEach(({ outputs }, index) => {
    for (const place of index === join ? [] : outputs) producers.set(place, [...(producers.get(place) ?? []), index])
  })
  return (transitions[join]?.inputs ?? []).map((input) => {
    const scope = places[input]?.scope
    const reached = new Set([input])
    for (const place of reached) {
      for (const index of producers.get(place) ?? []) {
        const { inputs = [], reads = [] } = transitions[index] ?? {}
        for (const before of [...inputs, ...reads]) if (places[before]?.scope === scope) reached.add(before)
      }
    }
    return reached
  })
}
