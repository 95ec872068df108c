/** What is said of events that a model's decision keeps out of every instance: their fate, and an alert for those that somebody should look at. */
import type { HeldEvent } from '@tidemark/bpmn'
import type { Changes } from '../../store/write/changes.js'
import { identityOf } from '../../store/identity.js'
import { clean } from './decode.js'

export type HeldKind = 'waiting' | 'ignored' | 'incident'

/** What the tables say of one of them. */
export interface ShownHeld {
  readonly kind: HeldKind
  readonly type: string
}

/** Until its grace has passed an event waits: what makes it part of an instance may be on its way. */
export function heldKind(held: HeldEvent, clock: number): HeldKind {
  if (held.settlesAt > clock) return 'waiting'
  return held.verdict.action === 'ignore' ? 'ignored' : 'incident'
}

/** The next moment at which something else is said of one of them. */
export function nextHeldAt(held: readonly HeldEvent[], clock: number): number | undefined {
  if (held.length === 0) return undefined
  return held.reduce<number | undefined>((next, { settlesAt }) => (settlesAt <= clock || (next !== undefined && next <= settlesAt) ? next : settlesAt), undefined)
}

/** Adds what differs; answers what is shown now. */
export function compareHeld(
  changes: Changes, model: string, before: ReadonlyMap<bigint, ShownHeld>, held: readonly HeldEvent[], clock: number,
): ReadonlyMap<bigint, ShownHeld> {
  if (before.size === 0 && held.length === 0) return NONE
  const after = new Map<bigint, ShownHeld>()
  for (const event of held) {
    const kind = heldKind(event, clock)
    after.set(event.position, { kind, type: event.type })
    const known = before.get(event.position)
    if (known?.kind === kind) continue
    changes.fates.push({ position: event.position, model, kind, reason: clean(`${kind === 'waiting' ? 'waits for the grace time; then ' : ''}${event.verdict.reason}`) })
    if (known?.kind === 'incident') leave(changes, model, event.position, known.type)
    if (kind === 'incident') join(changes, model, event, clock)
  }
  for (const [position, known] of before) {
    if (after.has(position)) continue
    changes.goneFates.push({ position, model })
    if (known.kind === 'incident') leave(changes, model, position, known.type)
  }
  return after
}

const NONE: ReadonlyMap<bigint, ShownHeld> = new Map()

/** One alert per model and event type; its members are events, not instances. */
function join(changes: Changes, model: string, event: HeldEvent, clock: number): void {
  const id = alertOf(model, event.type)
  if (!changes.alerts.has(id)) changes.alerts.set(id, { id, kind: 'incident', severity: 'warning', model, element: '', title: `“${clean(event.type)}” came without an instance` })
  changes.members.push({ alert: id, instance: memberOf(model, event.position), since: event.time, joinedAt: clock, silent: event.silent })
}

function leave(changes: Changes, model: string, position: bigint, type: string): void {
  changes.goneMembers.push({ alert: alertOf(model, type), instance: memberOf(model, position) })
}

function alertOf(model: string, type: string): string {
  return identityOf(['alert', model, 'incident', type, ''])
}

function memberOf(model: string, position: bigint): string {
  return identityOf(['event', model, String(position)])
}
