/** Events at the border of an activity: they compete for its token, or leave it there and start one of their own. */
import type { Element } from '../../model.js'
import { hasPhase, type Draft, type ElementRule, type NetBuilder } from '../builder.js'
import { catches } from '../happening.js'
import { callsAnother } from './call-activity.js'
import { addFirings } from './items.js'
import { leadsToCommand } from './leads-to-command.js'
import { countAllButOne } from './parallel-multiple.js'
import { openPlaces, opensScope } from './scope.js'
import { isCancellable } from './transaction.js'

export const boundaryEvent: ElementRule = {
  compile(net, element) {
    const host = net.element(element.attachedTo)
    if (host === undefined) return
    if (element.itemThrows !== undefined) return addFirings(net, element, hostPlaces(net, host))
    const trigger = element.trigger?.kind ?? 'none'
    if (trigger === 'compensation') return
    // Left by the transaction itself.
    if (trigger === 'cancel' && isCancellable(net, host)) return
    const interrupting = element.interrupting !== false
    const isNotedOnly = interrupting && net.process.mode === 'observe' && leadsToCommand(net, element)
    const ways = catches(element, 'guess').map((happening): Pick<Draft, 'kind' | 'element' | 'phase' | 'clears' | 'notedOnly'> => ({
      ...happening,
      element: element.id,
      ...(interrupting && opensScope(host) ? { clears: net.everythingInside(net.scopeInside(host.id)) } : {}),
      ...(happening.kind === 'timer' && isNotedOnly ? { notedOnly: true } : {}),
    }))
    const places = hostPlaces(net, host)
    const counted = countAllButOne(net, element, places)
    for (const place of places) {
      const taken = [...(interrupting ? [place] : []), ...(counted === undefined ? [] : [counted])]
      for (const way of ways) for (const exit of net.exits(element)) net.add({ ...way, ...exit, inputs: taken, reads: interrupting ? [] : [place] })
    }
  },
}

/** Where the token of a running host may lie. */
function hostPlaces(net: NetBuilder, host: Element): readonly number[] {
  const scope = net.scopeAround(host)
  if (opensScope(host)) return openPlaces(net, host)
  const places = net.entries(host).map((entry) => entry.place)
  return hasPhase(host, 'start') || callsAnother(host) ? [...places, net.place('in', host.id, scope)] : places
}
