/**
 * A unit: all entries of one primary key of a model, folded together in event-time order, whatever the order they came in. What follows from the
 * entries can be put away while nothing happens; it is folded again when it is asked for.
 */
import type { TakenCall } from './calls.js'
import { commandsOfRun, type CommandView } from './commands.js'
import { withoutSetAside } from './corrections.js'
import { compareFacts, type Fact } from './fact.js'
import { Fold, type FoldContext } from './fold.js'
import type { HeldEvent } from './held.js'
import type { FactPacker, PackedFacts } from './packed-facts.js'
import { allRuns, type Run } from './run.js'
import { shownAt, viewOf, type RunView } from './view.js'

/** What the units of a model need to know of their surroundings; pure. */
export interface UnitContext extends FoldContext {
  readonly model: string
}

export interface InstanceView {
  readonly id: string
  readonly run: number
  readonly version: number
  readonly view: RunView
  readonly commands: readonly CommandView[]
  /** Instances of the processes that it calls. */
  readonly calls: readonly TakenCall[]
  /** The run as shown, for explanations. */
  readonly shown: Run
}

/** Events of one key beyond this many, the last ones in event time, are not followed: the unit is oversized, and its last instance approximate. */
export const MAX_FACTS = 10_000

const NO_CALLS: readonly TakenCall[] = []
const NO_LEFTS: readonly Fact[] = []
const nothingLeft = () => NO_LEFTS

const NOTHING_HELD: readonly HeldEvent[] = []

/** Before all positions. */
const NEVER = -1n

export class Unit {
  readonly #context: UnitContext
  readonly #key: string
  /** In the order of the fold; packed while it sleeps. */
  #facts: Fact[] | PackedFacts = []
  /** What follows from them, as long as nothing was put away. */
  #fold: Fold | undefined
  /** Events among them. */
  #events = 0
  /** Of their positions. */
  #greatest = NEVER
  #oversized = false
  /** Somebody has set an event aside: then what is folded is not all that there is. */
  #setsAside = false

  constructor(context: UnitContext, key: string) {
    this.#context = context
    this.#key = key
  }

  /** Entries in the order of the fold. */
  get facts(): readonly Fact[] {
    return this.#awake()
  }

  /** How many entries it has. */
  get size(): number {
    return this.#awake().length
  }

  get sleeps(): boolean {
    return !Array.isArray(this.#facts)
  }

  get runs(): readonly Run[] {
    return this.#folded().runs
  }

  /** It had more events than are followed. */
  get oversized(): boolean {
    return this.#oversized
  }

  /** Events that are kept out of every instance, by the decision of the model. */
  get held(): readonly HeldEvent[] {
    const { held } = this.#folded()
    return held.size === 0 ? NOTHING_HELD : [...held.values()]
  }

  has(position: bigint): boolean {
    const facts = this.#awake()
    return position <= this.#greatest && facts.some((fact) => fact.position === position)
  }

  /** Adds entries in any order; those that it has change nothing. Late ones are folded where they belong: everything after them is folded again. */
  add(facts: readonly Fact[]): void {
    const known = this.#awake()
    const fold = this.#folded()
    const sorted = areInOrder(facts) ? facts : [...facts].sort(compareFacts)
    // What is set aside together with these is never folded: it may be what cannot be.
    this.#setsAside ||= facts.some(({ kind, type }) => kind === 'operation' && type === 'setAside')
    let late: Fact[] | undefined
    for (const fact of sorted) {
      const last = known.at(-1)
      if (last !== undefined && compareFacts(last, fact) >= 0) {
        if (this.has(fact.position)) continue
        late ??= []
        late.push(fact)
      } else if (this.#takes(fact)) {
        known.push(fact)
        if (late === undefined && !this.#setsAside) fold.fold(fact, known)
      }
    }
    if (late !== undefined) this.#addLate(known, late)
    else if (this.#setsAside) this.#fold = undefined
  }

  /** The instances as shown at this moment of the clock. */
  view(clock: number): readonly InstanceView[] {
    const fold = this.#folded()
    const { runs, lefts } = fold
    const last = runs.length - 1
    const shown = runs.map((base) => shownAt(base, clock))
    const leftOf = lefts.length === 0 ? nothingLeft : leftBy(shown, fold)
    return shown.map((run, index): InstanceView => ({
      id: fold.runId(index), run: index, version: run.version, view: viewOf(run, clock, this.#oversized && index === last), commands: commandsOfRun(run, leftOf(run), fold),
      calls: run.taken.size === 0 ? NO_CALLS : [...run.taken.values()], shown: run,
    }))
  }

  /** Lets go of what can be told again: what it is added to next, and its view, go on from its last step. */
  rest(): void {
    this.#fold?.rest()
  }

  /** Puts away all but the entries, and packs those: some tens of bytes each. It is as before when it is next asked for anything. */
  sleep(packer: FactPacker): void {
    if (Array.isArray(this.#facts)) this.#facts = packer.pack(this.#facts)
    this.#fold = undefined
    this.#greatest = NEVER
  }

  #awake(): Fact[] {
    if (!Array.isArray(this.#facts)) {
      this.#facts = this.#facts.unpack()
      for (const { position } of this.#facts) if (position > this.#greatest) this.#greatest = position
    }
    return this.#facts
  }

  #folded(): Fold {
    if (this.#fold !== undefined) return this.#fold
    const facts = this.#setsAside ? withoutSetAside(this.#awake()) : this.#awake()
    const fold = new Fold(this.#context, this.#context.model, this.#key)
    for (const fact of facts) fold.fold(fact, facts)
    this.#fold = fold
    return fold
  }

  /** What we and people did is always taken: there is no more of it than we gave rise to. */
  #takes(fact: Fact): boolean {
    if (fact.kind === 'event' && this.#events >= MAX_FACTS) {
      this.#oversized = true
      return false
    }
    if (fact.kind === 'event') this.#events++
    else if (fact.type === 'setAside') this.#setsAside = true
    if (fact.position > this.#greatest) this.#greatest = fact.position
    return true
  }

  #addLate(known: Fact[], late: readonly Fact[]): void {
    const all = [...known, ...late].sort(compareFacts).filter((fact, index, sorted) => fact.position !== sorted[index - 1]?.position)
    // The first in event time stay, whatever the order they came in.
    this.#events = 0
    this.#facts = all.filter((fact) => this.#takes(fact))
    this.#fold = undefined
  }
}

function areInOrder(facts: readonly Fact[]): boolean {
  for (let index = 1; index < facts.length; index++) if (compareFacts(facts[index - 1] as Fact, facts[index] as Fact) > 0) return false
  return true
}

/** What left belongs to the run that decided it; what nobody decided any more to the last one. */
function leftBy(runs: readonly Run[], fold: Fold): (run: Run) => readonly Fact[] {
  const owners = new Map<string, Run>()
  for (const run of runs) for (const each of allRuns(run)) for (const decision of each.decisions.values()) owners.set(fold.commandId(decision), run)
  return (run) => fold.lefts.filter((fact) => (owners.get(fact.command ?? '') ?? runs.at(-1)) === run)
}
