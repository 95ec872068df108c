/** A model version made ready for following: its net, its belief table, and what waits for time, data or us at each place. */
import type { Element, ProcessModel } from '../model.js'
import { Admission } from '../decide/admission.js'
import { compileNet } from '../net/compile.js'
import { divide } from '../net/item-scopes.js'
import { labelOf, partsOf, type Net, type Transition } from '../net/net.js'
import { addDuration, durationMs } from '../time/duration.js'
import { undoingRulesOf, type UndoingRules } from './compensation-order.js'
import { BeliefTable, type Belief, type Move } from './belief.js'
import { TRACKING } from './costs.js'
import { TrackedItems } from './tracked-items.js'
import { Layouts } from './layout.js'
import { Postures } from './posture.js'
import { Reader } from './reading.js'
import { SeenTable } from './seen.js'
import { repetitionsOf, type RepetitionAt } from './repetitions.js'
import { runawaysOf, type Runaways } from './suspension.js'
import { splitsOf, type SplitAt } from './splits.js'
import { callsOf, commandsOf, conditionsOf, patienceOf, timersOf, type CallAt, type ConditionAt, type PatienceAt, type TimerAt } from './waits.js'

/** Answers about markings that are kept; they can be worked out again. */
const MAX_REMEMBERED = 10_000

export class TrackedModel {
  readonly process: ProcessModel
  /** Of what is followed as one; what is followed item by item has nets of its own. */
  readonly net: Net
  /** What is followed item by item, by its element. */
  readonly itemsAt: ReadonlyMap<string, TrackedItems>
  readonly #itemsAround: ReadonlyMap<string, TrackedItems>
  readonly table: BeliefTable
  readonly reader: Reader
  readonly layouts: Layouts
  readonly seen = new SeenTable()
  readonly postures: Postures
  readonly initialBelief: Belief
  /** What passes by itself before anything was seen. */
  readonly initialMove: Move
  readonly elements: ReadonlyMap<string, Element>
  readonly timersAt: ReadonlyMap<number, readonly TimerAt[]>
  readonly splitsAt: ReadonlyMap<number, SplitAt>
  readonly repetitionsAt: ReadonlyMap<number, RepetitionAt>
  readonly conditionsAt: ReadonlyMap<number, readonly ConditionAt[]>
  readonly callsAt: ReadonlyMap<number, CallAt>
  /** Ids of the processes that it calls. */
  readonly calledModels: ReadonlySet<string>
  /** Something here is decided by us, by data or by what is called. */
  readonly decides: boolean
  /** The same in items, or in items of items. */
  readonly decidesInItems: boolean
  /** Some timer, in an item or outside, is ours to fire. */
  readonly hasTimers: boolean
  readonly commandsAt: ReadonlyMap<number, Transition>
  readonly patienceAt: ReadonlyMap<number, PatienceAt>
  /** In which order handlers undo. */
  readonly undoing: UndoingRules
  /** Some ends are marked as not wanted. */
  readonly hasUnwanted: boolean
  /** Absent: an event without its start begins an instance. */
  readonly admission: Admission | undefined
  /** Expressions whose cost depends on the data. */
  readonly runaways: Runaways
  readonly toleranceMs: number
  readonly graceMs: number
  readonly maxGraceMs: number
  readonly completionMs: number
  readonly effectsMaxAgeMs: number
  readonly #startable = new Map<string, boolean>()
  readonly #endable = new Map<string, boolean>()
  readonly #dead = new Map<string, boolean>()

  constructor(process: ProcessModel) {
    this.process = process
    const { outer, scopes } = divide(process)
    this.net = compileNet(outer)
    this.table = new BeliefTable(this.net, TRACKING)
    this.reader = new Reader(this.net)
    this.layouts = new Layouts(this.reader)
    this.postures = new Postures(this)
    this.initialBelief = this.table.initial()
    this.initialMove = { how: 'idle', from: 0, fired: this.table.initialWay().fired, main: -1 }
    this.elements = new Map([...process.elements, ...outer.elements].map((element) => [element.id, element]))
    this.hasUnwanted = process.elements.some((element) => element.unwanted === true)
    this.toleranceMs = durationMs(process.tolerance)
    this.graceMs = durationMs(process.grace)
    this.maxGraceMs = Math.max(durationMs(process.maxGrace), this.graceMs)
    this.completionMs = process.completion === undefined ? 0 : durationMs(process.completion)
    this.effectsMaxAgeMs = durationMs(process.effectsMaxAge)
    this.timersAt = timersOf(this.net, this.elements)
    this.splitsAt = splitsOf(this.net, this.elements)
    this.repetitionsAt = repetitionsOf(this.net, this.elements)
    this.conditionsAt = conditionsOf(this.net, this.elements)
    this.callsAt = callsOf(this.net, this.elements)
    this.commandsAt = commandsOf(this.net)
    this.itemsAt = new Map(scopes.map((scope) => [scope.element.id, new TrackedItems(this, scope, new TrackedModel(scope.process))]))
    this.#itemsAround = new Map([...this.itemsAt.values()].flatMap((items) => [...items.members].map((member) => [member, items] as const)))
    const inItems = [...this.itemsAt.values()].map(({ model }) => model)
    this.calledModels = new Set([...[...this.callsAt.values()].map(({ model }) => model), ...inItems.flatMap(({ calledModels }) => [...calledModels])])
    this.decidesInItems = inItems.some((model) => model.decides || model.decidesInItems)
    this.hasTimers = this.timersAt.size > 0 || inItems.some((model) => model.hasTimers)
    this.decides = this.splitsAt.size + this.commandsAt.size + this.conditionsAt.size + this.callsAt.size + this.repetitionsAt.size > 0
    this.patienceAt = patienceOf(this.net, this.elements)
    this.runaways = runawaysOf(outer)
    this.undoing = undoingRulesOf(process)
    this.admission = process.admission === undefined ? undefined : new Admission(process.admission)
  }

