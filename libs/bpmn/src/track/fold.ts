/** The entries of a unit folded in order: its runs are cut here. A start opens the next one when the present one can end. */
import { isCorrection, patchOf } from './corrections.js'
import { CalledFolds, saysOfCalled } from './calls.js'
import type { Decision } from './decisions.js'
import type { Fact } from './fact.js'
import { holdBack, type HeldEvent } from './held.js'
import { messageLabels, tellMessages } from './messages.js'
import { Run } from './run.js'
import type { TrackedModel } from './tracked-model.js'

/** A model version, as it is known to the fold. */
export interface Version {
  readonly version: number
  readonly model: TrackedModel
}

/** What a fold asks of its surroundings; pure. */
export interface FoldContext {
  /** The version in force at a moment of event time. */
  versionAt(time: number): Version | undefined
  /** A hash of these parts, as an identity. The same parts give the same identity, for ever. */
  identify(parts: readonly string[]): string
  /** What is known of the processes that the model calls; absent: none is followed. */
  readonly called?: CalledModels
}

/** Processes that are called, by id. */
export interface CalledModels {
  /** Whether it was followed when this entry came. */
  follows(model: string, position: bigint): boolean
  /** The version in force at a moment of event time. */
  versionAt(model: string, time: number): Version | undefined
}

const NOTHING_SETTLED: ReadonlyMap<string, Fact> = new Map()
const NO_RUNS: readonly Run[] = []
const NO_FACTS: readonly Fact[] = []
const NOTHING_HELD: ReadonlyMap<bigint, HeldEvent> = new Map()

/** Lists of runs and of what left are replaced, not added to: nearly all have one item or none, and an array that grows has room for seventeen. */
export class Fold {
  readonly #context: FoldContext
  readonly #model: string
  readonly #key: string
  /** Made when something is called. */
  #called: CalledFolds | undefined
  runs: readonly Run[] = NO_RUNS
  /** Commands that left. */
  lefts: readonly Fact[] = NO_FACTS
  /** What became of them, by command. */
  settled: ReadonlyMap<string, Fact> = NOTHING_SETTLED
  /** Events before the first that is bound in the version of its time. */
  #before: Fact[] | undefined = undefined
  /** Those of them that are bound, and that the decision of the model keeps out; by position. */
  #held: Map<bigint, HeldEvent> | undefined

  constructor(context: FoldContext, model: string, key: string) {
    this.#context = context
    this.#model = model
    this.#key = key
  }

