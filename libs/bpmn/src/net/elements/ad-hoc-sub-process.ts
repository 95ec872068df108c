/** A sub-process without an order: what nothing leads to in it may begin at any time, any number of times, at least one of them once. */
import { hasPhase, type Draft, type ElementRule } from '../builder.js'
import { begunByNothing, openPlace, openPlaces } from './scope.js'
import { subProcess } from './sub-process.js'

export const adHocSubProcess: ElementRule = {
  compile(net, element) {
    // With a start event, which the standard forbids, its drawer means an order after all.
    if (net.childrenOf(element.id).some((child) => child.kind === 'startEvent')) return subProcess.compile(net, element)
    const scope = net.scopeInside(element.id)
    const source = net.place('source', element.id, scope)
    for (const { place, flows } of net.entries(element)) {
      const move: Draft = { kind: 'silent', element: element.id, inputs: [place], outputs: [openPlace(net, element), source], flows }
      net.add(hasPhase(element, 'start') ? { ...move, kind: 'observe', phase: 'start' } : move)
    }
    const isSequential = element.adHoc?.sequential === true
    const begin = { kind: 'silent', element: element.id, flows: [] } as const
    for (const child of begunByNothing(net, element.id)) {
      const entry = net.place('at', child.id, scope)
      net.add({ ...begin, inputs: [source], outputs: [entry] })
      const further: Draft = { ...begin, inputs: [], reads: [openPlace(net, element)], outputs: [entry], unless: [source, entry] }
      net.add(isSequential ? { ...further, whenEmpty: scope } : further)
    }
    for (const place of openPlaces(net, element)) {
      for (const exit of net.exits(element)) {
        const done: Draft = { kind: 'silent', element: element.id, inputs: [place], ...exit, whenEmpty: scope }
        // Empty is how it is between two activities, and so no sign that it is over.
        net.add(hasPhase(element, 'end') ? { ...done, kind: 'observe', phase: 'end' } : { ...done, rests: true })
      }
    }
  },
}
