/** Starts compete for the one source token of their scope, so that the scope makes them. */
import { firstPhase, type Draft, type ElementRule, type NetBuilder } from '../builder.js'

export const startEvent: ElementRule = {
  compile() {
    // Made by beginScope.
  },
}

/**
 * How a scope begins: by one of its start events; without any, everything that nothing leads to begins at once. Each way marks the places of `also`.
 */
export function beginScope(net: NetBuilder, scope: number, source: number, parent: string | undefined, also: readonly number[] = []): void {
  const inside = net.childrenOf(parent)
  const starts = inside.filter((element) => element.kind === 'startEvent')
  for (const start of starts) {
    for (const exit of net.exits(start)) {
      const move: Draft = { kind: 'silent', element: start.id, inputs: [source], outputs: [...exit.outputs, ...also], flows: exit.flows }
      net.add(start.bindings.length > 0 ? { ...move, kind: 'observe', phase: firstPhase(start) } : move)
    }
  }
  if (starts.length > 0) return
  const implicit = inside.filter((element) => element.incoming.length === 0 && element.attachedTo === undefined
    && element.triggeredByEvent !== true && element.isForCompensation !== true)
  const outputs = implicit.map((element) => net.place('at', element.id, scope))
  net.add({ kind: 'silent', element: parent ?? implicit[0]?.id ?? '', inputs: [source], outputs: [...outputs, ...also], flows: [] })
}
