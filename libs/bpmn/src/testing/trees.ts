/**
 * Random process trees by the weights that generators of the literature use, as blocks to be drawn: what share of a measurement is owed to the reader
 * and what to the models it was taken on shows only beside several of them.
 */
import type { Block } from './models.js'

/** Weights of the operators, and how large a tree gets. */
export interface Mix {
  readonly sequence: number
  readonly choice: number
  readonly parallel: number
  readonly loop: number
  /** Share of choices that may do nothing, and of loops that go back without doing anything. */
  readonly silent: number
  /** Tasks: least, most frequent, most. */
  readonly tasks: readonly [number, number, number]
}

/** `random`: numbers in [0, 1). */
export function treeOf(mix: Mix, random: () => number): Block & { readonly kind: 'sequence' } {
  return { kind: 'sequence', blocks: [grow(mix, random, triangular(mix.tasks, random))] }
}

const TASK: Block = { kind: 'task', started: false, likeEarlier: undefined }

/** An operator over two parts, as long as there are tasks to share out. */
function grow(mix: Mix, random: () => number, tasks: number): Block {
  if (tasks <= 1) return TASK
  const share = 1 + Math.floor(random() * (tasks - 1))
  const [operator, isSilent] = [operatorOf(mix, random), random() < mix.silent]
  const body = grow(mix, random, operator === 'sequence' || operator === 'parallel' || !isSilent ? share : tasks)
  if (isSilent && operator === 'choice') return { kind: 'optional', body }
  if (isSilent && operator === 'loop') return { kind: 'loop', body, redo: undefined }
  const other = grow(mix, random, tasks - share)
  return operator === 'loop' ? { kind: 'loop', body, redo: other } : { kind: operator, blocks: [body, other] }
}

function operatorOf({ sequence, choice, parallel, loop }: Mix, random: () => number): 'sequence' | 'choice' | 'parallel' | 'loop' {
  let at = random() * (sequence + choice + parallel + loop)
  if ((at -= sequence) < 0) return 'sequence'
  if ((at -= choice) < 0) return 'choice'
  return at - parallel < 0 ? 'parallel' : 'loop'
}

function triangular([least, mode, most]: readonly [number, number, number], random: () => number): number {
  const [at, cut] = [random(), (mode - least) / (most - least || 1)]
  const value = at < cut ? least + Math.sqrt(at * (most - least) * (mode - least)) : most - Math.sqrt((1 - at) * (most - least) * (most - mode))
  return Math.round(value)
}
