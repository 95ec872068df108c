import type { Place, Transition } from './net.js'

/**
 * Per input of a join, the places of its scope from which a token may get there without passing the join: over flows, links (flows by now) and
 * boundary events that interrupt. One that leaves its host alone takes no token there. What lies in sub-processes is stood for by the token of the sub-process.
 */
export function upstreamOf(join: number, transitions: readonly Pick<Transition, 'inputs' | 'outputs'>[],
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
        for (const before of transitions[index]?.inputs ?? []) if (places[before]?.scope === scope) reached.add(before)
      }
    }
    return reached
  })
}
