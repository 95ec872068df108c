/**
 * An exact alignment: Dijkstra over (tokens, position in the trace) on the token player, with every deviation at cost 1. Slow and simple, so that
 * what is fast can be held against it.
 */
import type { Player, Tokens } from './player.js'

/** Cost of the cheapest explanation of the trace, Infinity beyond `most`. `whole`: the case must have ended after it. */
export function alignmentCost(player: Player, trace: readonly (readonly string[])[], { whole = true, most = Infinity } = {}): number {
  const best = new Map<string, number>()
  // Costs are small whole numbers: one stack for each is a priority queue.
  const stacks: { tokens: Tokens; at: number }[][] = []
  const reach = (reached: Tokens, at: number, cost: number) => {
    const tokens = player.settled(reached)
    const key = `${at} ${tokens}`
    if ((best.get(key) ?? Infinity) <= cost) return
    best.set(key, cost)
    const stack = (stacks[cost] ??= [])
    stack.push({ tokens, at })
  }
  reach(player.initial, 0, 0)
  for (let cost = 0; cost < stacks.length && cost <= most; cost++) {
    const stack = stacks[cost] ?? []
    for (let state = stack.pop(); state !== undefined; state = stack.pop()) {
      const { tokens, at } = state
      if ((best.get(`${at} ${tokens}`) ?? 0) < cost) continue
      if (at === trace.length && (tokens === '' || !whole)) return cost
      const labels = trace[at]
      for (const move of player.moves(tokens)) {
        if (move.kind === 'silent') reach(move.next, at, cost)
        else reach(move.next, at, cost + 1)
        if (move.kind === 'observe' && labels?.includes(move.label) === true) reach(move.next, at + 1, cost)
      }
      if (at < trace.length) reach(tokens, at + 1, cost + 1)
    }
  }
  return Infinity
}