  get #calledFolds(): CalledFolds | undefined {
    const { called } = this.#context
    return called === undefined ? undefined : this.#called ??= new CalledFolds(this.#context, called, (other, model) => new Fold(other, model, this.#key))
  }

  get held(): ReadonlyMap<bigint, HeldEvent> {
    return this.#held ?? NOTHING_HELD
  }

  runId(index: number): string {
    const run = this.runs[index]
    if (run === undefined) throw new Error(`there is no run ${index}`)
    return run.id ??= this.#context.identify([this.#model, this.#key, run.first.source, run.first.id])
  }

  /** Lets go of what can be told again. */
  rest(): void {
    for (const run of this.runs) run.rest()
    this.#called?.rest()
  }

  /** The key of the command that a decision gives. */
  commandId(decision: Decision): string {
    return this.#context.identify([this.#model, this.#key, decision.element, decision.cause])
  }

  /** @param all every entry of the unit in order, this one among them */
  fold(fact: Fact, all: readonly Fact[]): void {
    if (fact.kind === 'event') return this.#event(fact, all)
    if (isCorrection(fact)) return this.#correct(fact)
    if (fact.kind === 'left') this.lefts = this.lefts.concat(fact)
    if (fact.command !== undefined && fact.kind === 'settled') this.settled = new Map(this.settled).set(fact.command, fact)
    // Sent again under the same key: what became of the attempts before counts no more.
    if (fact.command !== undefined && fact.kind === 'operation' && fact.outcome === 'retried') this.settled = new Map([...this.settled].filter(([command]) => command !== fact.command))
    const concerned = fact.kind === 'operation' ? this.runs : this.runs.slice(-1)
    for (const run of concerned) this.#apply(run, fact)
  }

  /** The instance that is meant, else the last one: it may have another id since a late event came. */
  #correct(fact: Fact): void {
    const { instance, item } = patchOf(fact)
    const run = this.runs.find((_, index) => this.runId(index) === instance) ?? this.runs.at(-1)
    run?.correct(fact, item)
  }

  #event(fact: Fact, all: readonly Fact[]): void {
    if (saysOfCalled(fact)) this.#calledFolds?.observe(fact)
    const inForce = this.#context.versionAt(fact.time)
    const next = inForce === undefined ? undefined : fact.labels[inForce.version]
    const present = this.runs.at(-1)
    if (present === undefined) {
      if (inForce !== undefined && next !== undefined && next.length > 0 && this.#admits(inForce.model, fact, next)) this.#open(inForce, [...this.#joining(inForce.model, fact, next), fact])
      else if (this.#before === undefined) this.#before = [fact]
      else this.#before.push(fact)
      return
    }
    if (inForce === undefined || next === undefined || !this.#opensNext(present, fact, inForce.model, next)) return this.#apply(present, fact)
    const early = present.straysSince(fact.time - inForce.model.toleranceMs).filter((stray) => (stray.labels[inForce.version] ?? []).length > 0)
    if (early.length > 0) this.runs = this.runs.slice(0, -1).concat(this.#without(present, early, fact, all))
    this.#open(inForce, [...early, fact])
  }

  #admits(model: TrackedModel, fact: Fact, labels: readonly string[]): boolean {
    const held = holdBack(model, this.#key, fact, labels, this.held)
    if (held !== undefined) (this.#held ??= new Map()).set(fact.position, held)
    return held === undefined
  }

  /** What came before the first event of an instance is its history; what was held joins where it is so close to its start that only clocks differ. */
  #joining(model: TrackedModel, fact: Fact, labels: readonly string[]): readonly Fact[] {
    if (this.#before === undefined) return NO_FACTS
    const staysOut = ({ position, time }: Fact) => this.held.has(position) && !(model.canStart(labels) && time >= fact.time - model.toleranceMs)
    const joining = this.#before.filter((earlier) => !staysOut(earlier))
    this.#before = this.#before.filter(staysOut)
    for (const { position } of joining) this.#held?.delete(position)
    return joining
  }

  /** The first of these that is bound begins it; what came before is part of its history. */
  #open({ model, version }: Version, facts: readonly Fact[]): void {
    const first = facts.find((fact) => (fact.labels[version] ?? []).length > 0)
    if (first === undefined) return
    const run = new Run(model, version, first)
    this.runs = this.runs.concat(run)
    for (const fact of facts) this.#apply(run, fact)
  }

  /** The run again, but for some of its events: a start has shown that they belong to the next one, whose clock runs a little ahead. */
  #without(run: Run, strays: readonly Fact[], upTo: Fact, all: readonly Fact[]): readonly Run[] {
    if (strays.includes(run.first)) return []
    const again = new Run(run.model, run.version, run.first)
    const from = this.runs.length === 1 ? 0 : all.indexOf(run.first)
    for (const fact of all.slice(from, all.indexOf(upTo))) if (!strays.includes(fact)) this.#apply(again, fact)
    again.fireDue(upTo.time)
    return [again]
  }

  #apply(run: Run, fact: Fact): void {
    if (run.model.calledModels.size > 0) run.calls = this.#calledFolds?.at(run.model.calledModels, fact) ?? run.calls
    const said = fact.kind === 'event' && run.model.process.messages !== undefined ? fact.labels[messageLabels(run.version)] : undefined
    if (said !== undefined) run.messages = tellMessages(run.messages, said, fact, run.model.toleranceMs)
    if (fact.kind === 'event') run.observe(fact, fact.labels[run.version])
    else if (fact.kind === 'settled') run.fireDue(fact.time)
    else run.operate(fact)
    run.settleOperations(this)
  }

  #opensNext(present: Run, fact: Fact, model: TrackedModel, next: readonly string[]): boolean {
    if (next.length === 0 || !model.canStart(next)) return false
    present.fireDue(fact.time)
    if (!present.canEnd) return false
    const labels = fact.labels[present.version] ?? []
    return labels.length === 0 || !present.fits(fact, labels)
  }
}
