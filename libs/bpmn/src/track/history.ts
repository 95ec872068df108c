/** What happened in a run, told at length: every stay, step and event of its cheapest explanation. */
import type { Phase } from '../model.js'
import { isShown, partsOf } from '../net/net.js'
import type { Move } from './belief.js'
import { chainToArray, type Chain } from './chain.js'
import type { Fact } from './fact.js'
import type { Placed, Plan } from './layout.js'
import type { StepContext, Visit } from './reading.js'
import { Begin, storyAfter, storyAt, type Story } from './story.js'
import type { TrackedModel } from './tracked-model.js'
import { chosenOf, trailToArray, type TrailStep } from './trail.js'

export type EventReading = 'fits' | 'redeemed' | 'deviates' | 'noted'

export interface ReadEvent {
  readonly position: bigint
  /** The item that it is about. */
  readonly item?: string
  readonly element?: string
  readonly phase?: Phase
  readonly reading: EventReading
}

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

/** Who is told what a run has done: of each part of a {@link History}, one after the other. */
export interface Listener {
  event(position: bigint, reading: EventReading, element: string | undefined, phase: Phase | undefined): void
  /** Stays that began; below 0 where a token was shown before that is not any more. */
  stays(element: string, count: number): void
  flow(id: string): void
  lasted(element: string, durationMs: number): void
}

/** Where a run stands. */
export interface Stand {
  readonly model: TrackedModel
  /** The entry that began it, and whether it is an item of another run. */
  readonly first: Fact
  readonly isItem: boolean
  readonly head: TrailStep | undefined
  readonly notes: Chain<Fact> | undefined
}

/** A history that is written down. */
export class Told implements History, Listener {
  readonly events: ReadEvent[] = []
  readonly visits = new Map<string, number>()
  readonly flows: string[] = []
  readonly durations: (readonly [string, number])[] = []

  event(position: bigint, reading: EventReading, element: string | undefined, phase: Phase | undefined): void {
    this.events.push({ position, ...(element === undefined ? {} : { element }), ...(phase === undefined ? {} : { phase }), reading })
  }

  stays(element: string, count: number): void {
    this.visits.set(element, (this.visits.get(element) ?? 0) + count)
  }

  flow(id: string): void {
    this.flows.push(id)
  }

  lasted(element: string, durationMs: number): void {
    this.durations.push([element, durationMs])
  }
}

/** All that a run has done. */
export function tellAll(stand: Stand, to: Listener): void {
  const { model, head, notes } = stand
  const begin = beginOf(stand)
  tellMove(model, to, begin.start, begin.story.plan, model.initialMove, begin.context)
  const chosen = chosenOf(head)
  let story = begin.story
  for (const step of trailToArray(head)) story = tellStep(model, to, story, step, chosen[step.index] ?? 0)
  if (notes !== undefined) for (const { position } of chainToArray(notes)) to.event(position, 'noted', undefined, undefined)
  tellPresent(model, to, story, 1)
}

/**
 * What a run has done since it stood elsewhere; false, and nothing is told, where what it did before is told otherwise now. Costs what is new, not what
 * was before.
 */
export function tellSince(before: Stand, now: Stand, to: Listener): boolean {
  const { model, first, head } = now
  if (before.model !== model || before.first !== first) return false
  const from = before.head
  const count = Math.max(0, (head?.index ?? -1) - (from?.index ?? -1))
  const steps = new Array<TrailStep>(count)
  const hypotheses = new Array<number>(count)
  let hypothesis = 0
  let at = head
  for (let index = count - 1; index >= 0 && at !== undefined; index--) {
    steps[index] = at
    hypotheses[index] = hypothesis
    hypothesis = at.step.moves[hypothesis]?.from ?? 0
    at = at.before
  }
  if (at !== from || (from !== undefined && hypothesis !== 0) || !goesBackTo(before.notes, now.notes)) return false
  for (let note = now.notes; note !== before.notes && note !== undefined; note = note.before) to.event(note.item.position, 'noted', undefined, undefined)
  const earlier = storyAt(model, beginOf(now), from, 0)
  let story = earlier
  for (let index = 0; index < count; index++) story = tellStep(model, to, story, steps[index] as TrailStep, hypotheses[index] ?? 0)
  tellPresent(model, to, earlier, -1)
  tellPresent(model, to, story, 1)
  return true
}

