/**
 * One run: the trail of its steps, in event-time order. Events step the belief; between them our own timers fire, choices on data are decided
 * and commands are given. The trail is the state: everything shown is read off it.
 */
import type { Transition } from '../net/net.js'
import type { Belief, Step, Symbol } from './belief.js'
import type { Calls, TakenCall } from './calls.js'
import type { Cause } from './cause.js'
import type { Chain } from './chain.js'
import { settleDecisions, settleOperations, type Decision } from './decisions.js'
import type { Fact } from './fact.js'
import { endedVisitsOf } from './history.js'
import type { Messages } from './messages.js'
import type { Posture } from './posture.js'
import type { TokenAt, Visit } from './reading.js'
import type { Seen } from './seen.js'
import { correct, type Acceptance } from './corrections.js'
import { Begin, storyAt, type Story } from './story.js'
import { armsOf, fireWanted, type Arm } from './timers.js'
import type { TrackedModel } from './tracked-model.js'
import { trailToArray, type TrailStep } from './trail.js'

const NO_FIRINGS: ReadonlyMap<string, number> = new Map()
const NO_DECISIONS: ReadonlyMap<string, Decision> = new Map()
const NO_OPERATIONS: ReadonlyMap<string, Fact> = new Map()
const NONE_ACCEPTED: readonly Acceptance[] = []
const NO_CALLS: Calls = new Map()
const NO_TAKEN: ReadonlyMap<string, TakenCall> = new Map()
const NO_MESSAGES: Messages = new Map()
const NO_VARIABLES: Readonly<Record<string, unknown>> = {}

/** All that it refers to is never changed, only replaced: a copy shares it. */
export class Run {
  readonly model: TrackedModel
  readonly version: number
  /** The entry that began it. */
  readonly first: Fact
  /** The last step of the trail. */
  head: TrailStep | undefined
  #begin: Begin | undefined
  #seen: Seen
  /** Firings so far, per element and stay; those before a cycle was armed are passed over. */
  fired: ReadonlyMap<string, number>
  decisions: ReadonlyMap<string, Decision>
  /** What people did, and what left, by command. */
  operations: ReadonlyMap<string, Fact>
  /** Runs of the processes that it calls, as of the last entry; and those that its calls have taken, by instance. */
  calls: Calls
  taken: ReadonlyMap<string, TakenCall>
  /** What was sent and received between its pool and others. */
  messages: Messages
  variables: Readonly<Record<string, unknown>>
  /** Deviations that a person has said are normal in this instance. */
  accepted: readonly Acceptance[]
  approximate: boolean
  /** Events that this version does not bind: part of the history, no step. */
  notes: Chain<Fact> | undefined
  /** Greatest append time of its events. */
  lastArrival: number
  lastEventTime: number
  /** As it stands; emptied when it moves on. */
  #shownTokens: readonly TokenAt[] | undefined
  #arms: readonly Arm[] | undefined

  constructor(model: TrackedModel, version: number, first: Fact, from?: Run) {
    this.model = model
    this.version = version
    this.first = first
    this.head = from?.head
    this.#begin = from === undefined ? undefined : from.#begin
    this.#seen = from === undefined ? model.seen.empty : from.#seen
    this.fired = from?.fired ?? NO_FIRINGS
    this.decisions = from?.decisions ?? NO_DECISIONS
    this.operations = from?.operations ?? NO_OPERATIONS
    this.calls = from?.calls ?? NO_CALLS
    this.taken = from?.taken ?? NO_TAKEN
    this.messages = from?.messages ?? NO_MESSAGES
    this.variables = from?.variables ?? NO_VARIABLES
    this.accepted = from?.accepted ?? NONE_ACCEPTED
    this.approximate = from?.approximate ?? false
    this.notes = from?.notes
    this.lastArrival = from?.lastArrival ?? first.appendTime
    this.lastEventTime = from?.lastEventTime ?? first.time
    this.#shownTokens = undefined
    this.#arms = undefined
  }

  /** For what is shown: the same run, on which deadlines that the clock has passed may fire without touching the base. */
  clone(): Run {
    return new Run(this.model, this.version, this.first, this)
  }

  /** Steps so far. */
  get length(): number {
    return this.head === undefined ? 0 : this.head.index + 1
  }

  /** All steps, oldest first. */
  get trail(): readonly TrailStep[] {
    return trailToArray(this.head)
  }

  get belief(): Belief {
    return this.head?.step.next ?? this.model.initialBelief
  }

  /** What it has in common with all that believe the same. */
  get posture(): Posture {
    return this.model.postures.of(this.belief)
  }

  get headTime(): number {
    return this.head?.time ?? this.first.time
  }

  /** Before anything was seen. */
  get begin(): Begin {
    return this.#begin ??= new Begin(this.model, this.first)
  }

  /** The story of the cheapest explanation. */
  get story(): Story {
    return storyAt(this.model, this.begin, this.head, 0)
  }

  /** Its stays that ended, in order. */
  get endedVisits(): readonly Visit[] {
    return endedVisitsOf(this.model, this.begin, this.head)
  }

  /** Tokens of the cheapest explanation, where they are shown. */
  get shownTokens(): readonly TokenAt[] {
    return this.#shownTokens ??= this.model.reader.moveShown(this.story.tokens, this.posture.rest)
  }

  /** Timers that have not fired, the next one first. */
  get arms(): readonly Arm[] {
    return this.#arms ??= armsOf(this)
  }

  /** Whether the process could end here, silently. */
  get canEnd(): boolean {
    return this.posture.canEnd
  }

  /** Whether the run can take these labels without any deviation. */
  fits(labels: readonly string[]): boolean {
    const { table } = this.model
    const symbol = table.symbol(labels)
    return this.belief.hypotheses.some((hypothesis) => hypothesis.cost === 0
      && symbol.transitions.some((transition) => table.search.enable(hypothesis.marking, transition, 0).length > 0))
  }

