/**
 * Random walks of bpmn.io's token simulator, which nobody of ours wrote: what happened to whom, in order. Activities wait until they are told to go
 * on, gateways choose at random, everything that a person could trigger is triggered at random. One process may begin once by itself; what messages
 * and signals begin besides are instances of their own.
 */
/// <reference path="./token-simulation.d.ts" />
import Simulator from 'bpmn-js-token-simulation/lib/simulator/Simulator'
import behaviors from 'bpmn-js-token-simulation/lib/simulator/behaviors'
import { one } from '../../libs/bpmn/src/read/moddle-element.js'
import type { Diagram, DiagramElement } from './diagram.js'

export interface Happening {
  /** Of the element that something happened at: an activity was completed, an event occurred. */
  readonly element: string
  /** Number of the instance, from 0. */
  readonly instance: number
}

export interface SimulatedWalk {
  readonly happenings: readonly Happening[]
  /** Per instance: whether it came to its end. */
  readonly ended: readonly boolean[]
  /** Two tokens were in one sub-process at the same time, each in an instance of its own. */
  readonly overlapped: boolean
}

/** More than this in one step is a cycle in which nothing ever waits. */
const MAX_TRACES = 2_000

/** How often an event may occur that leaves what it happens to alone: a net counts no more than three tokens on a place. */
const MAX_REPEATED = 2

/** As the simulator holds it. */
interface Scope {
  readonly element: DiagramElement
  readonly parent: Scope | null
  readonly active: boolean
  readonly failed: boolean
  readonly destroyed: boolean
}

interface Subscription {
  readonly scope: Scope
  readonly element?: DiagramElement
  readonly event: { readonly type: string }
}

interface SimulatorApi {
  reset(): void
  waitAtElement(element: DiagramElement): void
  setConfig(element: DiagramElement, config: { readonly activeOutgoing: unknown }): void
  findScopes(filter: (scope: Scope) => boolean): readonly Scope[]
  findSubscriptions(filter: (subscription: Subscription) => boolean): readonly Subscription[]
  registerBehavior(type: string, behavior: Readonly<Record<'signal' | 'enter' | 'exit', () => void>>): void
  trigger(context: { readonly event: Subscription['event']; readonly scope: Scope }): unknown
  on(event: string, listener: (payload: Trace) => void): void
}

interface Trace {
  readonly action: 'enter' | 'exit' | 'signal' | string
  readonly element: DiagramElement
  readonly scope: Scope
}

/** What a person could trigger. Cancellation and compensation come from inside. */
const TRIGGERED: ReadonlySet<string> = new Set(['continue', 'none', 'message', 'signal', 'timer', 'condition', 'error', 'escalation'])

export function simulate(diagram: Diagram, random: () => number, steps = 25): SimulatedWalk {
  return new Walker(diagram, random).walk(steps)
}

class Walker {
  readonly #random: () => number
  readonly #simulator: SimulatorApi
  readonly #happenings: Happening[] = []
  /** The outermost scope of each instance. */
  readonly #instances: Scope[] = []
  readonly #begun = new Set<DiagramElement>()
  #traces = 0
  #overlapped = false

  constructor(diagram: Diagram, random: () => number) {
    this.#random = random
    this.#simulator = boot(diagram)
    // The simulator knows no complex gateways: what reaches one stays there.
    this.#simulator.registerBehavior('bpmn:ComplexGateway', { signal() {}, enter() {}, exit() {} })
    this.#simulator.reset()
    for (const element of diagram.values()) if (isActivity(element)) this.#simulator.waitAtElement(element)
    this.#simulator.on('trace', (trace) => this.#trace(trace))
  }

