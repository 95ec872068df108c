/**
 * Activities with a loop marker: after each instance the token lies where it is open whether another one follows. Parallel instances begin while
 * others are inside, sequential ones and standard loops after the one before. How many there are to be is known to data alone (track/repetitions.ts);
 * here any number of at least one is possible.
 */
import type { Element } from '../../model.js'
import { hasPhase, type Draft, type ElementRule, type NetBuilder } from '../builder.js'
import { addItems } from './items.js'
import { openPlaces, opensScope } from './scope.js'

/** The rule of an activity that may have a loop marker. */
export function repeatable(rule: ElementRule): ElementRule {
  return {
    ...rule,
    repeats: isRepeated,
    compile(net, element) {
      rule.compile(net, element)
      if (isRepeated(element)) addRepetition(net, element)
    },
  }
}

/** Without anything to see of it, and where we act ourselves, once is as good as often. */
function isRepeated(element: Element): boolean {
  return element.loop !== undefined && element.command === undefined && (element.bindings.length > 0 || opensScope(element))
    && element.triggeredByEvent !== true && element.isForCompensation !== true
}

function addRepetition(net: NetBuilder, element: Element): void {
  const scope = net.scopeAround(element)
  const entry = net.place('at', element.id, scope)
  const again = net.again(element)
  const isParallel = element.loop?.kind === 'parallel'
  const inside = opensScope(element) ? openPlaces(net, element) : hasPhase(element, 'start') ? [net.place('in', element.id, scope)] : []
  const silent: Pick<Draft, 'kind' | 'element'> = { kind: 'silent', element: element.id }
  net.add({ ...silent, inputs: [again], outputs: [entry], flows: [] })
  const over: Pick<Draft, 'clears' | 'whenEmpty'> = isParallel && inside.length > 0 ? { clears: [again], whenEmpty: net.groupOf(element.id, [entry, ...inside]) } : {}
  for (const exit of net.exitsWhenOver(element)) {
    net.add({ ...silent, ...over, ...exit, inputs: [again] })
    net.add({ ...silent, ...exit, inputs: [entry], ...(element.loop?.testBefore === true ? {} : { onlyDecided: true }) })
  }
  if (element.itemThrows !== undefined) addItems(net, element, net.exitsWhenOver(element))
  if (!isParallel) return
  const begun = opensScope(element) ? [net.place('source', element.id, net.scopeInside(element.id))] : []
  for (const place of inside) net.add({ ...silent, inputs: [], reads: [place], outputs: [entry], flows: [], unless: [entry, ...begun] })
}
