/** Timers that Tidemark fires itself: which are armed, when they are due, what comes of a firing. */
import { compileExpression } from '../bind/expression.js'
import { cycleDue, parseCycle, type Cycle } from '../time/cycle.js'
import { durationMs } from '../time/duration.js'
import { parseDate } from '../time/moment.js'
import type { Transition } from '../net/net.js'
import { nameOfCause } from './cause.js'
import type { TokenAt } from './reading.js'
import type { Run } from './run.js'
import { suspensionOf } from './suspension.js'
import type { TimerAt } from './waits.js'

/** A timer that has not fired. */
export interface Arm {
  readonly timer: TimerAt
  readonly token: TokenAt
  readonly due: number
  /** Which firing it would be, from 1. */
  readonly number: number
  /** The host is there in every explanation that costs nothing. */
  readonly certain: boolean
}

/** Firings of timers between two entries: more than this is a model that runs away. Further firings only count. */
const MAX_FIRINGS = 100

/** No month or year is longer than this times what its duration stands for. */
const LONGEST_TO_MEAN = 1.04

/** Firings of one cycle timer that are passed over one by one: before it was armed, or beyond the bound above. */
const MAX_PASSED = 10_000

/**
 * Timers whose host holds a token in the cheapest explanation, the next one first.
 * @param before those of the run as it stood before its last step: what that has left alone goes on
 */
export function armsOf(run: Run, before: readonly Arm[]): readonly Arm[] {
  const { timersAt } = run.model
  if (timersAt.size === 0 || suspensionOf(run) !== undefined) return NO_ARMS
  let arms = NO_ARMS
  for (const token of run.shownTokens) {
    const timers = timersAt.get(token.place)
    if (timers === undefined) continue
    const certain = run.posture.isCertain(token.place)
    for (const timer of timers) {
      const number = run.fired.size === 0 ? 1 : (run.fired.get(stayOf(timer, token)) ?? 0) + 1
      const arm = goesOn(before, timer, token, number, certain) ?? armed(run, timer, token, number, certain)
      if (arm !== undefined) arms = withArm(arms, arm)
    }
  }
  return arms.length === before.length && arms.every((arm, index) => arm === before[index]) ? before : arms
}

export const NO_ARMS: readonly Arm[] = []

function armed(run: Run, timer: TimerAt, token: TokenAt, number: number, certain: boolean): Arm | undefined {
  const due = dueOf(run, timer, token, number)
  return due === undefined ? undefined : { timer, token, due, number, certain }
}

/** What an expression says may be another thing at each step. */
function goesOn(before: readonly Arm[], timer: TimerAt, token: TokenAt, number: number, certain: boolean): Arm | undefined {
  for (const arm of before) {
    if (arm.token === token && arm.timer === timer && arm.number === number && arm.certain === certain && !timer.definition.text.startsWith('=')) return arm
  }
  return undefined
}

function withArm(arms: readonly Arm[], arm: Arm): readonly Arm[] {
  let at = arms.length
  while (at > 0 && isBefore(arm, arms[at - 1] as Arm)) at--
  return at === arms.length ? arms.concat(arm) : arms.toSpliced(at, 0, arm)
}

function isBefore(a: Arm, b: Arm): boolean {
  return a.due === b.due ? keyOf(a) < keyOf(b) : a.due < b.due
}

/** False: nothing of the run or of its items is due by this moment, as mostly is the case. */
export function mayBeDue(run: Run, moment: number): boolean {
  if (!run.model.hasTimers) return false
  const [first] = run.arms
  return run.items !== undefined || (first !== undefined && first.due <= moment)
}

/** Element and stay; with the number of the firing it is the identity of what comes of it. */
function stayOf(timer: TimerAt, token: TokenAt): string {
  return `${timer.element.id}@${nameOfCause(token.cause)}`
}

function keyOf(arm: Arm): string {
  return `${stayOf(arm.timer, arm.token)}#${arm.number}`
}

/** An arm, and the run that it is armed in: an instance, or an item of it. */
interface Next {
  readonly arm: Arm
  readonly of: Run
}

type Wanted = (arm: Arm, of: Run) => boolean

/** Fires, in order, the timers of a run and of its items that are wanted. Answers whether any fired. */
export function fireWanted(run: Run, wanted: Wanted, arrivalOf: (arm: Arm, of: Run) => number): boolean {
  let any = false
  for (let count = 0; count < MAX_FIRINGS; count++) {
    const next = nextOf(run, wanted)
    if (next === undefined) return any
    const arrival = arrivalOf(next.arm, next.of)
    fire(next.of, next.arm, arrival)
    tellAround(next.of, run, arrival)
    any = true
  }
  // Counts firings without what comes of them.
  for (let count = 0; count < MAX_PASSED; count++) {
    const next = nextOf(run, wanted)
    if (next === undefined) return any
    next.of.count(stayOf(next.arm.timer, next.arm.token), next.arm.number)
    if (next.arm.timer.definition.kind !== 'cycle') run.approximate = true
  }
  return any
}

