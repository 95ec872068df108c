/**
 * Messages between the pools of a file: sent by one, and not received by the other yet. Both ends are events under one key, so that each side folds
 * both and no instance reads what another has become. Messages of one flow are received in the order in which they were sent.
 */
import type { MessageFlow } from '../model.js'
import type { Agenda } from './agenda.js'
import type { Fact } from './fact.js'
import type { Run } from './run.js'
import type { Condition } from './view.js'

/** Per flow. */
export type Messages = ReadonlyMap<string, FlowState>

interface FlowState {
  /** When messages were sent that are on their way, epoch milliseconds, oldest first. */
  readonly sent: readonly number[]
  /** When messages were received that nobody has been seen to send: a clock may differ, so that the sending comes next. */
  readonly early: readonly number[]
}

/** A message that was sent and has not been received. */
export interface InTransit {
  readonly flow: MessageFlow
  readonly since: number
  readonly dueAt?: number
  /** It should have been received by now. */
  readonly late: boolean
}

/** Under which what a fact says of messages stands beside its labels in a version. */
export function messageLabels(version: number): string {
  return `message@${version}`
}

const NOTHING: FlowState = { sent: [], early: [] }

/** What an event says of messages: `sent <flow>` or `received <flow>`. */
export function tellMessages(messages: Messages, said: readonly string[], fact: Fact, toleranceMs: number): Messages {
  const told = new Map(messages)
  for (const word of said) {
    const cut = word.indexOf(' ')
    const flow = word.slice(cut + 1)
    told.set(flow, next(told.get(flow) ?? NOTHING, word.slice(0, cut) === 'sent', fact.time, toleranceMs))
  }
  return told
}

function next({ sent, early }: FlowState, isSent: boolean, time: number, toleranceMs: number): FlowState {
  if (!isSent) return sent.length > 0 ? { sent: sent.slice(1), early } : { sent, early: [...early, time] }
  const [first, ...others] = early.filter((received) => time - received <= toleranceMs)
  return first === undefined ? { sent: [...sent, time], early: [] } : { sent, early: others }
}

const NONE: readonly InTransit[] = []

/**
 * Messages on their way at the clock of the agenda. Adds what is due to it, and why somebody should look at it to `conditions`: on the side
 * of the sender alone, since it is one cause.
 * @param completed the run has ended, so that it receives nothing any more
 */
export function watchMessages(run: Run, completed: boolean, agenda: Agenda, conditions: Condition[]): readonly InTransit[] {
  const { process } = run.model
  if (process.messages === undefined || run.messages.size === 0) return NONE
  return process.messages.flatMap((flow) => {
    if (completed && flow.direction === 'in') return []
    return (run.messages.get(flow.id)?.sent ?? []).map((since) => watch(run, flow, since, agenda, conditions))
  })
}

function watch(run: Run, flow: MessageFlow, since: number, agenda: Agenda, conditions: Condition[]): InTransit {
  const { element, stuckAfter, sla } = flow
  const promises = [
    ...(sla === undefined ? [] : [{ kind: 'sla' as const, says: 'late' as const, duration: sla.duration, severity: sla.severity }]),
    ...(stuckAfter === undefined ? [] : [{ kind: 'stuck' as const, says: 'stuck' as const, duration: stuckAfter, severity: 'warning' as const }]),
  ]
  let late = false
  let dueAt = Infinity
  for (const { kind, says, duration, severity } of promises) {
    const due = run.model.after(since, duration)
    const actsAt = run.settlesAt(due)
    if (due > agenda.clock) dueAt = Math.min(dueAt, due)
    if (flow.direction === 'out') agenda.add(kind, element, due, actsAt)
    if (actsAt > agenda.clock) continue
    late = true
    if (flow.direction === 'out') conditions.push({ kind: says, detail: '', element, since: due, severity, silent: run.lastArrival - due > run.model.effectsMaxAgeMs })
  }
  return { flow, since, late, ...(dueAt === Infinity ? {} : { dueAt }) }
}
