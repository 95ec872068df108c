/**
 * All cheapest explanations of a trace, every deviation at cost 1, event by event on the token player: what somebody would know who could look at
 * everything. Slow and without bounds, so that it can be said what a faster reader could have known.
 */
import type { Player, Tokens } from './player.js'

export class Explanations {
  readonly #player: Player
  #costs: ReadonlyMap<Tokens, number>

  constructor(player: Player) {
    this.#player = player
    this.#costs = new Map([[player.settled(player.initial), 0]])
  }

  /** An event that is one of these labels. `most`: explanations dearer than this are dropped. */
  observe(labels: readonly string[], most: number): void {
    const next = new Map<Tokens, number>()
    const reach = (tokens: Tokens, cost: number) => {
      const settled = this.#player.settled(tokens)
      if (cost <= most && cost < (next.get(settled) ?? Infinity)) next.set(settled, cost)
    }
    for (const [tokens, cost] of this.#costs) reach(tokens, cost + 1)
    for (const [tokens, cost] of this.#reached(most)) {
      for (const move of this.#player.moves(tokens)) if (move.kind === 'observe' && labels.includes(move.label)) reach(move.next, cost)
    }
    this.#costs = next
  }

  /** Cost of the cheapest; Infinity where there is none. */
  get cost(): number {
    return Math.min(...this.#costs.values())
  }

  /** Where the cheapest end. */
  get cheapest(): readonly Tokens[] {
    const least = this.cost
    return [...this.#costs].filter(([, cost]) => cost === least).map(([tokens]) => tokens)
  }

  /** Over silent steps, and steps without their event at 1 each. */
  #reached(most: number): ReadonlyMap<Tokens, number> {
    const reached = new Map<Tokens, number>()
    const stacks: Tokens[][] = []
    const reach = (tokens: Tokens, cost: number) => {
      if (cost > most || cost >= (reached.get(tokens) ?? Infinity)) return
      reached.set(tokens, cost)
      const stack = (stacks[cost] ??= [])
      stack.push(tokens)
    }
    for (const [tokens, cost] of this.#costs) reach(tokens, cost)
    for (let cost = 0; cost < stacks.length; cost++) {
      const stack = stacks[cost] ?? []
      for (let tokens = stack.pop(); tokens !== undefined; tokens = stack.pop()) {
        if (reached.get(tokens) !== cost) continue
        for (const move of this.#player.moves(tokens)) reach(move.next, cost + (move.kind === 'silent' ? 0 : 1))
      }
    }
    return reached
  }
}
