/** What happened in a run, told at length: every stay, step and event of its cheapest explanation. */
import type { Phase } from '../model.js'
import { isShown, partsOf } from '../net/net.js'
import type { Move } from './belief.js'
import { chainToArray, type Chain } from './chain.js'
import type { Fact } from './fact.js'
import type { Visit } from './reading.js'
import { storyAfter, type Begin, type Story } from './story.js'
import type { TrackedModel } from './tracked-model.js'
import { chosenOf, trailToArray, type TrailStep } from './trail.js'

export type EventReading = 'fits' | 'redeemed' | 'deviates' | 'noted'

export interface ReadEvent {
  readonly position: bigint
  readonly element?: string
  readonly phase?: Phase
  readonly reading: EventReading
}

export interface History {
  /** How each event was read, in fold order; those that no element is bound to at the end. */
  readonly events: readonly ReadEvent[]
  /** Stays that ended, in order. */
  readonly ended: readonly Visit[]
  /** Stays that began, per element. */
  readonly visits: ReadonlyMap<string, number>
  /** Sequence flows taken, in order. */
  readonly flows: readonly string[]
  /** Finished stays with both ends seen, as [element, milliseconds]. */
  readonly durations: readonly (readonly [string, number])[]
}

export function historyOf(model: TrackedModel, begin: Begin, head: TrailStep | undefined, notes: Chain<Fact> | undefined): History {
  const { net, layouts } = model
  const ended = [...layouts.visits(begin.start, model.initialMove, begin.context)]
  const events: ReadEvent[] = []
  const flows: string[] = []
  addFlows(model, flows, model.initialMove)
  const chosen = chosenOf(head)
  let story: Story = begin.story
  for (const step of trailToArray(head)) {
    const hypothesis = chosen[step.index] ?? 0
    const move = step.step.moves[hypothesis]
    if (move === undefined) continue
    for (const visit of layouts.visits(story, move, step)) ended.push(visit)
    addFlows(model, flows, move)
    if (step.fact !== undefined) events.push(readEvent(model, step, step.fact.position, move))
    story = storyAfter(model, story, step, hypothesis)
  }
  if (notes !== undefined) for (const { position } of chainToArray(notes)) events.push({ position, reading: 'noted' })
  const visits = new Map<string, number>()
  const durations: [string, number][] = []
  for (const visit of ended) {
    visits.set(visit.element, (visits.get(visit.element) ?? 0) + 1)
    if (visit.measured) durations.push([visit.element, visit.left - visit.entered])
  }
  for (const token of story.tokens) {
    const place = net.places[token.place]
    if (place !== undefined && isShown(place) && place.kind !== 'join' && place.kind !== 'choice') visits.set(place.element, (visits.get(place.element) ?? 0) + 1)
  }
  return { events, ended, visits, flows, durations }
}

function addFlows({ net }: TrackedModel, flows: string[], move: Move): void {
  for (const index of move.fired) for (const flow of net.transitions[index]?.flows ?? NO_FLOWS) flows.push(flow)
}

const NO_FLOWS: readonly string[] = []

function readEvent(model: TrackedModel, step: TrailStep, position: bigint, move: Move): ReadEvent {
  if (move.how === 'sync') {
    const transition = model.net.transitions[move.fired[move.main] ?? -1]
    if (transition?.phase !== undefined) return { position, element: transition.element, phase: transition.phase, reading: 'fits' }
  }
  if (move.how === 'redeem' && move.label !== undefined) return { position, ...partsOf(move.label), reading: 'redeemed' }
  if (move.how === 'placed') return { position, reading: 'fits' }
  const label = step.symbol?.labels[0]
  return label === undefined ? { position, reading: 'deviates' } : { position, ...partsOf(label), reading: 'deviates' }
}
