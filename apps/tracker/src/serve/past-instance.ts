/** An instance at a moment of the past, as rows like those that the tables hold of it now. Event time, with what is known today. */
import type { InstanceView } from '@tidemark/bpmn'
import type { CommandRow } from '../store/read/commands.js'
import type { DeviationRow, InstanceEventRow } from '../store/read/instance-parts.js'
import type { InstanceDetailRow } from '../store/read/instances.js'

export function pastRow(row: InstanceDetailRow, { version, view }: InstanceView, at: number): InstanceDetailRow {
  return {
    ...row, version, status: view.status, stuck: view.stuck, late: view.late, deviations: view.deviations.filter(({ accepted }) => !accepted).length,
    settling: view.settling, approximate: view.approximate, started_at: String(view.startedAt), last_event_at: String(view.lastEventAt),
    ended_at: view.endedAt === undefined ? null : String(view.endedAt), shown_at: String(at), tokens: view.tokens, variables: { ...view.variables },
  }
}

/** As they were read then. */
export function pastEntries(entries: readonly InstanceEventRow[], { view }: InstanceView, at: number): InstanceEventRow[] {
  const read = new Map(view.events.map((event) => [String(event.position), event]))
  return entries.filter(({ time }) => Number(time) <= at).map((entry) => {
    const then = read.get(entry.position)
    return then === undefined ? entry : { ...entry, element: then.element ?? null, phase: then.phase ?? null, reading: then.reading }
  })
}

/** One per kind, element and item. */
export function pastDeviations({ view }: InstanceView): DeviationRow[] {
  const rows = new Map<string, DeviationRow>()
  for (const { kind, elements, item = '', at, provisional, accepted } of view.deviations) {
    for (const element of new Set(elements)) {
      const count = elements.filter((each) => each === element).length
      const key = `${kind} ${element} ${item}`
      const known = rows.get(key)
      rows.set(key, known === undefined
        ? { kind, element, item, at: String(at), count, provisional, accepted }
        : { ...known, count: known.count + count, provisional: known.provisional || provisional })
    }
  }
  return [...rows.values()]
}

/** What had been decided, as far as it had come. */
export function pastCommands(commands: readonly CommandRow[], { commands: then }: InstanceView): CommandRow[] {
  const known = new Map(then.map((command) => [command.id, command]))
  return commands.flatMap((row) => {
    const command = known.get(row.id)
    if (command === undefined) return []
    const settledAt = command.status === 'delivered' && command.settledAt !== undefined ? String(command.settledAt) : null
    return [{ ...row, status: command.status, left_at: command.leftAt === undefined ? null : String(command.leftAt), delivered_at: settledAt }]
  })
}