  walk(steps: number): SimulatedWalk {
    for (let step = 0; step < steps; step++) {
      const open = this.#simulator.findSubscriptions((subscription) => this.#isOpen(subscription))
      // New instances of other processes begin now and then, so that there is something left to begin later.
      const running = open.filter((subscription) => !this.#begins(subscription))
      const choices = running.length > 0 && this.#random() < 0.9 ? running : open
      const chosen = choices[Math.floor(this.#random() * choices.length)]
      if (chosen === undefined) break
      this.#traces = 0
      const before = this.#happenings.length
      try {
        this.#simulator.trigger(chosen)
      } catch (error) {
        if (!(error instanceof EndlessCycle)) throw error
        this.#happenings.splice(before)
        break
      }
    }
    return { happenings: this.#happenings, ended: this.#instances.map((scope) => scope.destroyed), overlapped: this.#overlapped }
  }

  #isOpen(subscription: Subscription): boolean {
    const { event, element, scope } = subscription
    if (element === undefined || !TRIGGERED.has(event.type)) return false
    if (repeats(element) && this.#happenings.filter((happening) => happening.element === element.id).length >= MAX_REPEATED) return false
    return !this.#begins(subscription) || !this.#begun.has(scope.element)
  }

  /** Outside of every instance: a start. */
  #begins({ scope }: Subscription): boolean {
    return scope.parent === null && !this.#instances.includes(scope)
  }

  #trace({ action, element, scope }: Trace): void {
    if (++this.#traces > MAX_TRACES) throw new EndlessCycle()
    if (action === 'exit' && element.type.endsWith('Gateway')) this.#choose(element)
    if (element.businessObject.$instanceOf('bpmn:SubProcess') && action === 'createScope') {
      this.#overlapped ||= this.#simulator.findScopes((other) => other.element === element && other.parent === scope && other.active).length > 0
    }
    if (happens(action, element, scope)) this.#happenings.push({ element: element.id, instance: this.#instanceOf(scope) })
  }

  #choose(gateway: DiagramElement): void {
    const flows = gateway.outgoing.filter(({ type }) => type === 'bpmn:SequenceFlow')
    const any = flows[Math.floor(this.#random() * flows.length)]
    // The default is taken where no other is.
    const byDefault = one(gateway.businessObject, 'default')?.id
    const some = any?.id === byDefault ? [any] : flows.filter((flow) => flow === any || (flow.id !== byDefault && this.#random() < 0.5))
    this.#simulator.setConfig(gateway, { activeOutgoing: gateway.type === 'bpmn:InclusiveGateway' ? some : any })
  }

  #instanceOf(scope: Scope): number {
    let top = scope
    while (top.parent !== null) top = top.parent
    const known = this.#instances.indexOf(top)
    if (known >= 0) return known
    this.#begun.add(top.element)
    return this.#instances.push(top) - 1
  }
}

class EndlessCycle extends Error {}

function isActivity({ type }: DiagramElement): boolean {
  return /Task$|^bpmn:CallActivity$/.test(type)
}

/** A boundary event or the start of an event sub-process that interrupts nothing. */
function repeats({ type, businessObject, parent }: DiagramElement): boolean {
  if (type === 'bpmn:BoundaryEvent') return businessObject.get('cancelActivity') === false
  return type === 'bpmn:StartEvent' && parent?.businessObject.get('triggeredByEvent') === true && businessObject.get('isInterrupting') === false
}

function happens(action: string, element: DiagramElement, scope: Scope): boolean {
  if (action === 'exit') return (isActivity(element) || element.type === 'bpmn:IntermediateCatchEvent') && scope.active && !scope.failed
  if (action === 'signal') return element.type === 'bpmn:StartEvent' || element.type === 'bpmn:BoundaryEvent'
  return action === 'enter' && (element.type === 'bpmn:EndEvent' || element.type === 'bpmn:IntermediateThrowEvent')
}

/** The simulator with its behaviours, put together by the names that each asks for. */
function boot(diagram: Diagram): SimulatorApi {
  const registry = { get: (id: string) => diagram.get(id), forEach: (each: (element: DiagramElement) => void) => [...diagram.values()].forEach(each) }
  const made = new Map<string, unknown>([['eventBus', new EventBus()], ['elementRegistry', registry], ['injector', { get: () => undefined }]])
  const recipes: Readonly<Record<string, unknown>> = { ...behaviors, simulator: ['type', Simulator] }
  const make = (name: string): unknown => {
    const known = made.get(name)
    if (known !== undefined) return known
    const [, Type] = recipes[name] as [string, Constructor]
    const instance = new Type(...(Type.$inject ?? []).map(make))
    made.set(name, instance)
    return instance
  }
  for (const name of behaviors['__init__'] as readonly string[]) make(name)
  return make('simulator') as SimulatorApi
}

interface Constructor {
  new (...dependencies: readonly unknown[]): unknown
  readonly $inject?: readonly string[]
}

class EventBus {
  readonly #listeners = new Map<string, ((payload: object) => void)[]>()

  on(event: string, listener: (payload: object) => void): void {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener])
  }

  off(event: string, listener: (payload: object) => void): void {
    this.#listeners.set(event, (this.#listeners.get(event) ?? []).filter((other) => other !== listener))
  }

  fire(event: string, payload: object): void {
    for (const listener of this.#listeners.get(event) ?? []) listener(payload)
  }
}
