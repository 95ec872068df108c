/** Ends: the token goes; terminate takes the others of its scope along, an error leaves by what catches it. */
import type { Element } from '../../model.js'
import { firstPhase, type Draft, type ElementRule, type NetBuilder } from '../builder.js'

export const endEvent: ElementRule = {
  compile(net, element) {
    const trigger = element.trigger?.kind ?? 'none'
    const bound = element.bindings.length > 0
    for (const { place, flows } of net.entries(element)) {
      const plain: Draft = { kind: 'silent', element: element.id, inputs: [place], outputs: [], flows }
      const move: Draft = bound ? { ...plain, kind: 'observe', phase: firstPhase(element) } : plain
      const caught = trigger === 'error' ? catcherOf(net, element) : undefined
      if (caught !== undefined) {
        throwTo(net, caught, move, bound)
        continue
      }
      const ends = trigger === 'terminate' || trigger === 'error' ? { ...move, ...ending(net, element, trigger) } : move
      if (element.command !== undefined) net.add({ ...ends, kind: 'command' })
      if (bound || element.command === undefined) net.add(ends)
    }
  },
}

/** What goes with the token of a terminate end: all of its scope; of an error that nothing catches: all of the process. */
function ending(net: NetBuilder, element: Element, trigger: 'terminate' | 'error'): Pick<Draft, 'clears' | 'terminates'> {
  const scope = trigger === 'error' ? 0 : net.scopeAround(element)
  return { clears: net.placesInside(scope), ...(scope === 0 ? { terminates: true } : {}) }
}

/** The error leaves the sub-process through the boundary event that catches it. */
function throwTo(net: NetBuilder, caught: Element, move: Draft, bound: boolean): void {
  const host = net.place('scope', caught.attachedTo ?? '', net.scopeAround(caught))
  const clears = net.placesInside(net.scopeInside(caught.attachedTo ?? ''))
  for (const exit of net.exits(caught)) {
    const thrown: Draft = { ...move, inputs: [...move.inputs, host], outputs: exit.outputs, flows: [...move.flows, ...exit.flows], clears }
    net.add(!bound && caught.bindings.length > 0 ? { ...thrown, kind: 'observe', element: caught.id, phase: firstPhase(caught) } : thrown)
  }
}

/** The boundary event that catches an error thrown at this end, innermost sub-process first. */
function catcherOf(net: NetBuilder, end: Element): Element | undefined {
  for (let host = net.element(end.parent); host !== undefined; host = net.element(host.parent)) {
    const candidates = net.boundariesOf(host.id).filter((boundary) => boundary.trigger?.kind === 'error')
    const match = candidates.find((boundary) => boundary.trigger?.name === end.trigger?.name)
      ?? candidates.find((boundary) => boundary.trigger?.name === undefined)
    if (match !== undefined) return match
  }
  return undefined
}
