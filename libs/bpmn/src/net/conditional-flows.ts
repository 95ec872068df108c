import type { Element } from '../model.js'

/** Conditional flows out of an activity may be taken in any combination; beyond this many only one at a time is considered. */
const MAX_COMBINED_FLOWS = 3

/** Sets of flows that may be taken together out of an activity or event: those without a condition always, of the others what may hold. */
export function conditionalSets(element: Element, hasCondition: (flow: string) => boolean): readonly (readonly string[])[] {
  const conditional = element.outgoing.filter((flow) => element.defaultFlow === flow || hasCondition(flow))
  const always = element.outgoing.filter((flow) => !conditional.includes(flow))
  const sets: (readonly string[])[] = conditional.length === 0 ? [[]] : [...combinations(conditional, element.defaultFlow)]
  if (conditional.length > 0 && always.length > 0 && element.defaultFlow === undefined) sets.push([])
  return sets.map((set) => [...always, ...set])
}

function combinations(flows: readonly string[], byDefault: string | undefined): readonly string[][] {
  if (flows.length > MAX_COMBINED_FLOWS) return flows.map((flow) => [flow])
  const sets: string[][] = []
  for (let bits = 1; bits < 1 << flows.length; bits++) {
    const set = flows.filter((_, index) => (bits >> index) & 1)
    if (byDefault !== undefined && set.includes(byDefault) && set.length > 1) continue
    sets.push(set)
  }
  return sets
}