  /** Whether an instance may begin with these labels, without any deviation. */
  canStart(labels: readonly string[]): boolean {
    const symbol = this.table.symbol(this.#toldAs(labels))
    const known = this.#startable.get(symbol.id)
    if (known !== undefined) return known
    const [initial] = this.initialBelief.hypotheses
    const can = initial !== undefined && symbol.transitions.some((transition) => !this.#accompanies(transition) && this.table.search.enable(initial.marking, transition, 0).length > 0)
    this.#startable.set(symbol.id, can)
    return can
  }

  /** An event that may begin an item says that one begins. */
  #toldAs(labels: readonly string[]): readonly string[] {
    if (this.itemsAt.size === 0) return labels
    return labels.flatMap((label) => {
      const items = this.itemsAround(partsOf(label).element)
      return items === undefined ? [label] : items.model.canStart([label]) ? [labelOf(items.id, 'start')] : []
    })
  }

  /** What is followed item by item around an element; undefined: it is followed here. */
  itemsAround(element: string): TrackedItems | undefined {
    return this.#itemsAround.get(element)
  }

  /** An event that happens to a process that is open already: it begins none. */
  #accompanies({ element: id }: Transition): boolean {
    const element = this.elements.get(id)
    return element?.kind === 'boundaryEvent' || this.elements.get(element?.parent ?? '')?.triggeredByEvent === true
  }

  /** No event, timer or command can move an instance that stands like this, and it cannot end: it is stuck for good. */
  isDead(marking: string): boolean {
    const known = this.#dead.get(marking)
    if (known !== undefined) return known
    const { search } = this.table
    const dead = !this.canEnd(marking)
      && !this.net.transitions.some((transition) => transition.kind !== 'silent' && search.enable(marking, transition, 0).length > 0)
    if (this.#dead.size > MAX_REMEMBERED) this.#dead.clear()
    this.#dead.set(marking, dead)
    return dead
  }

  /** Whether an instance that stands like this can end silently. */
  canEnd(marking: string): boolean {
    const known = this.#endable.get(marking)
    if (known !== undefined) return known
    const can = marking === '' || this.table.search.drain(marking, 0, 0).length > 0
    if (this.#endable.size > MAX_REMEMBERED) this.#endable.clear()
    this.#endable.set(marking, can)
    return can
  }

  /** Elements whose events are missing where an instance that stands like this is over all the same, in the order of the cheapest way there. */
  undoneAt(marking: string): readonly string[] {
    const [way] = this.table.search.drain(marking, 0, TRACKING.search)
    return [...new Set((way?.fired ?? []).flatMap((index) => {
      const transition = this.net.transitions[index]
      return transition?.kind === 'observe' ? [transition.element] : []
    }))]
  }

  /** Observations that fit next, by label, in document order. */
  expectedAfter(marking: string): readonly string[] {
    const { search } = this.table
    return [...this.net.observations].flatMap(([label, transitions]) => {
      const possible = transitions.some((index) => {
        const transition = this.net.transitions[index]
        return transition !== undefined && search.enable(marking, transition, 0).length > 0
      })
      return possible ? [label] : []
    })
  }

  /** Of an activity with a loop marker that is followed. */
  repetitionOf(element: string): RepetitionAt | undefined {
    for (const repetition of this.repetitionsAt.values()) if (repetition.element.id === element) return repetition
    return undefined
  }

  /** Whether data, a called process or we decide what a token at a place does next. */
  asksUsAt(place: number): boolean {
    return this.splitsAt.has(place) || this.commandsAt.has(place) || this.conditionsAt.has(place) || this.callsAt.has(place) || this.repetitionsAt.has(place)
  }

  elementAt(place: number): string {
    return this.net.places[place]?.element ?? ''
  }

  nameOf(element: string): string {
    const found = this.elements.get(element)
    return found === undefined || found.name === '' ? element : found.name
  }

  /** Calendar arithmetic in the model's zone. */
  after(time: number, duration: string): number {
    return addDuration(time, duration, this.process.zone)
  }
}
