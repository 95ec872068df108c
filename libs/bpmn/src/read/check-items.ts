/** Whether passes that may overlap can be told apart. */
import type { Element, Finding } from '../model.js'
import { mayOverlap, whyNotDivided } from '../net/item-scopes.js'
import { called, finding } from './finding-codes.js'
import type { Graph } from './graph.js'

export function checkItems({ process }: Graph): Finding[] {
  return process.elements.flatMap((element) => {
    if (element.itemKey !== undefined) {
      const why = whyNotDivided(process, element)
      return why === undefined ? [] : [finding('itemKeyUnused', element.id, `The item key of ${called(element)} is not used: ${why}.`)]
    }
    return mayOverlap(process, element) && whyNotDivided(process, element) === undefined ? [finding('itemsTogether', element.id,
      `${whatOverlaps(element)} Give its events a field that names the item, and say which: tm:item key="data..." in its extension elements, or item: data... in the mapping.`)] : []
  })
}

function whatOverlaps(element: Element): string {
  const what = element.kind === 'boundaryEvent' ? 'What follows' : element.triggeredByEvent === true ? 'The event sub-process' : 'Instances of'
  return `${what} ${called(element)} may run several times at once, and nothing says which of them an event belongs to: `
    + 'what one of them lost may seem to be done by another, and how they end is a guess.'
}
