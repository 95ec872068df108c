/** What happened in a run, told at length from its past. */
import { isShown } from '../net/net.js'
import { chainToArray, type Chain } from './chain.js'
import type { Fact } from './fact.js'
import type { Past, ReadEvent } from './story.js'
import type { TrackedModel } from './tracked-model.js'

export interface History {
  /** How each event was read, in fold order; those that no element is bound to at the end. */
  readonly events: readonly ReadEvent[]
  /** Stays that began, per element. */
  readonly visits: ReadonlyMap<string, number>
  /** Sequence flows taken, in order. */
  readonly flows: readonly string[]
  /** Finished stays with both ends seen, as [element, milliseconds]. */
  readonly durations: readonly (readonly [string, number])[]
}

export function historyOf({ net }: TrackedModel, past: Past, notes: Chain<Fact> | undefined): History {
  const events = chainToArray(past.reads)
  for (const { position } of chainToArray(notes)) events.push({ position, reading: 'noted' })
  const visits = new Map<string, number>()
  const durations: [string, number][] = []
  for (const visit of chainToArray(past.visits)) {
    visits.set(visit.element, (visits.get(visit.element) ?? 0) + 1)
    if (visit.measured) durations.push([visit.element, visit.left - visit.entered])
  }
  for (const token of past.tokens) {
    const place = net.places[token.place]
    if (place !== undefined && isShown(place) && place.kind !== 'join') visits.set(place.element, (visits.get(place.element) ?? 0) + 1)
  }
  const flows: string[] = []
  for (const index of chainToArray(past.fired)) for (const flow of net.transitions[index]?.flows ?? []) flows.push(flow)
  return { events, visits, flows, durations }
}
