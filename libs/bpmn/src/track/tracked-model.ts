/** A model version made ready for following: its net, its belief table, and what waits for time, data or us at each place. */
import type { Element, ProcessModel, SlaDefinition, TimerDefinition } from '../model.js'
import { compileExpression, type Expression } from '../bind/expression.js'
import { compileNet } from '../net/compile.js'
import type { Net, Transition } from '../net/net.js'
import { addDuration, durationMs } from '../time/duration.js'
import { BeliefTable } from './belief.js'
import { TRACKING } from './costs.js'

/** A timer that Tidemark fires while a token is at a place. */
export interface TimerAt {
  readonly transition: Transition
  readonly element: Element
  readonly definition: TimerDefinition
}

/** A choice that conditions on known variables can decide. */
export interface SplitAt {
  readonly element: Element
  readonly options: readonly { readonly transition: Transition; readonly condition?: Expression }[]
  readonly otherwise?: Transition
}

/** What a token at a place may wait for too long. */
export interface PatienceAt {
  readonly element: Element
  readonly stuckAfter?: string
  readonly sla?: SlaDefinition
  /** Timers that another system is to act on. */
  readonly watches: readonly TimerDefinition[]
}

/** Answers about markings that are kept; they can be worked out again. */
const MAX_REMEMBERED = 10_000

export class TrackedModel {
  readonly process: ProcessModel
  readonly net: Net
  readonly table: BeliefTable
  readonly elements: ReadonlyMap<string, Element>
  readonly timersAt: ReadonlyMap<number, readonly TimerAt[]>
  readonly splitsAt: ReadonlyMap<number, SplitAt>
  readonly commandsAt: ReadonlyMap<number, Transition>
  readonly patienceAt: ReadonlyMap<number, PatienceAt>
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
    this.net = compileNet(process)
    this.table = new BeliefTable(this.net, TRACKING)
    this.elements = new Map(process.elements.map((element) => [element.id, element]))
    this.toleranceMs = durationMs(process.tolerance)
    this.graceMs = durationMs(process.grace)
    this.maxGraceMs = Math.max(durationMs(process.maxGrace), this.graceMs)
    this.completionMs = process.completion === undefined ? 0 : durationMs(process.completion)
    this.effectsMaxAgeMs = durationMs(process.effectsMaxAge)
    this.timersAt = this.#timers()
    this.splitsAt = this.#splits()
    this.commandsAt = this.#commands()
    this.patienceAt = this.#patience()
  }

  /** Whether an instance may begin with these labels, without any deviation. */
  canStart(labels: readonly string[]): boolean {
    const symbol = this.table.symbol(labels)
    const known = this.#startable.get(symbol.id)
    if (known !== undefined) return known
    const [initial] = this.table.initial().hypotheses
    const can = initial !== undefined && symbol.transitions.some((transition) => this.table.search.enable(initial.marking, transition, 0).length > 0)
    this.#startable.set(symbol.id, can)
    return can
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

  #timers(): Map<number, TimerAt[]> {
    const timers = new Map<number, TimerAt[]>()
    for (const transition of this.net.transitions) {
      const element = this.elements.get(transition.element)
      const definition = element?.trigger?.timer
      if (transition.kind !== 'timer' || element === undefined || definition === undefined) continue
      for (const place of [...transition.inputs, ...transition.reads]) {
        const here = timers.get(place) ?? []
        // Several ways out of one boundary event are one timer.
        if (!here.some((timer) => timer.element.id === element.id)) here.push({ transition, element, definition })
        timers.set(place, here)
      }
    }
    return timers
  }

  #splits(): Map<number, SplitAt> {
    const splits = new Map<number, SplitAt>()
    const flows = new Map(this.process.flows.map((flow) => [flow.id, flow]))
    this.net.places.forEach((place, index) => {
      const element = this.elements.get(place.element)
      if (element?.kind !== 'exclusiveGateway' || element.outgoing.length < 2) return
      const options: { transition: Transition; condition?: Expression }[] = []
      let otherwise: Transition | undefined
      for (const candidate of this.net.consumers[index] ?? []) {
        const transition = this.net.transitions[candidate]
        const flow = flows.get(transition?.flows.at(-1) ?? '')
        if (transition === undefined || flow === undefined) continue
        if (flow.id === element.defaultFlow) otherwise = transition
        else if (flow.condition?.feel === true) options.push({ transition, condition: compileExpression(flow.condition.text) })
        else options.push({ transition })
      }
      if (options.length > 0 && options.every((option) => option.condition !== undefined)) {
        splits.set(index, otherwise === undefined ? { element, options } : { element, options, otherwise })
      }
    })
    return splits
  }

  #commands(): Map<number, Transition> {
    const commands = new Map<number, Transition>()
    for (const transition of this.net.transitions) {
      if (transition.kind !== 'command') continue
      for (const place of transition.inputs) if (!commands.has(place)) commands.set(place, transition)
    }
    return commands
  }

  #patience(): Map<number, PatienceAt> {
    const patience = new Map<number, PatienceAt>()
    this.net.places.forEach((place, index) => {
      const element = this.elements.get(place.element)
      if (element === undefined || place.kind === 'source' || place.kind === 'join') return
      const consumers = (this.net.consumers[index] ?? []).flatMap((transition) => this.net.transitions[transition] ?? [])
      const observes = consumers.some((transition) => transition.kind === 'observe')
      const stuckAfter = element.stuckAfter ?? (observes && place.kind !== 'scope' ? this.process.stuckAfter : this.#stuckBehind(index))
      const watches = consumers.flatMap((transition) => {
        const timer = this.elements.get(transition.element)?.trigger?.timer
        return transition.kind === 'observe' && timer !== undefined ? [timer] : []
      })
      if (stuckAfter === undefined && element.sla === undefined && watches.length === 0) return
      patience.set(index, {
        element, watches, ...(stuckAfter === undefined ? {} : { stuckAfter }), ...(element.sla === undefined ? {} : { sla: element.sla }),
      })
    })
    return patience
  }

  /**
   * A token whose branch is not known yet waits at its split, as long as the most patient of the elements that it may have gone on to. Where one
   * of them may wait for ever, so may it.
   */
  #stuckBehind(split: number): string | undefined {
    if (this.elements.get(this.elementAt(split))?.kind !== 'exclusiveGateway') return undefined
    const seen = new Set([split])
    let longest: string | undefined
    for (const place of seen) {
      // At a join it waits for others, who have their own patience.
      if (this.net.places[place]?.kind === 'join') return undefined
      const consumers = (this.net.consumers[place] ?? []).flatMap((index) => this.net.transitions[index] ?? [])
      if (!consumers.some((transition) => transition.kind === 'observe')) {
        if (consumers.some((transition) => transition.kind !== 'silent' || transition.outputs.length === 0)) return undefined
        for (const transition of consumers) for (const output of transition.outputs) seen.add(output)
        continue
      }
      const after = this.elements.get(this.elementAt(place))?.stuckAfter ?? this.process.stuckAfter
      if (after === undefined) return undefined
      if (longest === undefined || durationMs(after) > durationMs(longest)) longest = after
    }
    return longest
  }
}
