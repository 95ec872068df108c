/**
 * Errors and escalations on their way outwards: in each scope around, an event sub-process catches before a boundary event, one that names what
 * is thrown before one that catches everything. A scope that has been interrupted begins no event sub-process any more, so that where it goes
 * may depend on how the scopes around stand: one transition for each case, of which a marking enables one.
 */
import type { Element } from '../../model.js'
import { firstPhase, type Draft, type NetBuilder } from '../builder.js'
import { beginnings, entering, goesOn, startsOf } from './event-sub-process.js'
import { interruptedPlace, itemsPlace, openPlaces } from './scope.js'

export interface Caught {
  readonly inputs: readonly number[]
  readonly reads: readonly number[]
  readonly outputs: readonly number[]
  readonly flows: readonly string[]
  readonly clears: readonly number[]
  /** What catches it. */
  readonly by: Element
  /** The scope that it was thrown in is over, with all that moves there. */
  readonly interrupts: boolean
}

/** Where nothing catches it, although the scopes around stand like this. */
export interface Uncaught {
  readonly reads: readonly number[]
}

export function throwingOf(net: NetBuilder, thrower: Element, trigger: 'error' | 'escalation'): { readonly caught: readonly Caught[]; readonly uncaught: Uncaught | undefined } {
  const caught: Caught[] = []
  /** Scopes that must have been interrupted, or it would have been caught already. */
  let reads: readonly number[] = []
  let own: Element | undefined
  for (let scope = net.element(thrower.parent); ; scope = net.element(scope?.parent)) {
    const inside = bestOf(thrower, trigger, net.childrenOf(scope?.id).filter((child) => child.triggeredByEvent === true && child !== own)
      .flatMap((child) => startsOf(net, child).map((event) => ({ event, child }))))
    if (inside !== undefined) {
      const into = entering(net, inside.child, inside.event)
      for (const { outputs, flows } of beginnings(net, inside.child, inside.event)) {
        caught.push({
          inputs: into.inputs, reads: [...reads, ...(into.reads ?? [])], clears: into.clears ?? [], flows,
          outputs: [...outputs, ...goesOn(net, inside.child, inside.event)], by: inside.event, interrupts: inside.event.interrupting !== false,
        })
      }
      if (openPlaces(net, scope).length === 1) return { caught, uncaught: undefined }
    }
    if (scope === undefined) return { caught, uncaught: { reads: inside === undefined ? reads : [...reads, interruptedPlace(net, scope)] } }
    const hosts = scope.itemThrows !== undefined ? [itemsPlace(net, scope)] : inside === undefined ? openPlaces(net, scope) : [interruptedPlace(net, scope)]
    const border = scope.triggeredByEvent === true ? undefined : bestOf(thrower, trigger, net.boundariesOf(scope.id).map((event) => ({ event })))
    if (border !== undefined) {
      const interrupts = border.event.interrupting !== false
      for (const host of hosts) {
        for (const { outputs, flows } of net.exits(border.event)) {
          caught.push({
            inputs: interrupts ? [host] : [], reads: interrupts ? reads : [...reads, host], clears: interrupts ? net.everythingInside(net.scopeInside(scope.id)) : [],
            outputs, flows, by: border.event, interrupts,
          })
        }
      }
      return { caught, uncaught: undefined }
    }
    if (inside !== undefined) reads = [...reads, interruptedPlace(net, scope)]
    own = scope
  }
}

/** Adds what happens when it is thrown: the token of `move` goes, and if nothing was interrupted it goes on by `onwards`. */
export function addThrown(net: NetBuilder, move: Draft, caught: readonly Caught[], onwards: Pick<Draft, 'outputs' | 'flows'>): void {
  for (const { inputs, reads, outputs, flows, clears, by, interrupts } of caught) {
    const thrown: Draft = {
      ...move, inputs: [...move.inputs, ...inputs], reads, clears, immediate: true,
      outputs: interrupts ? outputs : [...onwards.outputs, ...outputs], flows: [...move.flows, ...(interrupts ? [] : onwards.flows), ...flows],
    }
    net.add(move.kind === 'silent' && by.bindings.length > 0 ? { ...thrown, kind: 'observe', element: by.id, phase: firstPhase(by) } : thrown)
  }
}

function bestOf<Candidate extends { readonly event: Element }>(thrower: Element, trigger: 'error' | 'escalation', candidates: readonly Candidate[]): Candidate | undefined {
  const catching = candidates.filter(({ event }) => event.trigger?.kind === trigger)
  return catching.find(({ event }) => event.trigger?.name !== undefined && event.trigger.name === thrower.trigger?.name)
    ?? catching.find(({ event }) => event.trigger?.name === undefined)
}

/** It is thrown out of the net: at once, unless something outside says by an event of its own that it has caught it. */
export function thrownOut(element: Element): Pick<Draft, 'throws' | 'immediate' | 'rests'> {
  return element.waitsToBeCaught === true ? { throws: true, rests: true } : { throws: true, immediate: true }
}

/** The process is over with everything in it. */
export function endOfProcess(net: NetBuilder): Pick<Draft, 'clears' | 'terminates'> {
  return { clears: net.everythingInside(0), terminates: true }
}

