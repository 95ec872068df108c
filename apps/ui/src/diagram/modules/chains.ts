/** Where a sequence flow begins and ends. Ends that are the same place are the same text: see placeOf in travellers.ts. */
export interface Ends {
  from: string
  to: string
}

/** Flows that one dot follows one after the other. `after`: the chain, and how many of its flows, that it forks off from. */
export interface Chain {
  flows: string[]
  after?: { chain: number; flows: number }
}

/**
 * The flows that an instance took, in order, as the ways of its tokens: a flow goes on the way that has reached its source; at a parallel
 * split the second branch is a way of its own, which begins when the first has come to the split.
 */
export function chainsOf(flows: readonly string[], endsOf: (flow: string) => Ends | undefined): Chain[] {
  const chains: (Chain & { reached: string[] })[] = []
  for (const flow of flows) {
    const ends = endsOf(flow)
    if (ends === undefined) continue
    const going = chains.find(({ reached }) => reached.at(-1) === ends.from)
    if (going !== undefined) {
      going.flows.push(flow)
      going.reached.push(ends.to)
      continue
    }
    const forked = chains.findIndex(({ reached }) => reached.includes(ends.from))
    chains.push({
      flows: [flow],
      reached: [ends.to],
      ...(forked >= 0 && { after: { chain: forked, flows: chains[forked]!.reached.lastIndexOf(ends.from) + 1 } }),
    })
  }
  return chains.map(({ flows: those, after }) => ({ flows: those, ...(after !== undefined && { after }) }))
}
