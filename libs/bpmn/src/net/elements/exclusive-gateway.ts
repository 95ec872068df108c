/** One of the outgoing flows, whichever flow the token came by. */
import type { ElementRule } from '../builder.js'

export const exclusiveGateway: ElementRule = {
  compile(net, element) {
    for (const { place, flows } of net.entries(element)) {
      for (const flow of element.outgoing) {
        net.add({ kind: 'silent', element: element.id, inputs: [place], outputs: net.arrive(flow), flows: [...flows, flow] })
      }
      if (element.outgoing.length === 0) net.add({ kind: 'silent', element: element.id, inputs: [place], outputs: [], flows })
    }
  },
}