  /** Its last events that fit nowhere and are not older than this: they may belong to the run that comes next. */
  straysSince(time: number): readonly Fact[] {
    const strays: Fact[] = []
    let hypothesis = 0
    for (let step = this.head; step !== undefined && step.time >= time; step = step.before) {
      const move = step.step.moves[hypothesis]
      if (step.fact !== undefined && move?.how === 'log') strays.push(step.fact)
      hypothesis = move?.from ?? 0
    }
    return strays.reverse()
  }

  /** Folds one event, by what it may mean (undefined: nothing in this version; none: it has no place here); deadlines due before it fire first. */
  observe(fact: Fact, labels: readonly string[] | undefined): void {
    this.fireDue(fact.time)
    if (fact.appendTime > this.lastArrival) this.lastArrival = fact.appendTime
    if (fact.time > this.lastEventTime) this.lastEventTime = fact.time
    if (fact.patch !== undefined) {
      this.variables = { ...this.variables, ...fact.patch }
      this.#arms = undefined
    }
    if (labels === undefined) {
      this.notes = { item: fact, before: this.notes }
    } else {
      const symbol = this.model.table.symbol(labels)
      const seen = this.#seen.with(symbol.id || fact.type)
      const repeated = seen === this.#seen
      this.#seen = seen
      const step = this.model.table.observe(this.belief, symbol, repeated)
      this.#push({
        before: this.head, index: this.length, kind: 'event', time: Math.max(fact.time, this.headTime), arrival: fact.appendTime, step, cause: fact,
        fact, symbol, repeated, transition: undefined, storyOf: -1, story: undefined,
      })
    }
    // An event that says nothing of a step may know what a choice has waited for.
    this.settle(fact.appendTime)
  }

  /** A person approved or rejected a proposed command, or it left. */
  operate(fact: Fact): void {
    this.fireDue(fact.time)
    if (fact.command === undefined || (fact.kind === 'left' && this.operations.has(fact.command))) return
    this.operations = new Map(this.operations).set(fact.command, fact)
  }

  /** What a person says of this instance. What has no effect is part of its history all the same. */
  correct(fact: Fact): void {
    this.fireDue(fact.time)
    const before = this.head
    correct(this, fact)
    if (this.head === before) this.notes = { item: fact, before: this.notes }
    this.settle(fact.appendTime)
  }

  /** A step that a person says was done. False where it cannot be reached from here. */
  assert(fact: Fact, label: string): boolean {
    const symbol = this.model.table.symbol([label])
    const step = this.model.table.assert(this.belief, symbol)
    if (step === undefined) return false
    this.#seen = this.#seen.with(symbol.id)
    this.#pushSaid(fact, step, symbol)
    return true
  }

  /** Puts the tokens where a person says. */
  place(fact: Fact, places: readonly number[], terminates: boolean): void {
    this.#pushSaid(fact, this.model.table.place(places, terminates), undefined)
  }

  /** Decides what can be decided now: choices on known data, and commands whose token has come. */
  settle(arrival: number): void {
    settleDecisions(this, arrival)
  }

  /** What operations say of proposed commands. */
  settleOperations(identify: (decision: Decision) => string): void {
    settleOperations(this, identify)
  }

  /** Fires what is due before this moment: an event exactly at the due time comes first. */
  fireDue(before: number): void {
    if (this.model.timersAt.size > 0) fireWanted(this, (arm) => arm.due < before, (arm) => Math.max(arm.due, this.lastArrival))
  }

  /** Fires what the clock has passed; on a clone, since this is shown and never folded upon. Answers whether anything fired. */
  fireShown(clock: number): boolean {
    return fireWanted(this, (arm) => this.actsAt(arm) <= clock, (arm) => Math.max(this.actsAt(arm), this.lastArrival))
  }

  /** When an arm is acted on by the clock: late enough for an event that would have stopped it to come. */
  actsAt(arm: Arm): number {
    return this.settlesAt(Math.max(arm.due, this.headTime))
  }

  settlesAt(due: number): number {
    return Math.min(Math.max(due, this.lastArrival) + this.model.graceMs, due + this.model.maxGraceMs)
  }

  /** A timer, command or choice of our own. */
  act(kind: 'timer' | 'command' | 'call' | 'decide', transition: Transition, time: number, arrival: number, cause: Cause): void {
    const step = this.model.table.act(this.belief, transition)
    this.#push({
      before: this.head, index: this.length, kind, time, arrival, step, cause, transition, fact: undefined, symbol: undefined, repeated: false, storyOf: -1, story: undefined,
    })
  }

  /** Records a command under its element and cause. */
  decide(key: string, decision: Decision): void {
    this.decisions = new Map(this.decisions).set(key, decision)
  }

  /** Records which instance a call has taken. */
  take(call: TakenCall): void {
    this.taken = new Map(this.taken).set(call.instance, call)
  }

  /** Records that a timer has fired this often. */
  count(stay: string, times: number): void {
    this.fired = new Map(this.fired).set(stay, times)
    this.#arms = undefined
  }

  #pushSaid(fact: Fact, step: Step, symbol: Symbol | undefined): void {
    this.#push({
      before: this.head, index: this.length, kind: 'event', time: Math.max(fact.time, this.headTime), arrival: fact.appendTime, step, cause: fact,
      fact, symbol, repeated: false, transition: undefined, story: undefined, storyOf: -1,
    })
  }

  #push(step: TrailStep): void {
    this.head = step
    this.#shownTokens = undefined
    this.#arms = undefined
    if (step.step.approximate) this.approximate = true
  }
}
