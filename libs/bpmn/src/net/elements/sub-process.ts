/** A scope of its own: open while anything moves inside, done when nothing is left there. */
import type { Element } from '../../model.js'
import { hasPhase, type Draft, type ElementRule } from '../builder.js'
import { beginScope } from './start-event.js'

export const subProcess: ElementRule = {
  compile(net, element) {
    const scope = net.scopeInside(element.id)
    const open = net.place('scope', element.id, net.scopeAround(element))
    const source = net.place('source', element.id, scope)
    for (const { place, flows } of net.entries(element)) {
      const move: Draft = { kind: 'silent', element: element.id, inputs: [place], outputs: [open, source], flows }
      net.add(hasPhase(element, 'start') ? { ...move, kind: 'observe', phase: 'start' } : move)
    }
    beginScope(net, scope, source, element.id)
    for (const exit of net.exits(element)) {
      const done: Draft = { kind: 'silent', element: element.id, inputs: [open], ...exit, whenEmpty: scope }
      net.add(hasPhase(element, 'end') ? { ...done, kind: 'observe', phase: 'end' } : done)
    }
  },
}

export function opensScope(element: Element): boolean {
  return element.kind === 'subProcess' || element.kind === 'transaction' || element.kind === 'adHocSubProcess'
}
