/** The story that one explanation tells: its reading, what deviated on the way, and how each event was read. Told step by step along a trail. */
import type { Phase } from '../model.js'
import { partsOf } from '../net/net.js'
import type { Move } from './belief.js'
import type { Chain } from './chain.js'
import { NO_DRAFTS, noteDeviations, type Drafts } from './deviations.js'
import type { ReadingState } from './reading.js'
import type { TrackedModel } from './tracked-model.js'
import type { TrailStep } from './trail.js'

export type EventReading = 'fits' | 'redeemed' | 'deviates' | 'noted'

export interface ReadEvent {
  readonly position: bigint
  readonly element?: string
  readonly phase?: Phase
  readonly reading: EventReading
}

export interface Story extends ReadingState {
  readonly drafts: Drafts
  readonly reads: Chain<ReadEvent> | undefined
}

export function beginStory(reading: ReadingState): Story {
  return { ...reading, drafts: NO_DRAFTS, reads: undefined }
}

/** The story of a hypothesis after a step; what is known of steps before it is gone on from. */
export function storyAt(model: TrackedModel, begin: Story, at: TrailStep | undefined, hypothesis: number): Story {
  if (at === undefined) return begin
  if (at.storyOf === hypothesis && at.story !== undefined) return at.story
  // Back to where the story is known, then forward again.
  const path: TrailStep[] = []
  const hypotheses: number[] = []
  let need = hypothesis
  let story = begin
  for (let step: TrailStep | undefined = at; step !== undefined; step = step.before) {
    if (step.storyOf === need && step.story !== undefined) {
      story = step.story
      break
    }
    path.push(step)
    hypotheses.push(need)
    need = step.step.moves[need]?.from ?? 0
  }
  for (let index = path.length - 1; index >= 0; index--) {
    const step = path[index] as TrailStep
    const chosen = hypotheses[index] ?? 0
    const move = step.step.moves[chosen]
    if (move !== undefined) story = tell(model, story, step, move)
    step.story = story
    step.storyOf = chosen
  }
  return story
}

function tell(model: TrackedModel, story: Story, step: TrailStep, move: Move): Story {
  const { tokens, visits, fired, terminated } = model.reader.advance(story, move, step)
  const drafts = noteDeviations(model, story, step, move)
  const reads = step.fact === undefined ? story.reads : { item: readEvent(model, step, step.fact.position, move), before: story.reads }
  return { tokens, visits, fired, terminated, drafts, reads }
}

function readEvent(model: TrackedModel, step: TrailStep, position: bigint, move: Move): ReadEvent {
  if (move.how === 'sync') {
    const transition = model.net.transitions[move.fired[move.main] ?? -1]
    if (transition?.phase !== undefined) return { position, element: transition.element, phase: transition.phase, reading: 'fits' }
  }
  if (move.how === 'redeem' && move.label !== undefined) return { position, ...partsOf(move.label), reading: 'redeemed' }
  const label = step.symbol?.labels[0]
  return label === undefined ? { position, reading: 'deviates' } : { position, ...partsOf(label), reading: 'deviates' }
}
