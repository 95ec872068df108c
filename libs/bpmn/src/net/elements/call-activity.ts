/**
 * A call of another process. Where that is followed too, the token waits inside until the called instance has ended: it is `called` when it comes,
 * and `returned` then. Where it is not, the call is an activity like any other. Which of the two holds is not known here, but when it is followed.
 */
import type { Element } from '../../model.js'
import { hasPhase, type ElementRule } from '../builder.js'
import { activity } from './activity.js'

export const callActivity: ElementRule = {
  compile(net, element) {
    activity.compile(net, element)
    if (!callsAnother(element)) return
    const scope = net.scopeAround(element)
    const inside = net.place('in', element.id, scope)
    for (const { place, flows } of net.entries(element)) net.add({ kind: 'call', element: element.id, phase: 'start', inputs: [place], outputs: [inside], flows })
    const returned = net.place('at', element.id, scope, 'returned')
    net.add({ kind: 'call', element: element.id, phase: 'end', inputs: [inside], outputs: [returned], flows: [] })
    for (const exit of net.exits(element)) {
      net.add({ kind: 'silent', element: element.id, inputs: [returned], ...exit })
      // Its own event may say that it is over, too.
      if (hasPhase(element, 'end') && !hasPhase(element, 'start')) net.add({ kind: 'observe', element: element.id, phase: 'end', inputs: [inside], ...exit })
    }
  },
}

/** Instances of a call that is repeated by a marker are not told apart. */
export function callsAnother(element: Element): boolean {
  return element.kind === 'callActivity' && element.calledElement !== undefined && element.loop === undefined
}
