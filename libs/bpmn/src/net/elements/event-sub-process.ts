/**
 * A sub-process that an event starts while the scope around it is open. An interrupting one empties that scope and goes on alone in it; one that
 * does not interrupt runs beside, as often as its event comes.
 */
import type { Element } from '../../model.js'
import { hasPhase, type Draft, type Exit, type NetBuilder } from '../builder.js'
import { catches } from '../happening.js'
import { leadsToCommand } from './leads-to-command.js'
import { countAllButOne } from './parallel-multiple.js'
import { begunByNothing, interruptedPlace, openPlace, openPlaces } from './scope.js'

export function eventSubProcess(net: NetBuilder, element: Element): void {
  for (const start of startsOf(net, element)) {
    // Compensation is asked for by what throws it.
    if (start.trigger?.kind === 'compensation') continue
    const isNotedOnly = start.interrupting !== false && net.process.mode === 'observe' && leadsToCommand(net, start)
    const entry = entering(net, element, start)
    const counted = countAllButOne(net, start, [openPlace(net, net.element(element.parent))])
    for (const way of waysToBegin(element, start)) {
      const move = { ...entry, ...way, ...(way.kind === 'timer' && isNotedOnly ? { notedOnly: true } : {}), inputs: counted === undefined ? entry.inputs : [...entry.inputs, counted] }
      for (const { outputs, flows } of beginnings(net, element, start)) net.add({ ...move, flows, outputs: [...outputs, ...goesOn(net, element, start)] })
    }
  }
  for (const place of openPlaces(net, element)) {
    const done: Draft = { kind: 'silent', element: element.id, inputs: [place], outputs: [], flows: [], whenEmpty: net.scopeInside(element.id) }
    net.add(hasPhase(element, 'end') ? { ...done, kind: 'observe', phase: 'end' } : done)
  }
}

export function startsOf(net: NetBuilder, element: Element): readonly Element[] {
  return net.childrenOf(element.id).filter((child) => child.kind === 'startEvent')
}

/** What beginning it takes from the scope around it, whether an event says so or something that is thrown. */
export function entering(net: NetBuilder, element: Element, start: Element): Pick<Draft, 'inputs' | 'reads' | 'clears'> {
  const open = openPlace(net, net.element(element.parent))
  return start.interrupting === false ? { inputs: [], reads: [open] } : { inputs: [open], reads: [], clears: net.placesInside(net.scopeAround(element)) }
}

/** Where the scope around it goes on, interrupted. */
export function goesOn(net: NetBuilder, element: Element, start: Element): readonly number[] {
  return start.interrupting === false ? [] : [interruptedPlace(net, net.element(element.parent))]
}

/** The tokens that it begins with: its own, those behind the start event, and those of activities that nothing leads to. */
export function beginnings(net: NetBuilder, element: Element, start: Element): readonly Exit[] {
  const always = [openPlace(net, element), ...begunByNothing(net, element.id).map((child) => net.place('at', child.id, net.scopeInside(element.id)))]
  return net.exits(start).map(({ outputs, flows }) => ({ outputs: [...always, ...outputs], flows }))
}

/** By an event of its own, or one of the sub-process that says that it has begun, or unseen; and by a timer. */
function waysToBegin(element: Element, start: Element): readonly Pick<Draft, 'kind' | 'element' | 'phase'>[] {
  const own = catches(start, 'guess').map((happening) => ({ ...happening, element: start.id }))
  if (start.bindings.length > 0 || !hasPhase(element, 'start')) return own
  return [{ kind: 'observe', element: element.id, phase: 'start' }, ...own.filter(({ kind }) => start.trigger?.kind === 'multiple' && kind === 'timer')]
}