function goesBackTo<Item>(before: Chain<Item> | undefined, now: Chain<Item> | undefined): boolean {
  let link = now
  while (link !== undefined && link !== before) link = link.before
  return link === before
}

/** Where its tokens are, stays have begun. */
function tellPresent({ net: { places } }: TrackedModel, to: Listener, { tokens }: Story, sign: 1 | -1): void {
  for (const token of tokens) {
    const place = places[token.place]
    if (place !== undefined && isShown(place) && place.kind !== 'join' && place.kind !== 'choice') to.stays(place.element, sign)
  }
}

/** Answers the story after the step. */
function tellStep(model: TrackedModel, to: Listener, story: Story, step: TrailStep, hypothesis: number): Story {
  const move = step.step.moves[hypothesis]
  if (move === undefined) return story
  const after = storyAfter(model, story, step, hypothesis)
  tellMove(model, to, story, after.plan, move, step)
  if (step.fact !== undefined) tellEvent(model, to, step, step.fact.position, move)
  return after
}

/** @param plan what the move does to these tokens; undefined where it depends on their ages */
function tellMove(model: TrackedModel, to: Listener, before: Placed, plan: Plan | undefined, move: Move, context: StepContext): void {
  if (plan === undefined) return tellByAge(model, to, before, move, context)
  for (const flow of plan.flows) to.flow(flow)
  for (const { element, from, measured } of plan.stays) {
    to.stays(element, 1)
    if (!measured) continue
    const token = before.tokens[from]
    if (token === undefined) to.lasted(element, 0)
    else if (token.sure) to.lasted(element, context.time - token.since)
  }
}

function tellByAge({ reader, layouts }: TrackedModel, to: Listener, before: Placed, move: Move, context: StepContext): void {
  for (const flow of reader.flowsOf(move)) to.flow(flow)
  for (const { element, measured, left, entered } of layouts.visits(before, undefined, move, context)) {
    to.stays(element, 1)
    if (measured) to.lasted(element, left - entered)
  }
}

function tellEvent(model: TrackedModel, to: Listener, step: TrailStep, position: bigint, move: Move): void {
  if (move.how === 'sync') {
    const transition = model.net.transitions[move.fired[move.main] ?? -1]
    if (transition?.phase !== undefined) return to.event(position, 'fits', transition.element, transition.phase)
  }
  if (move.how === 'placed') return to.event(position, 'fits', undefined, undefined)
  const isRedeemed = move.how === 'redeem' && move.label !== undefined
  const label = isRedeemed ? move.label : step.symbol?.labels[0]
  const { element, phase } = label === undefined ? NOWHERE : partsOf(label)
  to.event(position, isRedeemed ? 'redeemed' : 'deviates', element, phase)
}

const NOWHERE: { readonly element?: undefined; readonly phase?: undefined } = {}

/** Where it began; worked out again, since nothing that stays holds it. */
export function beginOf({ model, first, isItem }: Stand): Begin {
  return new Begin(model, first, isItem)
}

/** Stays that ended, in order. */
export function endedVisitsOf(model: TrackedModel, begin: Begin, head: TrailStep | undefined): readonly Visit[] {
  const ended = [...model.layouts.visits(begin.start, begin.story.plan, model.initialMove, begin.context)]
  const chosen = chosenOf(head)
  let story = begin.story
  for (const step of trailToArray(head)) {
    const hypothesis = chosen[step.index] ?? 0
    const move = step.step.moves[hypothesis]
    if (move === undefined) continue
    const after = storyAfter(model, story, step, hypothesis)
    ended.push(...model.layouts.visits(story, after.plan, move, step))
    story = after
  }
  return ended
}
