/**
 * One run: the trail of its steps, in event-time order. Events step the belief; between them our own timers fire, choices on data are decided
 * and commands are given. The trail is the state: everything shown is read off it.
 */
import type { Transition } from '../net/net.js'
import { cycleDue, parseCycle, type Cycle } from '../time/cycle.js'
import { durationMs } from '../time/duration.js'
import { parseDate } from '../time/moment.js'
import { compileExpression, truthOf } from '../bind/expression.js'
import type { Belief, Step } from './belief.js'
import { deviationsOf } from './deviations.js'
import type { Fact } from './fact.js'
import { holds } from './marking.js'
import { advance, initialReading, moveShown, type ReadingState, type StepContext, type TokenAt, type VisitHow } from './reading.js'
import type { TimerAt, TrackedModel } from './tracked-model.js'

export interface TrailStep {
  readonly kind: 'event' | 'timer' | 'command' | 'decide'
  readonly time: number
  /** Append time of the entry that gave rise to it; of a timer: when it could be acted on. */
  readonly arrival: number
  readonly step: Step
  readonly fact?: Fact
  /** Of our own steps. */
  readonly transition?: Transition
  readonly symbol?: string
  readonly repeated: boolean
  readonly cause: string
  /** Slot for the story of one hypothesis after this step, filled when it is asked for. */
  story: { index: number; state: ReadingState } | undefined
}

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

/** A timer that has not fired. */
export interface Arm {
  readonly timer: TimerAt
  readonly token: TokenAt
  readonly due: number
  /** Element and stay; with the number of the firing it is the identity of what comes of it. */
  readonly base: string
  /** Which firing it would be, from 1. */
  readonly number: number
  readonly key: string
  /** The host is there in every explanation that costs nothing. */
  readonly certain: boolean
}

/** Firings of timers between two entries, and own steps after one: more than this is a model that runs away. Further firings only count. */
const MAX_OWN_STEPS = 100

/** No month or year is longer than this times what its duration stands for. */
const LONGEST_TO_MEAN = 1.04

/** Firings of one cycle timer that are passed over one by one: before it was armed, or beyond the bound above. */
const MAX_PASSED = 10_000

export class Run {
  readonly model: TrackedModel
  readonly version: number
  /** The entry that began it. */
  readonly first: Fact
  readonly trail: TrailStep[]
  readonly #initial: Belief
  readonly #initialStory: ReadingState
  /** As of a length of the trail, which only grows. */
  #shownTokens: { readonly length: number; readonly tokens: readonly TokenAt[] } | undefined
  #chosen: readonly number[] | undefined
  readonly #seen: Set<string>
  /** Firings so far, per element and stay; those before a cycle was armed are passed over. */
  readonly #fired: Map<string, number>
  readonly decisions: Map<string, Decision>
  readonly #operations: Map<string, Fact>
  variables: Readonly<Record<string, unknown>>
  approximate: boolean
  /** Events that this version does not bind: part of the history, no step. */
  readonly notes: Fact[]
  /** Greatest append time of its events. */
  lastArrival: number
  lastEventTime: number

