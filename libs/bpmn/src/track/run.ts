/**
 * One run: the trail of its steps, in event-time order. Events step the belief; between them our own timers fire, choices on data are decided
 * and commands are given. The trail is the state: everything shown is read off it.
 */
import type { Transition } from '../net/net.js'
import type { Belief, Step, Symbol } from './belief.js'
import type { Calls, TakenCall } from './calls.js'
import type { Cause } from './cause.js'
import type { Chain } from './chain.js'
import { settleDecisions, settleOperations, type Decision, type Identify } from './decisions.js'
import type { Fact } from './fact.js'
import { endedVisitsOf } from './history.js'
import { Items } from './items.js'
import type { Messages } from './messages.js'
import type { Posture } from './posture.js'
import type { TokenAt, Visit } from './reading.js'
import type { Seen } from './seen.js'
import { correct, correctItem, type Acceptance } from './corrections.js'
import { Begin, letGoOfStories, storyAt, type Story } from './story.js'
import { armsOf, fireWanted, mayBeDue, NO_ARMS, type Arm } from './timers.js'
import type { TrackedModel } from './tracked-model.js'
import { trailToArray, type TrailStep } from './trail.js'

const NO_FIRINGS: ReadonlyMap<string, number> = new Map()
const NO_DECISIONS: ReadonlyMap<string, Decision> = new Map()
const NO_OPERATIONS: ReadonlyMap<string, Fact> = new Map()
const NONE_ACCEPTED: readonly Acceptance[] = []
const NO_CALLS: Calls = new Map()
const NO_TAKEN: ReadonlyMap<string, TakenCall> = new Map()
const NO_MESSAGES: Messages = new Map()
const NOTHING_THROWN: readonly string[] = []
const NO_VARIABLES: Readonly<Record<string, unknown>> = {}

/** What a run goes on from: another one that it is a copy of, and the one that it is an item of. */
interface Origin {
  readonly from?: Run
  readonly host?: Run | undefined
}

/** All that it refers to is never changed, only replaced: a copy shares it, but for its items, which are copied with it. */
export class Run {
  readonly model: TrackedModel
  readonly version: number
  /** The run that it is an item of. */
  readonly host: Run | undefined
  /** What is followed item by item in it. */
  readonly items: Items | undefined
  /** The entry that began it. */
  readonly first: Fact
  /** Given by the fold when it is asked for. */
  id: string | undefined = undefined
  /** The last step of the trail. */
  head: TrailStep | undefined
  #begin: Begin | undefined
  #seen: Seen
  /** Firings so far, per element and stay; those before a cycle was armed are passed over. */
  fired: ReadonlyMap<string, number>
  decisions: ReadonlyMap<string, Decision>
  #operations: ReadonlyMap<string, Fact>
  #calls: Calls
  #taken: ReadonlyMap<string, TakenCall>
  /** What was sent and received between its pool and others. */
  messages: Messages
  /** That its own events have set. */
  #own: Readonly<Record<string, unknown>>
  #variables: { readonly around: unknown; readonly own: unknown; readonly all: Readonly<Record<string, unknown>> } | undefined
  #accepted: readonly Acceptance[]
  approximate: boolean
  /** Events that this version does not bind: part of the history, no step. */
  notes: Chain<Fact> | undefined
  #lastArrival: number
  lastEventTime: number
  /** As it stands; emptied when it moves on. */
  #shownTokens: readonly TokenAt[] | undefined
  /** As it stands where `#isArmed`, else as it stood before. */
  #arms = NO_ARMS
  #isArmed = false

