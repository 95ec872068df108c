import type { Clock } from './clock.js'
import { MINUTE_MS } from './clock.js'
import type { CloudEvent } from './event.js'
import type { Dice } from './random.js'

/** A delivery takes between these two, so neighbours may overtake each other. */
const LATENCY_MS = { least: 5_000, most: 2 * MINUTE_MS }
/** The second copy comes this much later at most. */
const REPEAT_WITHIN_MS = 10 * MINUTE_MS

type Listener = (event: CloudEvent) => void

/** The shop's own publish and subscribe: at least once, in no particular order, in memory. */
export class Bus {
  readonly #listeners = new Map<string, Listener[]>()

  constructor(private readonly clock: Clock, private readonly dice: Dice, private readonly twice: number) {}

  subscribe(type: string, listener: Listener): void {
    const others = this.#listeners.get(type)
    if (others === undefined) this.#listeners.set(type, [listener])
    else others.push(listener)
  }

  publish(event: CloudEvent): void {
    this.#listeners.get(event.type)?.forEach((listener, nth) => {
      const latencyMs = this.dice.between(LATENCY_MS.least, LATENCY_MS.most, event.id, 'latency', nth)
      this.clock.after(latencyMs, () => listener(event))
      if (!this.dice.isTrue(this.twice, event.id, 'busTwice', nth)) return
      this.clock.after(latencyMs + this.dice.between(0, REPEAT_WITHIN_MS, event.id, 'repeat', nth), () => listener(event))
    })
  }
}
