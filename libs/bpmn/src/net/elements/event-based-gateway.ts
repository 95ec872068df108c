/**
 * The token waits at it until the first of the events behind it takes it from there. One that begins a process by all of its events together has a
 * token for each of them.
 */
import type { ElementRule } from '../builder.js'

export const eventBasedGateway: ElementRule = {
  leftByTargets: (element) => element.awaitsAll !== true,
  compile(net, element) {
    // Otherwise its targets have the transitions.
    if (element.awaitsAll !== true) return
    const outputs = element.outgoing.flatMap((flow) => net.arrive(flow))
    for (const { place, flows } of net.entries(element)) {
      net.add({ kind: 'silent', element: element.id, inputs: [place], outputs, flows: [...flows, ...element.outgoing] })
    }
  },
}