  constructor(model: TrackedModel, version: number, first: Fact, { from, host }: Origin = {}) {
    this.model = model
    this.host = host
    this.version = version
    this.first = first
    this.head = from?.head
    this.#begin = from === undefined ? undefined : from.#begin
    this.#seen = from === undefined ? model.seen.empty : from.#seen
    this.fired = from?.fired ?? NO_FIRINGS
    this.decisions = from?.decisions ?? NO_DECISIONS
    this.#operations = from === undefined ? NO_OPERATIONS : from.#operations
    this.#calls = from === undefined ? NO_CALLS : from.#calls
    this.#taken = from === undefined ? NO_TAKEN : from.#taken
    this.messages = from?.messages ?? NO_MESSAGES
    this.#own = from === undefined ? NO_VARIABLES : from.#own
    this.#accepted = from === undefined ? NONE_ACCEPTED : from.#accepted
    this.approximate = from?.approximate ?? false
    this.notes = from?.notes
    this.#lastArrival = from === undefined ? first.appendTime : from.#lastArrival
    this.lastEventTime = from?.lastEventTime ?? first.time
    this.#shownTokens = undefined
    this.items = model.itemsAt.size === 0 ? undefined : new Items(this, (of, first) => new Run(of.model, version, first, { host: this }), from?.items)
  }

  /** For what is shown: the same run, on which deadlines that the clock has passed may fire without touching the base. Of an item with its host's copy. */
  clone(host?: Run): Run {
    return new Run(this.model, this.version, this.first, { from: this, host })
  }

  /** Variables of the instance; of an item, those that its own events have set come first. */
  get variables(): Readonly<Record<string, unknown>> {
    if (this.host === undefined) return this.#own
    const around = this.host.variables
    if (this.#variables?.around !== around || this.#variables.own !== this.#own) this.#variables = { around, own: this.#own, all: { ...around, ...this.#own } }
    return this.#variables.all
  }

  // What an item has in common with all of its instance.

  /** What people did, and what left, by command. */
  get operations(): ReadonlyMap<string, Fact> {
    return this.host?.operations ?? this.#operations
  }

  /** Runs of the processes that it calls, as of the last entry. */
  get calls(): Calls {
    return this.host?.calls ?? this.#calls
  }

  set calls(calls: Calls) {
    this.#calls = calls
  }

  /** Those that its calls have taken, by instance. */
  get taken(): ReadonlyMap<string, TakenCall> {
    return this.host?.taken ?? this.#taken
  }

  /** Deviations that a person has said are normal in this instance. */
  get accepted(): readonly Acceptance[] {
    return this.host?.accepted ?? this.#accepted
  }

  set accepted(accepted: readonly Acceptance[]) {
    this.#accepted = accepted
  }

  /** Greatest append time of its events. */
  get lastArrival(): number {
    return this.host?.lastArrival ?? this.#lastArrival
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
    return this.#begin ??= new Begin(this.model, this.first, this.host !== undefined)
  }

  /** Lets go of what can be told again: what is asked for next goes on from the last step. */
  rest(): void {
    this.#begin = undefined
    letGoOfStories(this.head?.before)
    this.items?.rest()
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
    if (!this.#isArmed) {
      this.#arms = armsOf(this, this.#arms)
      this.#isArmed = true
    }
    return this.#arms
  }

  /** Whether the process could end here, silently. */
  get canEnd(): boolean {
    return this.posture.canEnd
  }

  /** Whether the run can take an event with these labels without any deviation. */
  fits(fact: Fact, labels: readonly string[]): boolean {
    return this.fitsHere(labels) || this.items?.fit(fact, labels) === true
  }

  /** The same outside of items. */
  fitsHere(labels: readonly string[]): boolean {
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
    if (fact.appendTime > this.#lastArrival) this.#lastArrival = fact.appendTime
    if (fact.time > this.lastEventTime) this.lastEventTime = fact.time
    if (fact.patch !== undefined) {
      this.#own = this.#own === NO_VARIABLES ? fact.patch : { ...this.#own, ...fact.patch }
      this.#isArmed = false
    }
    if (labels === undefined) {
      this.notes = { item: fact, before: this.notes }
    } else if (this.items?.take(fact, labels) !== true) {
      this.#read(fact, labels)
    }
    // An event that says nothing of a step may know what a choice has waited for.
    this.settle(fact.appendTime)
  }

  #read(fact: Fact, labels: readonly string[]): void {
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

  /** What is known of its items: that one begins, that none is at work any more. False, and nothing happens, where that cannot be. */
  tell(symbol: Symbol, time: number, arrival: number, cause: Cause): boolean {
    const step = this.model.table.observe(this.belief, symbol, false)
    if (step.moves[0]?.how === 'log') return false
    this.#push({
      before: this.head, index: this.length, kind: 'event', time: Math.max(time, this.headTime), arrival, step, cause,
      fact: undefined, symbol, repeated: false, transition: undefined, storyOf: -1, story: undefined,
    })
    return true
  }

