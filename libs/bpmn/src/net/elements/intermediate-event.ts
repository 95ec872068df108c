/** Events in the middle of a path: seen, thrown by our command, waited for as a timer or condition, or passed silently (none and link events). */
import type { Element } from '../../model.js'
import type { Draft, ElementRule, Exit, NetBuilder } from '../builder.js'
import { happenings } from '../happening.js'
import { addUndoing } from './compensation.js'
import { awaitAllButOne } from './parallel-multiple.js'
import { addLingering, addOnwards } from './signal.js'
import { addThrown, throwingOf, thrownOut } from './throwing.js'

export const intermediateEvent: ElementRule = {
  compile(net, element) {
    const catches = element.kind === 'intermediateCatchEvent' ? element.trigger?.kind : undefined
    if (element.trigger?.kind === 'compensation' && addUndoing(net, element)) return
    if (catches === undefined) addOnwards(net, element)
    for (const entry of net.entries(element)) {
      const place = catches === 'parallelMultiple' ? awaitAllButOne(net, element, entry.place, entry.flows) : entry.place
      const flows = place === entry.place ? entry.flows : []
      for (const happening of happenings(element)) {
        const move: Draft = { ...happening, element: element.id, inputs: [place], outputs: [], flows }
        if (catches === undefined && addLingering(net, element, move)) continue
        for (const exit of net.exits(element)) {
          if (catches === undefined && element.trigger?.kind === 'escalation') escalate(net, element, move, exit)
          else if (move.kind !== 'silent') pass(net, move, exit)
          // A condition that nobody can evaluate, or one of several triggers, is passed when what follows says so.
          else pass(net, { ...move, rests: catches === 'conditional' || catches === 'multiple' || catches === 'parallelMultiple' }, exit)
        }
      }
    }
  },
}

function pass(net: NetBuilder, move: Draft, exit: Exit): void {
  net.add({ ...move, outputs: exit.outputs, flows: [...move.flows, ...exit.flows] })
}

function escalate(net: NetBuilder, element: Element, move: Draft, exit: Exit): void {
  const { caught, uncaught } = throwingOf(net, element, 'escalation')
  addThrown(net, move, caught, exit)
  if (uncaught !== undefined) pass(net, { ...move, ...uncaught, ...thrownOut(element) }, exit)
}
