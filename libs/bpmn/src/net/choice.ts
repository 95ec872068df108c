/**
 * Any of several flows may be taken: the ways out of an inclusive gateway, or the conditional flows out of an activity. Each flow is a token of
 * its own that goes on or goes away when something is learned of it, so that n flows are n tokens and never 2^n markings. Until the first is
 * taken, one more token says that at least one has to be; that is the one that is shown.
 */
import type { Element } from '../model.js'
import type { NetBuilder } from './builder.js'

/** Adds the transitions, and returns the places that get a token. The default flow, if it is among the flows, is taken alone. */
export function openChoice(net: NetBuilder, element: Element, kind: 'in' | 'choice', flows: readonly string[], atLeastOne: boolean): readonly number[] {
  const scope = net.scopeAround(element)
  const byDefault = flows.find((flow) => flow === element.defaultFlow)
  const options = flows.filter((flow) => flow !== byDefault)
  // Before its options, so that it is the first to go where all of them have to.
  const undecided = atLeastOne || byDefault !== undefined ? [net.place(kind, element.id, scope, 'choice')] : []
  const places = options.map((flow) => net.place('option', element.id, scope, flow))
  const base = { kind: 'silent', element: element.id } as const
  options.forEach((flow, index) => {
    const option = places.slice(index, index + 1)
    if (undecided.length > 0) net.add({ ...base, inputs: [...undecided, ...option], outputs: net.arrive(flow), flows: [flow] })
    net.add({ ...base, inputs: option, outputs: net.arrive(flow), flows: [flow], unless: undecided })
    net.add({ ...base, inputs: option, outputs: [], flows: [], unless: undecided })
  })
  if (byDefault !== undefined) net.add({ ...base, inputs: [...undecided, ...places], outputs: net.arrive(byDefault), flows: [byDefault] })
  return [...undecided, ...places]
}
