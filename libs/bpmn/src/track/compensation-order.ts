/**
 * What was done last is undone first (BPMN 2.0, 10.7): of two activities of which one follows the other, the handler of the earlier one is out of
 * order where it was seen before that of the later one. Activities beside each other have no order.
 */
import type { ProcessModel } from '../model.js'
import type { Run } from './run.js'
import { chosenOf, type TrailStep } from './trail.js'

export interface EarlyHandler {
  readonly element: string
  readonly step: TrailStep
}

/** Handlers that were seen too early, in the order of the trail. */
export function handlersOutOfOrder(run: Run): readonly EarlyHandler[] {
  const rules = run.model.undoing
  if (rules.activityOf.size < 2) return NONE
  const chosen = chosenOf(run.head)
  /** Per activity, when it was seen to be done last; per handler seen, what it undid. */
  const doneAt = new Map<string, number>()
  const undone: { readonly activity: string; readonly doneAt: number; readonly handler: EarlyHandler }[] = []
  for (const step of run.trail) {
    const at = step.index
    const move = step.step.moves[chosen[at] ?? 0]
    const transition = move?.how === 'sync' ? run.model.net.transitions[move.fired[move.main] ?? -1] : undefined
    if (step.kind !== 'event' || transition === undefined || transition.phase === 'start') continue
    const activity = rules.activityOf.get(transition.element)
    if (activity !== undefined) undone.push({ activity, doneAt: doneAt.get(activity) ?? at, handler: { element: transition.element, step } })
    if (rules.after.has(transition.element)) doneAt.set(transition.element, at)
  }
  return undone.filter((early) => undone.some((later) => later.handler.step.index > early.handler.step.index && later.doneAt > early.doneAt && later.doneAt < early.handler.step.index
    && rules.after.get(early.activity)?.has(later.activity) === true && later.handler.step.time - early.handler.step.time > run.model.toleranceMs))
    .map(({ handler }) => handler)
}

const NONE: readonly EarlyHandler[] = []

export interface UndoingRules {
  /** Handler to what it undoes. */
  readonly activityOf: ReadonlyMap<string, string>
  /** Per activity that can be undone: those that come after it and never before it. */
  readonly after: ReadonlyMap<string, ReadonlySet<string>>
}

export function undoingRulesOf(process: ProcessModel): UndoingRules {
  const activityOf = new Map(process.elements.flatMap((event) => (event.handler === undefined || event.attachedTo === undefined ? [] : [[event.handler, event.attachedTo] as const])))
  const targets = new Map<string, string[]>()
  for (const { source, target } of process.flows) targets.set(source, [...(targets.get(source) ?? []), target])
  const reach = (from: string) => {
    const reached = new Set(targets.get(from))
    for (const element of reached) for (const next of targets.get(element) ?? []) reached.add(next)
    return reached
  }
  const reached = new Map([...activityOf.values()].map((activity) => [activity, reach(activity)]))
  const after = new Map([...reached].map(([activity, others]) => [activity, new Set([...others].filter((other) => reached.get(other)?.has(activity) === false))]))
  return { activityOf, after }
}
