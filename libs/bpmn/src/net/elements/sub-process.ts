/** A scope of its own: open while anything moves inside, done when nothing is left there. */
import { hasPhase, type Draft, type ElementRule } from '../builder.js'
import { eventSubProcess } from './event-sub-process.js'
import { addFirings } from './items.js'
import { openPlace, openPlaces } from './scope.js'
import { beginScope } from './start-event.js'
import { addCancelled } from './transaction.js'

export const subProcess: ElementRule = {
  compile(net, element) {
    if (element.triggeredByEvent === true) {
      if (element.itemThrows === undefined) eventSubProcess(net, element)
      else addFirings(net, element, [openPlace(net, net.element(element.parent))])
      return
    }
    const scope = net.scopeInside(element.id)
    const source = net.place('source', element.id, scope)
    for (const { place, flows } of net.entries(element)) {
      const move: Draft = { kind: 'silent', element: element.id, inputs: [place], outputs: [openPlace(net, element), source], flows }
      net.add(hasPhase(element, 'start') ? { ...move, kind: 'observe', phase: 'start' } : move)
    }
    beginScope(net, scope, source, element.id)
    for (const place of openPlaces(net, element)) {
      for (const exit of net.exits(element)) {
        const done: Draft = { kind: 'silent', element: element.id, inputs: [place], ...exit, whenEmpty: scope }
        net.add(hasPhase(element, 'end') ? { ...done, kind: 'observe', phase: 'end' } : done)
      }
    }
    if (element.kind === 'transaction') addCancelled(net, element)
  },
}
