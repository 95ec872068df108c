/** What became of the commands that a run decided: decisions meet what left. */
import type { Decision } from './decisions.js'
import type { Fact } from './fact.js'
import type { Fold } from './fold.js'
import { allRuns, type Run } from './run.js'
import { storyAt } from './story.js'
import { chosenOf } from './trail.js'

export interface CommandView {
  /** Idempotency key. */
  readonly id: string
  readonly element: string
  readonly cause: string
  readonly status: 'noted' | 'proposed' | 'scheduled' | 'sending' | 'delivered' | 'dead' | 'rejected' | 'missed'
  readonly decidedAt: number
  readonly leavesAt: number
  readonly leftAt?: number
  readonly settledAt?: number
  readonly note?: string
  readonly variables: Readonly<Record<string, unknown>>
}

const NONE: readonly CommandView[] = []

/**
 * Decisions meet the commands that left, first by cause, then in order: after a refold a decision with another cause takes over the key of
 * what already left, so that nothing is sent twice. What left and has no decision any more stays, and says so.
 * @param lefts entries of commands that left, of this run
 */
export function commandsOfRun(run: Run, lefts: readonly Fact[], fold: Fold): readonly CommandView[] {
  if (run.items === undefined && run.decisions.size === 0 && lefts.length === 0) return NONE
  const decided = allRuns(run).flatMap((of) => [...of.decisions.values()].map((decision) => ({ decision, of })))
  if (decided.length === 0 && lefts.length === 0) return NONE
  const unmatched = lefts.filter((left) => left.command !== undefined)
  const views: CommandView[] = []
  const open: { decision: Decision; of: Run; id: string }[] = []
  for (const { decision, of } of decided) {
    const id = fold.commandId(decision)
    const at = unmatched.findIndex((left) => left.command === id)
    if (at >= 0) views.push(asLeft(decision, unmatched.splice(at, 1)[0] as Fact, fold.settled))
    else open.push({ decision, of, id })
  }
  for (const { decision, of, id } of open) {
    const at = decision.status === 'scheduled' || decision.status === 'proposed' ? unmatched.findIndex((left) => left.element === decision.element) : -1
    if (at >= 0) {
      views.push(asLeft(decision, unmatched.splice(at, 1)[0] as Fact, fold.settled))
      continue
    }
    const evidenced = decision.status === 'scheduled' && wasSeenDone(of, decision)
    views.push({
      id, element: decision.element, cause: decision.cause, status: evidenced ? 'missed' : decision.status, decidedAt: decision.moment, leavesAt: decision.leavesAt,
      variables: decision.variables,
      ...(evidenced ? { note: 'what it asks for was seen done before it left' } : decision.note === undefined ? {} : { note: decision.note }),
    })
  }
  for (const left of unmatched) {
    const fate = fold.settled.get(left.command ?? '')
    views.push({
      id: left.command ?? '', element: left.element ?? '', cause: '', status: statusOf(fate), decidedAt: left.time, leavesAt: left.time, leftAt: left.time,
      variables: {}, note: 'a late event showed, after it had left, that it was not needed', ...(fate === undefined ? {} : { settledAt: fate.time }),
    })
  }
  return views
}

function asLeft(decision: Decision, left: Fact, settled: ReadonlyMap<string, Fact>): CommandView {
  const fate = settled.get(left.command ?? '')
  return {
    id: left.command ?? '', element: decision.element, cause: decision.cause, status: statusOf(fate), decidedAt: decision.moment,
    leavesAt: decision.leavesAt, leftAt: left.time, variables: decision.variables,
    ...(fate === undefined ? {} : { settledAt: fate.time }), ...(decision.note === undefined ? {} : { note: decision.note }),
  }
}

function statusOf(settled: Fact | undefined): CommandView['status'] {
  if (settled === undefined) return 'sending'
  return settled.outcome === 'delivered' ? 'delivered' : 'dead'
}

/** A later event moved a token on that this decision brought. */
function wasSeenDone(run: Run, decision: Decision): boolean {
  if (decision.at === undefined) return false
  const chosen = chosenOf(run.head)
  for (let step = run.head; step !== undefined && step.index > decision.at; step = step.before) {
    const move = step.step.moves[chosen[step.index] ?? 0]
    if (step.kind !== 'event' || move?.how !== 'sync') continue
    const before = storyAt(run.model, run.begin, step.before, chosen[step.index - 1] ?? 0)
    const inputs = new Set(move.fired.flatMap((index) => run.model.net.transitions[index]?.inputs ?? []))
    if (before.tokens.some((token) => token.by === decision.at && inputs.has(token.place))) return true
  }
  return false
}
