/** Commands of an instance that are new, or not as they were. */
import { compileExpression, type CommandView, type InstanceView, type TrackedModel } from '@tidemark/bpmn'
import type { Changes } from '../../store/write/changes.js'

/** What a command that left said; it says the same in every attempt, whatever is known later. */
export interface LeftCommand {
  readonly data?: unknown
  /** Epoch milliseconds. */
  readonly decidedAt?: number
}

interface Unit {
  readonly id: string
  readonly model: string
  readonly key: string
  readonly shard: number
  /** Commands that left, as they left, by id. */
  readonly left: ReadonlyMap<string, LeftCommand>
}

export function compareCommands(
  changes: Changes, unit: Unit, model: TrackedModel, instance: InstanceView, before: readonly CommandView[], after: readonly CommandView[],
): void {
  if (before.length === 0 && after.length === 0) return
  const known = new Map(before.map((command) => [command.id, command]))
  const now = new Set(after.map((command) => command.id))
  for (const command of after) {
    const previous = known.get(command.id)
    if (previous !== undefined && JSON.stringify(previous) === JSON.stringify(command)) continue
    const definition = model.elements.get(command.element)?.command
    const left = unit.left.get(command.id)
    changes.commands.push({
      id: command.id, unit: unit.id, instance: instance.id, shard: unit.shard, model: unit.model, version: instance.version, key: unit.key,
      element: command.element, cause: command.cause, type: definition?.type ?? '', target: definition?.target ?? null,
      data: JSON.stringify(left?.data === undefined ? dataOf(command, model, unit.key) : left.data), status: command.status,
      decidedAt: left?.decidedAt ?? command.decidedAt, leavesAt: command.leavesAt,
      leftAt: command.leftAt ?? null, deliveredAt: command.status === 'delivered' ? (command.settledAt ?? null) : null, note: command.note ?? null,
    })
  }
  for (const id of known.keys()) if (!now.has(id)) changes.goneCommands.push(id)
}

function dataOf(command: CommandView, model: TrackedModel, key: string): unknown {
  const text = model.elements.get(command.element)?.command?.data
  const name = model.process.keys[0]?.name ?? 'key'
  const byDefault = { key, [name]: key }
  if (text === undefined) return byDefault
  const { value, known } = compileExpression(text).evaluate({ ...command.variables, ...byDefault, now: command.decidedAt })
  return known ? value : byDefault
}
