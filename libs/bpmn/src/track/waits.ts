/** What a token at a place may wait for besides events: a timer of ours, data that decides a choice, a command, or patience that runs out. */
import type { Element, SlaDefinition, TimerDefinition } from '../model.js'
import { compileExpression, type Expression } from '../bind/expression.js'
import { isShown, type Net, type Transition } from '../net/net.js'
import { durationMs } from '../time/duration.js'

/** A timer that Tidemark fires while a token is at a place. */
export interface TimerAt {
  readonly transition: Transition
  readonly element: Element
  readonly definition: TimerDefinition
}

/** A conditional event that nothing is bound to, with a condition that can be evaluated. */
export interface ConditionAt {
  readonly transition: Transition
  readonly element: Element
  readonly condition: Expression
}

/** What a token at a call may do. */
export interface CallAt {
  readonly element: Element
  readonly model: string
  /** From before the call into it; from inside out of it; past it, where nothing is known of the called process. */
  readonly called: Transition | undefined
  readonly returned: Transition | undefined
  readonly passed: Transition | undefined
}

/** What a token at a place may wait for too long. */
export interface PatienceAt {
  readonly element: Element
  readonly stuckAfter?: string
  readonly sla?: SlaDefinition
  /** Timers that another system is to act on. */
  readonly watches: readonly TimerDefinition[]
}

type Elements = ReadonlyMap<string, Element>

/** By place. */
export function timersOf(net: Net, elements: Elements): ReadonlyMap<number, readonly TimerAt[]> {
  const timers = new Map<number, TimerAt[]>()
  for (const transition of net.transitions) {
    const element = elements.get(transition.element)
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

/** By place. */
export function conditionsOf(net: Net, elements: Elements): ReadonlyMap<number, readonly ConditionAt[]> {
  const conditions = new Map<number, ConditionAt[]>()
  for (const transition of net.transitions) {
    const element = elements.get(transition.element)
    const text = element?.trigger?.kind === 'conditional' ? element.trigger.condition : undefined
    if (element === undefined || text?.startsWith('=') !== true || transition.kind === 'observe') continue
    const condition = compileExpression(text)
    for (const place of [...transition.inputs, ...transition.reads]) {
      const here = conditions.get(place) ?? []
      // Several ways out of one event are one condition.
      if (condition.error === undefined && !here.some((known) => known.element.id === element.id)) here.push({ transition, element, condition })
      conditions.set(place, here)
    }
  }
  return conditions
}

/** By place. */
export function callsOf(net: Net, elements: Elements): ReadonlyMap<number, CallAt> {
  const calls = new Map<number, CallAt>()
  for (const transition of net.transitions) {
    const [place] = transition.inputs
    const element = elements.get(transition.element)
    if (transition.kind !== 'call' || place === undefined || element?.calledElement === undefined) continue
    const passed = (net.consumers[place] ?? []).flatMap((index) => net.transitions[index] ?? []).find((other) => other.kind === 'silent' && other.rests)
    const isStart = transition.phase === 'start'
    calls.set(place, { element, model: element.calledElement, called: isStart ? transition : undefined, returned: isStart ? undefined : transition, passed: isStart ? passed : undefined })
  }
  return calls
}

/** By place. */
export function commandsOf(net: Net): ReadonlyMap<number, Transition> {
  const commands = new Map<number, Transition>()
  for (const transition of net.transitions) {
    if (transition.kind !== 'command') continue
    for (const place of transition.inputs) if (!commands.has(place)) commands.set(place, transition)
  }
  return commands
}

/** By place. */
export function patienceOf(net: Net, elements: Elements): ReadonlyMap<number, PatienceAt> {
  const patience = new Map<number, PatienceAt>()
  net.places.forEach((place, index) => {
    const element = elements.get(place.element)
    if (element === undefined || !isShown(place) || place.kind === 'join' || place.kind === 'choice') return
    // While items are at work it is each of them that may be late.
    if (element.itemThrows !== undefined && place.kind === 'in') return
    const consumers = (net.consumers[index] ?? []).flatMap((transition) => net.transitions[transition] ?? [])
    const observes = consumers.some((transition) => transition.kind === 'observe')
    const stuckAfter = element.stuckAfter ?? (observes && place.kind !== 'scope' ? net.process.stuckAfter : stuckBehind(net, elements, index))
    const watches = consumers.flatMap((transition) => {
      const timer = elements.get(transition.element)?.trigger?.timer
      return transition.kind === 'observe' && timer?.mode === 'watch' ? [timer] : []
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
function stuckBehind(net: Net, elements: Elements, split: number): string | undefined {
  const elementAt = (place: number): Element | undefined => elements.get(net.places[place]?.element ?? '')
  const kind = elementAt(split)?.kind
  if (kind !== 'exclusiveGateway' && kind !== 'inclusiveGateway') return undefined
  const seen = new Set([split])
  let longest: string | undefined
  for (const place of seen) {
    // At a join it waits for others, who have their own patience.
    if (net.places[place]?.kind === 'join') return undefined
    const consumers = (net.consumers[place] ?? []).flatMap((index) => net.transitions[index] ?? [])
    if (!consumers.some((transition) => transition.kind === 'observe')) {
      if (consumers.some((transition) => transition.kind !== 'silent' || transition.outputs.length === 0)) return undefined
      for (const transition of consumers) for (const output of transition.outputs) seen.add(output)
      continue
    }
    const after = elementAt(place)?.stuckAfter ?? net.process.stuckAfter
    if (after === undefined) return undefined
    if (longest === undefined || durationMs(after) > durationMs(longest)) longest = after
  }
  return longest
}
