/** What happened in a run, told at length: every stay, step and event of its cheapest explanation. */
import type { Phase } from '../model.js'
import { isShown, partsOf } from '../net/net.js'
import type { Move } from './belief.js'
import { chainToArray, type Chain } from './chain.js'
import type { Fact } from './fact.js'
import type { Placed, Plan } from './layout.js'
import type { StepContext, Visit } from './reading.js'
import { storyAfter, storyAt, type Begin, type Story } from './story.js'
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

/** Where a run stands. */
export interface Stand {
  readonly model: TrackedModel
  readonly begin: Begin
  readonly head: TrailStep | undefined
  readonly notes: Chain<Fact> | undefined
}

export function historyOf({ model, begin, head, notes }: Stand): History {
  const told = new Told(model)
  told.pass(begin.start, begin.story.plan, model.initialMove, begin.context)
  const chosen = chosenOf(head)
  let story = begin.story
  for (const step of trailToArray(head)) story = told.step(story, step, chosen[step.index] ?? 0)
  if (notes !== undefined) for (const { position } of chainToArray(notes)) told.events.push({ position, reading: 'noted' })
  told.countPresent(story, 1)
  return told
}

/**
 * What a run has done since it stood elsewhere; undefined where what it did before is told otherwise now. Costs what is new, not what was before.
 * `visits` may be negative: where a token was shown then that is not any more.
 */
export function historySince(before: Stand, now: Stand): History | undefined {
  const { model, begin, head } = now
  if (before.model !== model || before.begin.context.cause !== begin.context.cause) return undefined
  const from = before.head
  const steps: TrailStep[] = []
  const hypotheses: number[] = []
  let hypothesis = 0
  let at = head
  for (; at !== undefined && at !== from && at.index > (from?.index ?? -1); at = at.before) {
    steps.push(at)
    hypotheses.push(hypothesis)
    hypothesis = at.step.moves[hypothesis]?.from ?? 0
  }
  if (at !== from || (from !== undefined && hypothesis !== 0)) return undefined
  const told = new Told(model)
  let note = now.notes
  for (; note !== undefined && note !== before.notes; note = note.before) told.events.push({ position: note.item.position, reading: 'noted' })
  if (note !== before.notes) return undefined
  const earlier = storyAt(model, begin, from, 0)
  let story = earlier
  for (let index = steps.length - 1; index >= 0; index--) story = told.step(story, steps[index] as TrailStep, hypotheses[index] ?? 0)
  told.countPresent(earlier, -1)
  told.countPresent(story, 1)
  return told
}

class Told implements History {
  readonly #model: TrackedModel
  readonly events: ReadEvent[] = []
  readonly visits = new Map<string, number>()
  readonly flows: string[] = []
  readonly durations: [string, number][] = []

  constructor(model: TrackedModel) {
    this.#model = model
  }

  count(element: string, sign: 1 | -1 = 1): void {
    this.visits.set(element, (this.visits.get(element) ?? 0) + sign)
  }

  /** Where its tokens are, stays have begun. */
  countPresent({ tokens }: Story, sign: 1 | -1): void {
    const { places } = this.#model.net
    for (const token of tokens) {
      const place = places[token.place]
      if (place !== undefined && isShown(place) && place.kind !== 'join' && place.kind !== 'choice') this.count(place.element, sign)
    }
  }

  /** Answers the story after the step. */
  step(story: Story, step: TrailStep, hypothesis: number): Story {
    const move = step.step.moves[hypothesis]
    if (move === undefined) return story
    const after = storyAfter(this.#model, story, step, hypothesis)
    this.pass(story, after.plan, move, step)
    if (step.fact !== undefined) this.events.push(readEvent(this.#model, step, step.fact.position, move))
    return after
  }

  /** @param plan what the move does to these tokens; undefined where it depends on their ages */
  pass(before: Placed, plan: Plan | undefined, move: Move, context: StepContext): void {
    if (plan === undefined) return this.#passByAge(before, move, context)
    for (const flow of plan.flows) this.flows.push(flow)
    for (const { element, from, measured } of plan.stays) {
      this.count(element)
      if (!measured) continue
      const token = before.tokens[from]
      if (token === undefined) this.durations.push([element, 0])
      else if (token.sure) this.durations.push([element, context.time - token.since])
    }
  }

  #passByAge(before: Placed, move: Move, context: StepContext): void {
    this.flows.push(...this.#model.reader.flowsOf(move))
    for (const { element, measured, left, entered } of this.#model.layouts.visits(before, undefined, move, context)) {
      this.count(element)
      if (measured) this.durations.push([element, left - entered])
    }
  }
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