  constructor(model: TrackedModel, version: number, first: Fact, from?: Run) {
    this.model = model
    this.version = version
    this.first = first
    this.trail = from === undefined ? [] : [...from.trail]
    this.#seen = new Set(from?.symbolsSeen)
    this.#fired = new Map(from?.timersFired)
    this.decisions = new Map(from?.decisions)
    this.#operations = new Map(from?.operations)
    this.variables = from?.variables ?? {}
    this.approximate = from?.approximate ?? false
    this.notes = [...(from?.notes ?? [])]
    this.lastArrival = from?.lastArrival ?? first.appendTime
    this.lastEventTime = from?.lastEventTime ?? first.time
    this.#initial = model.table.initial()
    this.#initialStory = initialReading(model.net, model.table.initialWay().fired, {
      index: -1, time: first.time, cause: causeOf(first), how: 'silent', inherits: false,
    })
  }

  get symbolsSeen(): ReadonlySet<string> {
    return this.#seen
  }

  get timersFired(): ReadonlyMap<string, number> {
    return this.#fired
  }

  get operations(): ReadonlyMap<string, Fact> {
    return this.#operations
  }

  /** For what is shown: the same run, on which deadlines that the clock has passed may fire without touching the base. */
  clone(): Run {
    return new Run(this.model, this.version, this.first, this)
  }

  get belief(): Belief {
    return this.trail.at(-1)?.step.next ?? this.#initial
  }

  get headTime(): number {
    return this.trail.at(-1)?.time ?? this.first.time
  }

  /** The story of the cheapest explanation. */
  get story(): ReadingState {
    return this.storyAt(this.trail.length - 1, 0)
  }

  /** Tokens of the cheapest explanation, where they are shown. */
  get shownTokens(): readonly TokenAt[] {
    if (this.#shownTokens?.length === this.trail.length) return this.#shownTokens.tokens
    const marking = this.belief.hypotheses[0]?.marking ?? ''
    const tokens = moveShown(this.model.net, this.story.tokens, this.model.table.search.shownRest(marking).fired)
    this.#shownTokens = { length: this.trail.length, tokens }
    return tokens
  }

  /** The hypothesis after each step that the cheapest explanation of today goes through. */
  chosen(): readonly number[] {
    if (this.#chosen?.length === this.trail.length) return this.#chosen
    const chosen: number[] = new Array<number>(this.trail.length)
    let index = 0
    for (let at = this.trail.length - 1; at >= 0; at--) {
      chosen[at] = index
      index = this.trail[at]?.step.moves[index]?.from ?? 0
    }
    this.#chosen = chosen
    return chosen
  }

  /** Its last events that fit nowhere and are not older than this: they may belong to the run that comes next. */
  straysSince(time: number): readonly Fact[] {
    const chosen = this.chosen()
    const strays: Fact[] = []
    for (let at = this.trail.length - 1; at >= 0; at--) {
      const step = this.trail[at]
      if (step === undefined || step.time < time) break
      if (step.fact !== undefined && step.step.moves[chosen[at] ?? 0]?.how === 'log') strays.push(step.fact)
    }
    return strays.reverse()
  }

  /** Whether the run can take these labels without any deviation. */
  fits(labels: readonly string[]): boolean {
    const { table } = this.model
    const symbol = table.symbol(labels)
    return this.belief.hypotheses.some((hypothesis) => hypothesis.cost === 0
      && symbol.transitions.some((transition) => table.search.enable(hypothesis.marking, transition, 0).length > 0))
  }

  /** Whether the process could end here, silently. */
  get canEnd(): boolean {
    return this.belief.hypotheses.some(({ cost, marking }) => cost === 0 && this.model.canEnd(marking))
  }

  /** Folds one event, by what it may mean (undefined: nothing in this version; none: it has no place here); deadlines due before it fire first. */
  observe(fact: Fact, labels: readonly string[] | undefined): void {
    this.fireDue(fact.time)
    this.lastArrival = Math.max(this.lastArrival, fact.appendTime)
    this.lastEventTime = Math.max(this.lastEventTime, fact.time)
    if (fact.patch !== undefined) this.variables = { ...this.variables, ...fact.patch }
    if (labels === undefined) {
      this.notes.push(fact)
      // It says nothing of a step, but what it knows may decide a choice.
      this.#settle(fact.appendTime)
      return
    }
    const symbol = this.model.table.symbol(labels)
    const name = symbol.id || fact.type
    const repeated = this.#seen.has(name)
    this.#seen.add(name)
    const step = this.model.table.observe(this.belief, symbol, repeated)
    this.#push({
      kind: 'event', time: Math.max(fact.time, this.headTime), arrival: fact.appendTime, step, fact, symbol: symbol.id, repeated,
      cause: causeOf(fact), story: undefined,
    })
    this.#settle(fact.appendTime)
  }

  /** A person approved or rejected a proposed command. */
  operate(fact: Fact): void {
    this.fireDue(fact.time)
    if (fact.command !== undefined && !(fact.kind === 'left' && this.#operations.has(fact.command))) this.#operations.set(fact.command, fact)
  }

  /** Goes on after an operation: proposed commands may have been decided by it. */
  settleOperations(identify: (decision: Decision) => string): void {
    for (const [key, decision] of this.decisions) {
      if (decision.status !== 'proposed') continue
      const operation = this.#operations.get(identify(decision))
      if (operation === undefined) continue
      const token = this.shownTokens.find((candidate) => candidate.cause === decision.cause && this.model.elementAt(candidate.place) === decision.element)
      const transition = token === undefined ? undefined : this.model.commandsAt.get(token.place)
      if (token === undefined || transition === undefined) continue
      // What has left needs nobody's approval any more, whatever a late event says of the path that led to it.
      const approved = operation.outcome === 'approved' || operation.kind === 'left'
      const by = operation.by ?? 'somebody'
      const said = operation.note === undefined || operation.note === '' ? '' : `: ${operation.note}`
      this.decisions.set(key, {
        ...decision, moment: operation.time, leavesAt: Math.max(operation.time, operation.appendTime), status: approved ? 'scheduled' : 'rejected',
        note: operation.kind === 'left' ? 'it left before a late event showed that the instance had left its path' : `${approved ? 'approved' : 'rejected'} by ${by}${said}`,
        at: this.trail.length,
      })
      this.#act('command', transition, Math.max(operation.time, this.headTime), operation.appendTime, `c:${decision.element}@${decision.cause}`)
      this.#settle(operation.appendTime)
    }
  }

  /** Fires what is due before this moment: an event exactly at the due time comes first. */
  fireDue(before: number): void {
    for (let count = 0; count < MAX_OWN_STEPS; count++) {
      const arm = this.#next((candidate) => candidate.due < before)
      if (arm === undefined) return
      this.fire(arm, Math.max(arm.due, this.lastArrival))
    }
    this.#pass((arm) => arm.due < before)
  }

  /** When an arm is acted on by the clock: late enough for an event that would have stopped it to come. */
  actsAt(arm: Arm): number {
    return this.settlesAt(Math.max(arm.due, this.headTime))
  }

  settlesAt(due: number): number {
    return Math.min(Math.max(due, this.lastArrival) + this.model.graceMs, due + this.model.maxGraceMs)
  }

  /** Fires what the clock has passed; on a clone, since this is shown and never folded upon. Answers whether anything fired. */
  fireShown(clock: number): boolean {
    let any = false
    for (let count = 0; count < MAX_OWN_STEPS; count++) {
      const arm = this.#next((candidate) => this.actsAt(candidate) <= clock)
      if (arm === undefined) return any
      this.fire(arm, this.actsAt(arm))
      any = true
    }
    this.#pass((arm) => this.actsAt(arm) <= clock)
    return any
  }

  /** Counts firings without what comes of them. */
  #pass(wanted: (arm: Arm) => boolean): void {
    for (let count = 0; count < MAX_PASSED; count++) {
      const arm = this.#next(wanted)
      if (arm === undefined) return
      this.#fired.set(arm.base, arm.number)
      if (arm.timer.definition.kind !== 'cycle') this.approximate = true
    }
  }

  fire(arm: Arm, arrival: number): void {
    this.#fired.set(arm.base, arm.number)
    const time = Math.max(arm.due, this.headTime)
    const { transition } = arm.timer
    if (transition.notedOnly === true) {
      for (const element of this.#commandsBehind(transition)) {
        this.decisions.set(`${element}|t:${arm.key}`, {
          element, cause: `t:${arm.key}`, moment: time, leavesAt: arrival, status: 'noted', note: 'the timer is only noted in observe mode', variables: this.variables,
        })
      }
      return
    }
    // Of the ways out of the boundary event, those from the place where the token is.
    const here = this.model.net.transitions.find((candidate) => candidate.kind === 'timer' && candidate.element === arm.timer.element.id
      && [...candidate.inputs, ...candidate.reads].includes(arm.token.place)) ?? transition
    this.#act('timer', here, time, arrival, `t:${arm.key}`)
    this.#settle(arrival)
  }

  /** Timers whose host holds a token in the cheapest explanation. */
  arms(): readonly Arm[] {
    if (this.model.timersAt.size === 0) return []
    const arms: Arm[] = []
    for (const token of this.shownTokens) {
      for (const timer of this.model.timersAt.get(token.place) ?? []) {
        const base = `${timer.element.id}@${token.cause}`
        const number = (this.#fired.get(base) ?? 0) + 1
        const due = this.#due(timer, token, number)
        if (due !== undefined) arms.push({ timer, token, due, base, number, key: `${base}#${number}`, certain: this.#certain(token.place) })
      }
    }
    return arms.sort((a, b) => a.due - b.due || (a.key < b.key ? -1 : 1))
  }

  storyAt(at: number, index: number): ReadingState {
    // Walk back to a step whose story is known for the hypothesis we need, then forward again.
    const path: number[] = []
    let need = index
    let from = at
    for (; from >= 0; from--) {
      const step = this.trail[from]
      if (step?.story?.index === need) break
      path.push(need)
      need = step?.step.moves[need]?.from ?? 0
    }
    let state = from < 0 ? this.#initialStory : (this.trail[from]?.story?.state ?? this.#initialStory)
    for (let next = from + 1; next <= at; next++) {
      const step = this.trail[next]
      const chosen = path.pop()
      if (step === undefined || chosen === undefined) continue
      const move = step.step.moves[chosen]
      if (move !== undefined) state = advance(this.model.net, state, move, contextOf(step, next))
      step.story = { index: chosen, state }
    }
    return state
  }

  #next(wanted: (arm: Arm) => boolean): Arm | undefined {
    return this.arms().find((arm) => arm.certain && wanted(arm))
  }

  #due(timer: TimerAt, token: TokenAt, count: number): number | undefined {
    const text = timer.definition.text.startsWith('=') ? this.#evaluate(timer.definition.text) : timer.definition.text
    if (text === undefined) return undefined
    const { zone } = this.model.process
    switch (timer.definition.kind) {
      case 'duration':
        return count > 1 ? undefined : finite(this.model.after(token.since, text))
      case 'date': {
        const date = parseDate(text, zone)
        return count > 1 || !date.ok ? undefined : Math.max(date.value, token.since)
      }
      case 'cycle': {
        const cycle = parseCycle(text, zone)
        if (!cycle.ok) return undefined
        // A cycle with a fixed start may have begun before there was a token to wait for it.
        const begun = cycle.value.startMs === undefined ? 0 : firingsBefore(cycle.value, token.since, zone)
        return cycleDue(cycle.value, token.since, begun + count, zone)
      }
    }
  }

  #evaluate(text: string): string | undefined {
    const { value, known } = compileExpression(text).evaluate({ ...this.variables, now: this.headTime })
    return known && typeof value === 'string' ? value : undefined
  }

  #certain(place: number): boolean {
    return this.belief.hypotheses.every(({ cost, marking }) => cost > 0 || holds(this.model.table.search.shownRest(marking).marking, place))
  }

  /** Decides what can be decided now: choices on known data, and commands whose token has come. */
  #settle(arrival: number): void {
    if (this.model.splitsAt.size === 0 && this.model.commandsAt.size === 0) return
    for (let count = 0; count < MAX_OWN_STEPS; count++) if (!this.#decideOne(arrival)) return
    this.approximate = true
  }

  #decideOne(arrival: number): boolean {
    for (const token of this.shownTokens) {
      if (!this.#certain(token.place)) continue
      const split = this.model.splitsAt.get(token.place)
      if (split !== undefined) {
        const context = { ...this.variables, now: this.headTime }
        const truths = split.options.map((option) => (option.condition === undefined ? 'unknown' : truthOf(option.condition, context)))
        const chosen = truths.includes('unknown') ? undefined : (split.options[truths.indexOf('true')]?.transition ?? split.otherwise)
        if (chosen !== undefined) {
          this.#act('decide', chosen, this.headTime, arrival, token.cause)
          return true
        }
      }
      const command = this.model.commandsAt.get(token.place)
      if (command !== undefined && this.#command(token, command, arrival)) return true
    }
    return false
  }

  /** Answers whether the token went on. */
  #command(token: TokenAt, transition: Transition, arrival: number): boolean {
    const element = transition.element
    const key = `${element}|${token.cause}`
    if (this.decisions.has(key)) return false
    const { mode } = this.model.process
    const moment = Math.max(token.since, this.headTime)
    const base = { element, cause: token.cause, moment, variables: { ...this.variables } }
    const grace = token.cause.startsWith('t:') ? 0 : this.model.graceMs
    const leavesAt = Math.max(moment, arrival) + grace
    if (mode === 'suggest' || (mode === 'manage' && deviationsOf(this).some((deviation) => !deviation.accepted))) {
      const why = mode === 'suggest' ? 'waits for approval' : 'the instance has left its path: a person decides'
      this.decisions.set(key, { ...base, leavesAt, status: 'proposed', note: why })
      return false
    }
    const tooOld = arrival - moment > this.model.effectsMaxAgeMs
    const status = mode === 'observe' ? 'noted' : tooOld ? 'missed' : 'scheduled'
    const note = status === 'missed' ? 'its moment had passed before we learned of it' : undefined
    this.decisions.set(key, { ...base, leavesAt, status, at: this.trail.length, ...(note === undefined ? {} : { note }) })
    this.#act('command', transition, moment, arrival, `c:${element}@${token.cause}`)
    return true
  }

  #commandsBehind(transition: Transition): readonly string[] {
    const found = new Set<string>()
    const seen = new Set<number>()
    const open = [...transition.outputs]
    for (let place = open.pop(); place !== undefined; place = open.pop()) {
      if (seen.has(place)) continue
      seen.add(place)
      for (const index of this.model.net.consumers[place] ?? []) {
        const next = this.model.net.transitions[index]
        if (next?.kind === 'command') found.add(next.element)
        else if (next?.kind === 'silent') open.push(...next.outputs)
      }
    }
    return [...found]
  }

  #act(kind: 'timer' | 'command' | 'decide', transition: Transition, time: number, arrival: number, cause: string): void {
    const step = this.model.table.act(this.belief, transition)
    this.#push({ kind, time, arrival, step, transition, repeated: false, cause, story: undefined })
  }

  #push(step: TrailStep): void {
    this.trail.push(step)
    if (step.step.approximate) this.approximate = true
  }
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

export function causeOf(fact: Fact): string {
  return `e:${fact.source}\u0000${fact.id}`
}

const HOW: Readonly<Record<TrailStep['kind'], VisitHow>> = { event: 'observed', timer: 'timer', command: 'command', decide: 'silent' }

function contextOf(step: TrailStep, index: number): StepContext {
  return { index, time: step.time, cause: step.cause, how: HOW[step.kind], inherits: step.kind === 'decide' }
}
