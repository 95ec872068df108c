/** A token of each incoming flow, a token on each outgoing one. */
import type { ElementRule } from '../builder.js'

export const parallelGateway: ElementRule = {
  waitsPerFlow: (element) => element.incoming.length > 1,
  compile(net, element) {
    const outputs = element.outgoing.flatMap((flow) => net.arrive(flow))
    const move = { kind: 'silent', element: element.id, outputs } as const
    if (element.incoming.length < 2) {
      for (const entry of net.entries(element)) net.add({ ...move, inputs: [entry.place], flows: [...entry.flows, ...element.outgoing] })
    } else {
      net.add({ ...move, inputs: element.incoming.flatMap((flow) => net.arrive(flow)), flows: element.outgoing })
    }
  },
}
