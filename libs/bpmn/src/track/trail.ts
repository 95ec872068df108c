/**
 * The trail of a run: its steps in event-time order, each linked to the one before. It only grows, so that the run as shown goes on from the
 * run as folded without a copy.
 */
import type { Transition } from '../net/net.js'
import type { Step, Symbol } from './belief.js'
import type { Cause } from './cause.js'
import type { Fact } from './fact.js'
import type { Story } from './story.js'

export interface TrailStep {
  readonly before: TrailStep | undefined
  /** From 0. */
  readonly index: number
  readonly kind: 'event' | 'timer' | 'command' | 'call' | 'decide'
  readonly time: number
  /** Append time of the entry that gave rise to it; of a timer: when it could be acted on. */
  readonly arrival: number
  readonly step: Step
  readonly cause: Cause
  /** Of events: the entry, what it may mean, and whether it meant that before in this run. */
  readonly fact: Fact | undefined
  readonly symbol: Symbol | undefined
  readonly repeated: boolean
  /** Of our own steps. */
  readonly transition: Transition | undefined
  /** Slot for the story of one hypothesis after this step, filled when it is asked for. */
  storyOf: number
  story: Story | undefined
}

/** Oldest first. */
export function trailToArray(head: TrailStep | undefined): TrailStep[] {
  const steps = new Array<TrailStep>(head === undefined ? 0 : head.index + 1)
  for (let step = head; step !== undefined; step = step.before) steps[step.index] = step
  return steps
}

/** The hypothesis after each step that the cheapest explanation of today goes through. */
export function chosenOf(head: TrailStep | undefined): number[] {
  const chosen = new Array<number>(head === undefined ? 0 : head.index + 1)
  let hypothesis = 0
  for (let step = head; step !== undefined; step = step.before) {
    chosen[step.index] = hypothesis
    hypothesis = step.step.moves[hypothesis]?.from ?? 0
  }
  return chosen
}

/** The last step, not before `floor`, at which all explanations that are still kept agree on what happened before; -1 where there is none. */
export function settledUpTo(head: TrailStep | undefined, floor: number): number {
  if (head === undefined) return -1
  let alive = new Set(head.step.next.hypotheses.keys())
  for (let step: TrailStep | undefined = head; step !== undefined && step.index >= floor; step = step.before) {
    if (alive.size === 1) return step.index
    const before = new Set<number>()
    for (const hypothesis of alive) before.add(step.step.moves[hypothesis]?.from ?? 0)
    alive = before
  }
  return -1
}
