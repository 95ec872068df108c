/**
 * The story that one explanation tells: where its tokens are, and what deviated on the way. Told step by step along a trail; each step keeps what
 * was told last, so that a story that goes on, or takes another way near its end, costs only what is new.
 */
import type { Move } from './belief.js'
import { BEGAN, NO_DRAFTS, noteDeviations, type Drafts } from './deviations.js'
import type { Fact } from './fact.js'
import type { Placed, Plan } from './layout.js'
import type { StepContext } from './reading.js'
import type { TrackedModel } from './tracked-model.js'
import type { TrailStep } from './trail.js'

export interface Story extends Placed {
  readonly drafts: Drafts
  /** What the last move did; undefined where that depended on the ages of tokens. */
  readonly plan: Plan | undefined
}

/** Where a run begins: what passes by itself before anything was seen, at the time of its first entry. */
export class Begin {
  readonly context: StepContext
  /** Before that. */
  readonly start: Placed
  readonly story: Story

  /** @param isItem the instance began before it */
  constructor(model: TrackedModel, first: Fact, isItem: boolean) {
    this.context = { kind: 'begin', index: -1, time: first.time, cause: first }
    this.start = model.layouts.start(this.context)
    const plan = model.layouts.planOf(this.start.layout, model.initialMove, this.context.kind)
    const { tokens, layout, terminated } = model.layouts.advance(this.start, plan, model.initialMove, this.context)
    this.story = { tokens, layout, terminated, drafts: isItem ? BEGAN : NO_DRAFTS, plan }
  }
}

/** The story of a hypothesis after a step. */
export function storyAt(model: TrackedModel, begin: Begin, at: TrailStep | undefined, hypothesis: number): Story {
  if (at === undefined) return begin.story
  if (at.story !== undefined && at.storyOf === hypothesis) return at.story
  const from = at.step.moves[hypothesis]?.from ?? 0
  if (at.before === undefined) return storyAfter(model, begin.story, at, hypothesis)
  if (at.before.story !== undefined && at.before.storyOf === from) return storyAfter(model, at.before.story, at, hypothesis)
  // Back to where it is known, then forward again.
  const steps: TrailStep[] = []
  const hypotheses: number[] = []
  let story = begin.story
  for (let step: TrailStep | undefined = at; step !== undefined; step = step.before) {
    if (step.story !== undefined && step.storyOf === hypothesis) {
      story = step.story
      break
    }
    steps.push(step)
    hypotheses.push(hypothesis)
    hypothesis = step.step.moves[hypothesis]?.from ?? 0
  }
  for (let index = steps.length - 1; index >= 0; index--) story = storyAfter(model, story, steps[index] as TrailStep, hypotheses[index] ?? 0)
  return story
}

/** The story of a hypothesis after a step, by that before it. */
export function storyAfter(model: TrackedModel, before: Story, step: TrailStep, hypothesis: number): Story {
  if (step.story !== undefined && step.storyOf === hypothesis) return step.story
  const move = step.step.moves[hypothesis]
  step.story = move === undefined ? before : tell(model, before, step, move)
  step.storyOf = hypothesis
  return step.story
}

function tell(model: TrackedModel, before: Story, step: TrailStep, move: Move): Story {
  const plan = model.layouts.planOf(before.layout, move, step.kind)
  const { tokens, layout, terminated } = model.layouts.advance(before, plan, move, step)
  return { tokens, layout, terminated, drafts: noteDeviations(model, before, step, move), plan }
}
