/** A unit: all entries of one primary key of a model, folded together in event-time order, whatever the order they came in. */
import { commandsOfRun, type CommandView } from './commands.js'
import type { Decision } from './decisions.js'
import { compareFacts, type Fact } from './fact.js'
import type { HeldEvent } from './held.js'
import { Fold, type FoldContext, type Version } from './fold.js'
import type { Run } from './run.js'
import { viewOf, type RunView } from './view.js'

/** What the units of a model need to know of their surroundings; pure. */
export interface UnitContext {
  readonly model: string
  /** The version in force at a moment of event time. */
  versionAt(time: number): Version | undefined
  /** A hash of these parts, as an identity. The same parts give the same identity, for ever. */
  identify(parts: readonly string[]): string
}

export interface InstanceView {
  readonly id: string
  readonly run: number
  readonly version: number
  readonly view: RunView
  readonly commands: readonly CommandView[]
  /** The run as shown, for explanations. */
  readonly shown: Run
}

/** Events of one key beyond this many, the last in event time, are not followed any more: the unit is oversized. */
export const MAX_FACTS = 10_000

export class Unit {
  readonly #context: UnitContext
  readonly #key: string
  readonly #foldContext: FoldContext
  #facts: Fact[] = []
  readonly #positions = new Set<bigint>()
  #fold: Fold
  oversized = false

  constructor(context: UnitContext, key: string) {
    this.#context = context
    this.#key = key
    this.#foldContext = { key, versionAt: (time) => context.versionAt(time), identify: (decision) => this.#idOf(decision) }
    this.#fold = new Fold(this.#foldContext)
  }

  get facts(): readonly Fact[] {
    return this.#facts
  }

  get runs(): readonly Run[] {
    return this.#fold.runs
  }

  /** Events that are kept out of every instance, by the decision of the model. */
  get held(): readonly HeldEvent[] {
    return [...this.#fold.held.values()]
  }

  has(position: bigint): boolean {
    return this.#positions.has(position)
  }

  /** Adds entries in any order. Late ones are folded where they belong: everything after them is folded again. */
  add(facts: readonly Fact[]): void {
    const fresh = facts.filter((fact) => !this.#positions.has(fact.position)).sort(compareFacts)
    if (fresh.length === 0) return
    const room = MAX_FACTS - this.#facts.length
    if (fresh.length > room) this.oversized = true
    const taken = fresh.slice(0, Math.max(room, 0))
    const [first] = taken
    if (first === undefined) return
    for (const fact of taken) this.#positions.add(fact.position)
    const last = this.#facts.at(-1)
    if (last === undefined || compareFacts(last, first) < 0) {
      this.#facts.push(...taken)
      for (const fact of taken) this.#fold.fold(fact, this.#facts)
      return
    }
    this.#facts = [...this.#facts, ...taken].sort(compareFacts)
    this.#fold = new Fold(this.#foldContext)
    for (const fact of this.#facts) this.#fold.fold(fact, this.#facts)
  }

  /** The instances as shown at this moment of the clock. */
  view(clock: number): readonly InstanceView[] {
    const { runs, lefts, settled } = this.#fold
    const shown = runs.map((base) => viewOf(base, clock))
    // What left belongs to the run that decided it; what nobody decided any more to the last one.
    const owners = new Map<string, Run>()
    if (lefts.length > 0) for (const { run } of shown) for (const decision of run.decisions.values()) owners.set(this.#idOf(decision), run)
    return shown.map(({ run, view }, index) => {
      const own = lefts.filter((fact) => (owners.get(fact.command ?? '') ?? shown.at(-1)?.run) === run)
      return { id: this.#runId(run), run: index, version: run.version, view, commands: commandsOfRun(run, own, settled, this.#foldContext.identify), shown: run }
    })
  }

  #runId(run: Run): string {
    return this.#context.identify([this.#context.model, this.#key, run.first.source, run.first.id])
  }

  #idOf(decision: Decision): string {
    return this.#context.identify([this.#context.model, this.#key, decision.element, decision.cause])
  }
}
