/** Starts compete for the one source token of their scope, so that the scope makes them. */
import { firstPhase, type Draft, type ElementRule, type NetBuilder } from '../builder.js'
import { awaitAllButOne } from './parallel-multiple.js'
import { begunByNothing, openPlace } from './scope.js'

export const startEvent: ElementRule = {
  compile() {
    // Made by beginScope.
  },
}

/**
 * How a scope begins: by one of its start events; without any, everything that nothing leads to begins at once. Each way marks the places of `also`.
 * Beside start events nothing that nothing leads to should be drawn; where it is, some engines begin it too, so that it may be seen.
 */
export function beginScope(net: NetBuilder, scope: number, source: number, parent: string | undefined, also: readonly number[] = []): void {
  const starts = net.childrenOf(parent).filter((element) => element.kind === 'startEvent')
  const implicit = begunByNothing(net, parent).map((element) => net.place('at', element.id, scope))
  if (starts.length === 0) {
    net.add({ kind: 'silent', element: parent ?? begunByNothing(net, parent)[0]?.id ?? '', inputs: [source], outputs: [...implicit, ...also], flows: [] })
    return
  }
  for (const start of starts) {
    const from = awaitAllButOne(net, start, source, [])
    for (const exit of net.exits(start)) {
      const move: Draft = { kind: 'silent', element: start.id, inputs: [from], outputs: [...exit.outputs, ...also], flows: exit.flows }
      net.add(start.bindings.length > 0 ? { ...move, kind: 'observe', phase: firstPhase(start) } : move)
    }
  }
  const beside: Draft = { kind: 'guess', element: parent ?? '', inputs: [], reads: [openPlace(net, net.element(parent))], outputs: [], flows: [] }
  for (const place of implicit) net.add({ ...beside, outputs: [place] })
  // Of several starts of a sub-process each may be passed at once.
  const passed = parent === undefined || starts.length < 2 ? [] : starts.filter((start) => start.bindings.length === 0)
  for (const start of passed) for (const exit of net.exits(start)) net.add({ ...beside, ...exit })
}
