/**
 * A complex gateway goes on as its own rule says, which nobody can evaluate here: as soon as any of its incoming flows has a token it may, by any of
 * its outgoing ones. What comes after that, before it starts anew, is taken in. What cannot be known is possible, and events tell which it was.
 */
import type { ElementRule } from '../builder.js'
import { anyOf } from './inclusive-gateway.js'

export const complexGateway: ElementRule = {
  waitsPerFlow: (element) => element.incoming.length > 1,
  compile(net, element) {
    const exit = anyOf(net, element)
    const move = { kind: 'silent', element: element.id } as const
    if (element.incoming.length < 2) {
      for (const { place, flows } of net.entries(element)) net.add({ ...move, ...exit, inputs: [place], flows: [...flows, ...exit.flows] })
      return
    }
    const inputs = element.incoming.flatMap((flow) => net.arrive(flow))
    const passed = net.place('option', element.id, net.scopeAround(element), 'passed')
    net.add({ ...move, inputs, outputs: [...exit.outputs, passed], flows: exit.flows, joins: 'whatIsThere' })
    for (const input of inputs) net.add({ ...move, inputs: [input], reads: [passed], outputs: [], flows: [] })
    net.add({ ...move, inputs: [passed], outputs: [], flows: [] })
  },
}
