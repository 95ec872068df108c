/**
 * A marking as a string: one character per token, its code the place's index, sorted. Equal markings are equal strings, and their order is
 * the canonical one on which ties and cuts rest, on every machine.
 */
import type { Net, Transition } from '../net/net.js'

export type Marking = string

/** Tokens beyond this many on one place add nothing: what they enable, three enable too. */
export const MAX_TOKENS_PER_PLACE = 3

export function initialMarking(net: Net): Marking {
  return String.fromCharCode(net.source)
}

export function holds(marking: Marking, place: number): boolean {
  return marking.includes(String.fromCharCode(place))
}

export function placesOf(marking: Marking): number[] {
  const places: number[] = []
  for (let index = 0; index < marking.length; index++) places.push(marking.charCodeAt(index))
  return places
}

/** Whether the transition can fire as it is, without any move before it. */
export function isEnabled(net: Net, marking: Marking, transition: Transition): boolean {
  if (transition.upstream !== undefined) return transition.inputs.some((place) => holds(marking, place)) && awaited(marking, transition).length === 0
  for (const place of transition.inputs) if (!holds(marking, place)) return false
  for (const place of transition.reads) if (!holds(marking, place)) return false
  if (transition.unless !== undefined && !areEmpty(marking, transition.unless)) return false
  return transition.whenEmpty === undefined || isEmpty(net, marking, transition.whenEmpty)
}

export function isEmpty(net: Net, marking: Marking, scope: number): boolean {
  return areEmpty(marking, net.scopes[scope]?.inner ?? [])
}

function areEmpty(marking: Marking, places: readonly number[]): boolean {
  for (let index = 0; index < marking.length; index++) if (places.includes(marking.charCodeAt(index))) return false
  return true
}

/** Places with tokens that an inclusive join waits for: they can get to an input that has none, and to none that has. */
export function awaited(marking: Marking, { inputs, upstream = [] }: Transition): readonly number[] {
  const held = inputs.map((place) => holds(marking, place))
  return placesOf(marking).filter((place) => {
    let waits = false
    for (let input = 0; input < held.length; input++) {
      if (upstream[input]?.has(place) !== true) continue
      if (held[input] === true) return false
      waits = true
    }
    return waits
  })
}

/** The marking after an enabled transition fired. Of an inclusive join, inputs that hold nothing give nothing. */
export function fire(marking: Marking, transition: Transition): Marking {
  const places = placesOf(marking)
  for (const place of transition.inputs) {
    const index = places.indexOf(place)
    if (index >= 0) places.splice(index, 1)
  }
  let kept = transition.clears.length === 0 ? places : places.filter((place) => !transition.clears.includes(place))
  for (const { from, to } of transition.transfers ?? []) {
    const moved = kept.filter((place) => place === from).length
    if (moved === 0) continue
    kept = kept.filter((place) => place !== from)
    for (let count = 0; count < moved; count++) for (const place of to) kept = insert(kept, place)
  }
  for (const place of transition.outputs) kept = insert(kept, place, transition.most)
  return String.fromCharCode(...kept)
}

/** Whether places are so full that firing the transition loses a token. */
export function overflows(marking: Marking, transition: Transition): boolean {
  return transition.outputs.length > 0 && fire(marking, transition).length < fire(marking, { ...transition, most: Number.MAX_SAFE_INTEGER }).length
}

function insert(places: number[], place: number, most = MAX_TOKENS_PER_PLACE): number[] {
  let index = places.length
  while (index > 0 && (places[index - 1] ?? 0) > place) index--
  let same = 0
  for (let back = index; back > 0 && places[back - 1] === place; back--) same++
  if (same >= most) return places
  return [...places.slice(0, index), place, ...places.slice(index)]
}
