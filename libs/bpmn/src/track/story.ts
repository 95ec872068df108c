/**
 * The story that one explanation tells: where its tokens are, what deviated on the way; and, for who asks, every stay and step of it. Told step by
 * step along a trail; each step keeps what was told last, so that a story that goes on, or takes another way near its end, costs only what is new.
 */
import type { Phase } from '../model.js'
import { partsOf } from '../net/net.js'
import type { Move } from './belief.js'
import type { Chain } from './chain.js'
import { NO_DRAFTS, noteDeviations, type Drafts } from './deviations.js'
import type { Fact } from './fact.js'
import type { Placed } from './layout.js'
import type { ReadingState, StepContext } from './reading.js'
import type { TrackedModel } from './tracked-model.js'
import type { TrailStep } from './trail.js'

export type EventReading = 'fits' | 'redeemed' | 'deviates' | 'noted'

export interface ReadEvent {
  readonly position: bigint
  readonly element?: string
  readonly phase?: Phase
  readonly reading: EventReading
}

export interface Story extends Placed {
  readonly drafts: Drafts
}

/** The story at length. */
export interface Past extends ReadingState {
  readonly reads: Chain<ReadEvent> | undefined
}

/** Where a run begins: what passes by itself before anything was seen, at the time of its first entry. */
export class Begin {
  readonly #model: TrackedModel
  readonly #first: Fact
  readonly story: Story
  #past: Past | undefined

  constructor(model: TrackedModel, first: Fact) {
    this.#model = model
    this.#first = first
    const { tokens, layout, terminated } = model.layouts.advance(model.layouts.start(this.#context), model.initialMove, this.#context)
    this.story = { tokens, layout, terminated, drafts: NO_DRAFTS }
  }

  get past(): Past {
    return this.#past ??= { ...this.#model.reader.advance(this.#model.reader.start(this.#context), this.#model.initialMove, this.#context), reads: undefined }
  }

  get #context(): StepContext {
    return { kind: 'begin', index: -1, time: this.#first.time, cause: this.#first }
  }
}

/** The story of a hypothesis after a step. */
export function storyAt(model: TrackedModel, begin: Begin, at: TrailStep | undefined, hypothesis: number): Story {
  if (at === undefined) return begin.story
  let told = knownStory(at, hypothesis)
  if (told !== undefined) return told
  const untold = untoldUpTo(at, hypothesis, knownStory)
  told = untold.from === undefined ? begin.story : (knownStory(untold.from, untold.hypothesis) ?? begin.story)
  for (let index = untold.steps.length - 1; index >= 0; index--) {
    const step = untold.steps[index] as TrailStep
    const chosen = untold.hypotheses[index] ?? 0
    const move = step.step.moves[chosen]
    if (move !== undefined) told = tell(model, begin, told, step, move)
    if (step.storyOf !== chosen) step.past = undefined
    step.story = told
    step.storyOf = chosen
  }
  return told
}

/** The same at length. */
export function pastAt(model: TrackedModel, begin: Begin, at: TrailStep | undefined, hypothesis: number): Past {
  if (at === undefined) return begin.past
  const untold = untoldUpTo(at, hypothesis, knownPast)
  let told = untold.from === undefined ? begin.past : (knownPast(untold.from, untold.hypothesis) ?? begin.past)
  for (let index = untold.steps.length - 1; index >= 0; index--) {
    const step = untold.steps[index] as TrailStep
    const chosen = untold.hypotheses[index] ?? 0
    const move = step.step.moves[chosen]
    if (move !== undefined) told = tellPast(model, told, step, move)
    if (step.storyOf !== chosen) step.story = undefined
    step.past = told
    step.storyOf = chosen
  }
  return told
}

function knownStory(step: TrailStep, hypothesis: number): Story | undefined {
  return step.storyOf === hypothesis ? step.story : undefined
}

function knownPast(step: TrailStep, hypothesis: number): Past | undefined {
  return step.storyOf === hypothesis ? step.past : undefined
}

interface Untold {
  /** Newest first, with the hypothesis after each. */
  readonly steps: readonly TrailStep[]
  readonly hypotheses: readonly number[]
  /** The step before them, where it is known, and the hypothesis there. */
  readonly from: TrailStep | undefined
  readonly hypothesis: number
}

/** Back to where it is known. */
function untoldUpTo(at: TrailStep, hypothesis: number, known: (step: TrailStep, hypothesis: number) => unknown): Untold {
  const steps: TrailStep[] = []
  const hypotheses: number[] = []
  let step: TrailStep | undefined = at
  while (step !== undefined && known(step, hypothesis) === undefined) {
    steps.push(step)
    hypotheses.push(hypothesis)
    hypothesis = step.step.moves[hypothesis]?.from ?? 0
    step = step.before
  }
  return { steps, hypotheses, from: step, hypothesis }
}

function tell(model: TrackedModel, begin: Begin, before: Story, step: TrailStep, move: Move): Story {
  const { tokens, layout, terminated } = model.layouts.advance(before, move, step)
  return { tokens, layout, terminated, drafts: noteDeviations(model, before, step, move, () => pastAt(model, begin, step.before, move.from)) }
}

function tellPast(model: TrackedModel, before: Past, step: TrailStep, move: Move): Past {
  const { tokens, visits, fired, terminated } = model.reader.advance(before, move, step)
  return { tokens, visits, fired, terminated, reads: step.fact === undefined ? before.reads : { item: readEvent(model, step, step.fact.position, move), before: before.reads } }
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