  /** What it is an item of was interrupted. */
  cancel({ headTime, head }: Run): void {
    const time = Math.max(headTime, this.headTime)
    const step = this.model.table.place([], true)
    this.#push({
      before: this.head, index: this.length, kind: 'call', time, arrival: head?.arrival ?? time, step, cause: head?.cause ?? '',
      fact: undefined, symbol: undefined, repeated: false, transition: undefined, storyOf: -1, story: undefined,
    })
  }

  /** Whether every token is there that it takes. */
  isEnabled(transition: Transition): boolean {
    return this.belief.hypotheses.some(({ cost, marking }) => cost === 0 && this.model.table.search.enable(marking, transition, 0).length > 0)
  }

  /** Elements at which its cheapest explanation has thrown something that nothing in it catches, from this step of its trail on. */
  thrownSince(index: number): readonly string[] {
    if (this.host === undefined) return NOTHING_THROWN
    const thrown: string[] = []
    let hypothesis = 0
    for (let step = this.head; step !== undefined && step.index >= index; step = step.before) {
      const move = step.step.moves[hypothesis]
      for (const fired of move?.fired ?? []) if (this.model.net.transitions[fired]?.throws === true) thrown.unshift(this.model.net.transitions[fired]?.element ?? '')
      hypothesis = move?.from ?? 0
    }
    return thrown
  }

  /** Elements whose events are missing where it is taken to have ended. */
  undone(): readonly string[] {
    return this.model.undoneAt(this.belief.hypotheses[0]?.marking ?? '')
  }

  /** A person approved or rejected a proposed command, or it left. */
  operate(fact: Fact): void {
    this.fireDue(fact.time)
    if (fact.command === undefined || (fact.kind === 'left' && this.operations.has(fact.command))) return
    this.#operations = new Map(this.#operations).set(fact.command, fact)
  }

  /**
   * What a person says of this instance. What has no effect is part of its history all the same.
   * @param item the one meant, by its name in this run
   */
  correct(fact: Fact, item: string | undefined): void {
    this.fireDue(fact.time)
    const before = this.head
    if (!correctItem(this, fact, item)) {
      // Who names an item that there is not does not mean the whole.
      if (item === undefined) correct(this, fact)
      if (this.head === before) this.notes = { item: fact, before: this.notes }
    }
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
    this.items?.settle(arrival)
  }

  /** What operations say of proposed commands. */
  settleOperations(fold: Identify): void {
    settleOperations(this, fold)
  }

  /** Fires what is due before this moment: an event exactly at the due time comes first. */
  fireDue(before: number): void {
    if (mayBeDue(this, before)) fireWanted(this, (arm) => arm.due < before, (arm) => Math.max(arm.due, this.lastArrival))
  }

  /** Fires what the clock has passed; on a clone, since this is shown and never folded upon. Answers whether anything fired. */
  fireShown(clock: number): boolean {
    return fireWanted(this, (arm, of) => of.actsAt(arm) <= clock, (arm, of) => Math.max(of.actsAt(arm), this.lastArrival))
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
    if (this.host !== undefined) this.host.take(call)
    else this.#taken = new Map(this.#taken).set(call.instance, call)
  }

  /** Records that a timer has fired this often. */
  count(stay: string, times: number): void {
    this.fired = new Map(this.fired).set(stay, times)
    this.#isArmed = false
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
    this.#isArmed = false
    if (step.step.approximate) this.approximate = true
    this.items?.noteLeft(step.step.moves[0]?.how === 'placed')
  }
}

/** A run, and all items that were ever followed in it. */
export function allRuns(run: Run): readonly Run[] {
  return run.items === undefined ? [run] : [run, ...run.items.all.flatMap((item) => allRuns(item.run))]
}

/** A run, and the items that are at work in it. */
export function openRuns(run: Run): readonly Run[] {
  return run.items === undefined ? [run] : [run, ...run.items.open.flatMap((item) => openRuns(item.run))]
}
