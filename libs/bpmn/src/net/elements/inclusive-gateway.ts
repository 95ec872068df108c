/** Any of the outgoing flows, at least one; before them, a token of each incoming flow that one can come by. */
import type { Element } from '../../model.js'
import type { ElementRule, Exit, NetBuilder } from '../builder.js'

export const inclusiveGateway: ElementRule = {
  waitsPerFlow: (element) => element.incoming.length > 1,
  compile(net, element) {
    const exit = anyOf(net, element)
    const move = { kind: 'silent', element: element.id, outputs: exit.outputs } as const
    if (element.incoming.length < 2) {
      for (const { place, flows } of net.entries(element)) net.add({ ...move, inputs: [place], flows: [...flows, ...exit.flows] })
    } else {
      net.add({ ...move, inputs: element.incoming.flatMap((flow) => net.arrive(flow)), flows: exit.flows, joins: 'whatCanCome' })
    }
  },
}

/** The ways out of a gateway that takes any of its flows. */
export function anyOf(net: NetBuilder, element: Element): Exit {
  if (element.outgoing.length > 1) return { outputs: net.choice(element, 'in', element.outgoing, true), flows: [] }
  return { outputs: element.outgoing.flatMap((flow) => net.arrive(flow)), flows: element.outgoing }
}