/** The next one of a run and its items that is wanted. */
export function nextOf(run: Run, wanted: Wanted): Next | undefined {
  const arm = run.arms.find((each) => each.certain && wanted(each, run))
  let next: Next | undefined = arm === undefined ? undefined : { arm, of: run }
  if (run.items === undefined || !run.model.hasTimers) return next
  for (const item of run.items.open) {
    if (!item.run.model.hasTimers || !run.posture.isCertain(item.of.inside)) continue
    const inside = nextOf(item.run, wanted)
    if (inside !== undefined && (next === undefined || inside.arm.due < next.arm.due)) next = inside
  }
  return next
}

/** What went on in an item may mean something around it, and further out. */
export function tellAround(inner: Run, outer: Run, arrival: number): void {
  for (let run = inner; run !== outer && run.host !== undefined; run = run.host) {
    run.host.items?.tellOf(run, arrival)
    run.host.settle(arrival)
  }
}

function fire(run: Run, arm: Arm, arrival: number): void {
  const cause = `t:${keyOf(arm)}`
  run.count(stayOf(arm.timer, arm.token), arm.number)
  const time = Math.max(arm.due, run.headTime)
  const { transition } = arm.timer
  const { net } = run.model
  if (transition.notedOnly === true) {
    for (const element of commandsBehind(run, transition)) {
      run.decide(`${element}|${cause}`, {
        element, cause, moment: time, leavesAt: arrival, status: 'noted', note: 'the timer is only noted in observe mode', variables: run.variables,
      })
    }
    return
  }
  // Of the ways out of the boundary event, those from the place where the token is.
  const here = net.transitions.find((candidate) => candidate.kind === 'timer' && candidate.element === arm.timer.element.id
    && [...candidate.inputs, ...candidate.reads].includes(arm.token.place)) ?? transition
  run.act('timer', here, time, arrival, cause)
  run.settle(arrival)
}

function commandsBehind({ model: { net } }: Run, transition: Transition): readonly string[] {
  const found = new Set<string>()
  const seen = new Set<number>()
  const open = [...transition.outputs]
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    if (seen.has(place)) continue
    seen.add(place)
    for (const index of net.consumers[place] ?? []) {
      const next = net.transitions[index]
      if (next?.kind === 'command') found.add(next.element)
      else if (next?.kind === 'silent') open.push(...next.outputs)
    }
  }
  return [...found]
}

/** Undefined where it never fires, or not again. */
function dueOf(run: Run, timer: TimerAt, token: TokenAt, number: number): number | undefined {
  const text = timer.definition.text.startsWith('=') ? evaluate(run, timer.definition.text) : timer.definition.text
  if (text === undefined) return undefined
  const { zone } = run.model.process
  switch (timer.definition.kind) {
    case 'duration':
      return number > 1 ? undefined : finite(run.model.after(token.since, text))
    case 'date': {
      const date = parseDate(text, zone)
      return number > 1 || !date.ok ? undefined : Math.max(date.value, token.since)
    }
    case 'cycle': {
      const cycle = parseCycle(text, zone)
      if (!cycle.ok) return undefined
      // A cycle with a fixed start may have begun before there was a token to wait for it.
      const begun = cycle.value.startMs === undefined ? 0 : firingsBefore(cycle.value, token.since, zone)
      return cycleDue(cycle.value, token.since, begun + number, zone)
    }
  }
}

function evaluate(run: Run, text: string): string | undefined {
  const { value, known } = compileExpression(text).evaluate({ ...run.variables, now: run.headTime })
  return known && typeof value === 'string' ? value : undefined
}

/** Firings of a cycle with a fixed start before this moment. Months and years differ in length, so that the last ones are counted by their dates. */
function firingsBefore(cycle: Cycle, time: number, zone: string): number {
  const lengthMs = durationMs(cycle.duration)
  let number = Math.max(0, Math.floor((time - (cycle.startMs ?? time)) / (lengthMs * LONGEST_TO_MEAN)))
  for (let step = 0; step < MAX_PASSED; step++) {
    const due = cycleDue(cycle, time, number + 1, zone)
    if (due === undefined || due >= time) return number
    number++
  }
  return number
}

/** An expression may give something that is no time: such a timer stays unarmed. */
function finite(time: number): number | undefined {
  return Number.isFinite(time) ? time : undefined
}
