/**
 * The story that one explanation tells: where its tokens are, and what deviated on the way. Told step by step along a trail; each step keeps what
 * was told last, until its run rests, so that a story that goes on, or takes another way near its end, costs only what is new.
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

/** Where a run begins: what passes by itself before anything was seen, at the time of its first entry. Worked out when it is asked for. */
export class Begin {
  readonly #model: TrackedModel
  readonly #first: Fact
  readonly #isItem: boolean
  #start: Placed | undefined
  #story: Story | undefined

  /** @param isItem the instance began before it */
  constructor(model: TrackedModel, first: Fact, isItem: boolean) {
    this.#model = model
    this.#first = first
    this.#isItem = isItem
  }

  get context(): StepContext {
    return { kind: 'begin', index: -1, time: this.#first.time, cause: this.#first }
  }

  /** Before anything has passed. */
  get start(): Placed {
    return this.#start ??= this.#model.layouts.start(this.context)
  }

  get story(): Story {
    return this.#story ??= this.#tell(this.#model)
  }

  #tell({ layouts, initialMove }: TrackedModel): Story {
    const plan = layouts.planOf(this.start.layout, initialMove, 'begin')
    const { tokens, layout, terminated } = layouts.advance(this.start, plan, initialMove, this.context)
    return { tokens, layout, terminated, drafts: this.#isItem ? BEGAN : NO_DRAFTS, plan }
  }
}

/** Stories are kept at every so many steps, so that what another explanation says of the last ones is never told from the beginning of a long run. */
const KEPT_EVERY = 32

/** Lets go of what this step and those before it have told, back to where that was done before. */
export function letGoOfStories(from: TrailStep | undefined): void {
  for (let step = from; step?.story !== undefined; step = step.before) if (step.index % KEPT_EVERY !== KEPT_EVERY - 1) step.story = undefined
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
  let story: Story | undefined
  for (let step: TrailStep | undefined = at; step !== undefined; step = step.before) {
    if (step.story !== undefined && step.storyOf === hypothesis) {
      story = step.story
      break
    }
    steps.push(step)
    hypotheses.push(hypothesis)
    hypothesis = step.step.moves[hypothesis]?.from ?? 0
  }
  story ??= begin.story
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
