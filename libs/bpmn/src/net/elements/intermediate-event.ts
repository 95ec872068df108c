/** Events in the middle of a path: seen, thrown by our command, waited for as a timer, or passed silently (none and link events). */
import { firstPhase, type ElementRule } from '../builder.js'

export const intermediateEvent: ElementRule = {
  compile(net, element) {
    const bound = element.bindings.length > 0
    const isTimer = element.kind === 'intermediateCatchEvent' && element.trigger?.kind === 'timer'
    for (const entry of net.entries(element)) {
      for (const exit of net.exits(element)) {
        const move = { element: element.id, inputs: [entry.place], outputs: exit.outputs, flows: [...entry.flows, ...exit.flows] }
        if (bound) net.add({ ...move, kind: 'observe', phase: firstPhase(element) })
        if (element.command !== undefined) net.add({ ...move, kind: 'command' })
        else if (!bound) net.add({ ...move, kind: isTimer ? 'timer' : 'silent' })
      }
    }
  },
}
