/** What Tidemark decides itself: choices on known data, and commands whose token has come. */
import type { Transition } from '../net/net.js'
import { truthOf } from '../bind/expression.js'
import { settleCall } from './calls.js'
import { nameOfCause } from './cause.js'
import { deviationsAround } from './deviations.js'
import type { TokenAt } from './reading.js'
import type { Run } from './run.js'
import { decideRepetition } from './repetitions.js'
import { suspensionOf } from './suspension.js'
import { tellAround } from './timers.js'
import { decideSplit } from './splits.js'
import type { ConditionAt } from './waits.js'

/** A command that was decided, proposed or noted. */
export interface Decision {
  readonly element: string
  readonly cause: string
  /** Epoch milliseconds: when the token came, or a person approved. */
  readonly moment: number
  /** When it may leave. */
  readonly leavesAt: number
  readonly status: 'noted' | 'proposed' | 'scheduled' | 'rejected' | 'missed'
  readonly note?: string
  /** Trail index of its step; undefined while it is only proposed or noted. */
  readonly at?: number
  readonly variables: Readonly<Record<string, unknown>>
}

/** Own steps after one entry: more than this is a model that runs away. */
const MAX_OWN_STEPS = 100

/** Decides what can be decided now, until nothing more follows. */
export function settleDecisions(run: Run, arrival: number): void {
  if (!run.model.decides || !run.posture.asksUs || suspensionOf(run) !== undefined) return
  for (let count = 0; count < MAX_OWN_STEPS; count++) if (!run.posture.asksUs || !decideOne(run, arrival)) return
  run.approximate = true
}

/** Goes on after an operation: proposed commands may have been decided by it, and one may lead to the next. */
export function settleOperations(run: Run, fold: Identify): void {
  if (run.operations.size === 0) return
  for (const item of run.items?.open ?? []) settleOperations(item.run, fold)
  if (run.decisions.size === 0) return
  while (operateOne(run, fold)) continue
}

export interface Identify {
  /** The key of the command that a decision gives. */
  commandId(decision: Decision): string
}

/** Each decision is proposed once, so that this comes to an end. */
function operateOne(run: Run, fold: Identify): boolean {
  for (const [key, decision] of run.decisions) {
    if (decision.status !== 'proposed') continue
    const operation = run.operations.get(fold.commandId(decision))
    if (operation === undefined) continue
    const token = run.shownTokens.find((candidate) => run.model.elementAt(candidate.place) === decision.element && nameOfCause(candidate.cause) === decision.cause)
    const transition = token === undefined ? undefined : run.model.commandsAt.get(token.place)
    if (token === undefined || transition === undefined) continue
    // What has left needs nobody's approval any more, whatever a late event says of the path that led to it.
    const approved = operation.outcome === 'approved' || operation.kind === 'left'
    const by = operation.by ?? 'somebody'
    const said = operation.note === undefined || operation.note === '' ? '' : `: ${operation.note}`
    run.decide(key, {
      ...decision, moment: operation.time, leavesAt: Math.max(operation.time, operation.appendTime), status: approved ? 'scheduled' : 'rejected',
      note: operation.kind === 'left' ? 'it left before a late event showed that the instance had left its path' : `${approved ? 'approved' : 'rejected'} by ${by}${said}`,
      at: run.length,
    })
    run.act('command', transition, Math.max(operation.time, run.headTime), operation.appendTime, `c:${decision.element}@${decision.cause}`)
    run.settle(operation.appendTime)
    if (run.host !== undefined) tellAround(run, outermost(run), operation.appendTime)
    return true
  }
  return false
}

function outermost(run: Run): Run {
  return run.host === undefined ? run : outermost(run.host)
}

/** Answers whether a token went on. */
function decideOne(run: Run, arrival: number): boolean {
  const { splitsAt, commandsAt, conditionsAt, callsAt, repetitionsAt } = run.model
  for (const token of run.shownTokens) {
    for (const condition of conditionsAt.get(token.place) ?? []) if (run.posture.isCertain(token.place) && becomesTrue(run, token, condition, arrival)) return true
    const call = callsAt.get(token.place)
    if (call !== undefined && run.posture.isCertain(token.place) && settleCall(run, token, call, arrival)) return true
    const repetition = repetitionsAt.get(token.place)
    const next = repetition !== undefined && run.posture.isCertain(token.place) ? decideRepetition(run, token.place, repetition) : undefined
    if (next !== undefined && isOpen(run, next)) {
      run.act('decide', next, run.headTime, arrival, token.cause)
      return true
    }
    const split = splitsAt.get(token.place)
    const command = commandsAt.get(token.place)
    if ((split === undefined && command === undefined) || !run.posture.isCertain(token.place)) continue
    if (split !== undefined) {
      const context = { ...run.variables, now: run.headTime }
      const chosen = decideSplit(split, (condition) => truthOf(condition, context))
      if (chosen?.[0] !== undefined && isOpen(run, chosen[0])) {
        for (const transition of chosen) run.act('decide', transition, run.headTime, arrival, token.cause)
        return true
      }
    }
    if (command !== undefined && decideCommand(run, token, command, arrival)) return true
  }
  return false
}

/** What other tokens stand in the way of now can be decided when they have gone. */
function isOpen(run: Run, transition: Transition): boolean {
  const { hypotheses } = run.belief
  return hypotheses.some(({ cost, marking }) => cost === 0 && run.model.table.search.enable(marking, transition, 0).length > 0)
}

/** A conditional event happens when its condition becomes true, and again only after it was false. */
function becomesTrue(run: Run, token: TokenAt, { element, transition, condition }: ConditionAt, arrival: number): boolean {
  const truth = truthOf(condition, { ...run.variables, now: run.headTime })
  const stay = `${element.id}@${nameOfCause(token.cause)}`
  // How often it has happened; negative while it is false again.
  const count = run.fired.get(stay) ?? 0
  if (truth === 'false' && count > 0) run.count(stay, -count)
  if (truth !== 'true' || count > 0) return false
  run.count(stay, 1 - count)
  run.act('decide', transition, run.headTime, arrival, `d:${stay}#${1 - count}`)
  return true
}

function decideCommand(run: Run, token: TokenAt, transition: Transition, arrival: number): boolean {
  const { element } = transition
  const cause = nameOfCause(token.cause)
  const key = `${element}|${cause}`
  if (run.decisions.has(key)) return false
  const { mode } = run.model.process
  const moment = Math.max(token.since, run.headTime)
  const base = { element, cause, moment, variables: run.variables }
  const grace = cause.startsWith('t:') ? 0 : run.model.graceMs
  const leavesAt = Math.max(moment, arrival) + grace
  if (mode === 'suggest' || (mode === 'manage' && deviationsAround(run).some((deviation) => !deviation.accepted))) {
    const why = mode === 'suggest' ? 'waits for approval' : 'the instance has left its path: a person decides'
    run.decide(key, { ...base, leavesAt, status: 'proposed', note: why })
    return false
  }
  const tooOld = arrival - moment > run.model.effectsMaxAgeMs
  const status = mode === 'observe' ? 'noted' : tooOld ? 'missed' : 'scheduled'
  const note = status === 'missed' ? 'its moment had passed before we learned of it' : undefined
  run.decide(key, { ...base, leavesAt, status, at: run.length, ...(note === undefined ? {} : { note }) })
  run.act('command', transition, moment, arrival, `c:${element}@${cause}`)
  return true
}
