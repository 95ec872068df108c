/** What somebody should look at: alerts, by cause, and the instances that have joined or left them. */
import type { Condition, InstanceView, TrackedModel } from '@tidemark/bpmn'
import { identityOf } from '../../store/identity.js'
import type { Changes } from '../../store/write/changes.js'
import { clean } from './decode.js'
import { entryOf } from './tally.js'

/** What the run shows, and commands of it that could not be delivered. */
export function conditionsOf({ view, commands }: InstanceView): readonly Condition[] {
  if (commands.length === 0) return view.conditions
  return [...view.conditions, ...commands.flatMap((command): Condition[] => (command.status !== 'dead' ? [] : [{
    kind: 'commandFailed', detail: '', element: command.element, since: command.settledAt ?? command.decidedAt, severity: 'critical', silent: false,
  }]))]
}

export function compareConditions(
  changes: Changes, unit: { readonly model: string; readonly shownAt: number }, model: TrackedModel, instance: string, before: readonly Condition[], after: readonly Condition[],
): void {
  if (before.length === 0 && after.length === 0) return
  const idOf = (condition: Condition) => identityOf(['alert', unit.model, condition.kind, condition.detail, condition.element])
  const known = new Map(before.map((condition) => [idOf(condition), condition]))
  const now = new Map(after.map((condition) => [idOf(condition), condition]))
  for (const [id, condition] of now) {
    const member = { alert: id, instance, since: condition.since, joinedAt: unit.shownAt, silent: condition.silent }
    const previous = known.get(id)
    if (previous !== undefined) {
      // A late event may move the moment of what goes on all the same.
      if (previous.since !== condition.since || previous.silent !== condition.silent) changes.members.push(member)
      continue
    }
    entryOf(changes.alerts, id, () => ({
      id, kind: condition.kind, severity: condition.severity, model: unit.model, element: condition.element, title: titleOf(condition, model),
    }))
    changes.members.push(member)
  }
  for (const id of known.keys()) if (!now.has(id)) changes.goneMembers.push({ alert: id, instance })
}

const DEVIATION_TITLES: Readonly<Record<string, string>> = {
  skipped: 'was skipped', outOfOrder: 'came out of order', unexpected: 'was not expected', repeated: 'was repeated', rework: 'was done again',
  raceLost: 'came after another event had won', afterCancel: 'came after the cancellation', afterEnd: 'came after the end', missingStart: 'is missing: instances begin without it',
  decisionMismatch: 'went against the data', timerOverruled: 'was overruled by a late event', wrongOutcome: 'is an end that should not be reached',
}

function titleOf(condition: Condition, model: TrackedModel): string {
  const name = clean(condition.element === '' ? (model.process.name || model.process.id) : model.nameOf(condition.element))
  if (condition.kind === 'stuck') return `“${name}” is stuck`
  if (condition.kind === 'commandFailed') return `“${name}” could not be delivered`
  if (condition.kind === 'late') return `“${name}” is late`
  if (condition.kind === 'suspended') return `Instances are suspended at “${name}”: an expression would run away over their data`
  return `“${name}” ${DEVIATION_TITLES[condition.detail] ?? condition.detail}`
}
