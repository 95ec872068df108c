/** Ends: the token goes; what is thrown there happens with it. */
import type { Element } from '../../model.js'
import type { Draft, ElementRule, NetBuilder } from '../builder.js'
import { happenings } from '../happening.js'
import { addUndoing } from './compensation.js'
import { addLingering, addOnwards } from './signal.js'
import { addThrown, endOfProcess, throwingOf, thrownOut } from './throwing.js'
import { addCancel, cancelledBy } from './transaction.js'

export const endEvent: ElementRule = {
  compile(net, element) {
    if (element.trigger?.kind === 'compensation' && addUndoing(net, element)) return
    addOnwards(net, element)
    for (const { place, flows } of net.entries(element)) {
      for (const happening of happenings(element)) end(net, element, { ...happening, element: element.id, inputs: [place], outputs: [], flows })
    }
  },
}

function end(net: NetBuilder, element: Element, move: Draft): void {
  const trigger = element.trigger?.kind
  if (addLingering(net, element, move)) return
  if (trigger === 'terminate') {
    const scope = net.scopeAround(element)
    net.add(scope === 0 ? { ...move, ...endOfProcess(net) } : { ...move, clears: net.placesInside(scope) })
  } else if (trigger === 'error' || trigger === 'escalation') {
    const { caught, uncaught } = throwingOf(net, element, trigger)
    addThrown(net, move, caught, { outputs: [], flows: [] })
    if (uncaught !== undefined) net.add({ ...move, ...uncaught, ...(trigger === 'error' ? endOfProcess(net) : {}), ...thrownOut(element) })
  } else {
    const transaction = trigger === 'cancel' ? cancelledBy(net, element) : undefined
    if (transaction === undefined) net.add(move)
    else addCancel(net, transaction, element, move)
  }
}
