/** Tasks, and calls of other processes: seen by their events, done by our command, or passed silently. */
import type { Element } from '../../model.js'
import { hasPhase, type ElementRule, type Entry, type NetBuilder } from '../builder.js'

export const activity: ElementRule = {
  compile(net, element) {
    const starts = hasPhase(element, 'start')
    const ends = hasPhase(element, 'end') || hasPhase(element, 'occur')
    for (const { place, flows } of net.entries(element)) {
      if (!starts) {
        leave(net, element, { place, flows }, ends)
        continue
      }
      net.add({ kind: 'observe', element: element.id, phase: 'start', inputs: [place], outputs: [insideOf(net, element)], flows })
    }
    if (starts) leave(net, element, { place: insideOf(net, element), flows: [] }, ends)
  },
}

/** Where the token of an activity lies whose start was seen. */
function insideOf(net: NetBuilder, element: Element): number {
  return net.place('in', element.id, net.scopeAround(element))
}

/** The last transition of an activity: by its own event, by our command, or silently. */
function leave(net: NetBuilder, element: Element, entry: Entry, observed: boolean): void {
  for (const exit of net.exits(element)) {
    const move = { element: element.id, inputs: [entry.place], outputs: exit.outputs, flows: [...entry.flows, ...exit.flows] }
    if (observed) net.add({ ...move, kind: 'observe', phase: hasPhase(element, 'end') ? 'end' : 'occur' })
    if (element.command !== undefined) net.add({ ...move, kind: 'command' })
    if (!observed && element.command === undefined) net.add({ ...move, kind: 'silent', rests: waits(net, element) })
  }
}

/** Something here waits for time to pass, or for a called process, so a token must be seen to stop. */
function waits(net: NetBuilder, element: Element): boolean {
  if (element.stuckAfter !== undefined || element.sla !== undefined) return true
  if (element.calledElement !== undefined && element.loop === undefined) return true
  return net.boundariesOf(element.id).some((boundary) => boundary.trigger?.kind === 'timer')
}
