import type { Mix } from './behaviour.js'
import type { Clock } from './clock.js'
import { DAY_MS, MINUTE_MS } from './clock.js'
import type { Emission, Outlet } from './event.js'
import type { Journal } from './journal.js'
import type { Dice } from './random.js'

const REPEATED_AFTER_MS = { least: MINUTE_MS, most: 30 * MINUTE_MS }
const LATE_BY_MS = { least: DAY_MS, most: 2 * DAY_MS }

/**
 * What goes wrong between a service and the outside: some events leave twice, some a day or two late (with their true time), some never.
 * The shop's own bus is not touched by it; each mishap is journalled.
 */
export class Mishaps implements Outlet {
  constructor(
    private readonly outlet: Outlet, private readonly clock: Clock, private readonly dice: Dice, private readonly mix: Mix,
    private readonly journal: Journal,
  ) {}

  offer(emission: Emission): void {
    const { id } = emission.event
    const { neverSent, sentLate, sentTwice } = this.mix
    const luck = this.dice.roll(id, 'mishap')
    if (luck < neverSent) return this.#note(emission, 'withheld')

    if (luck < neverSent + sentLate) {
      this.#note(emission, 'delayed')
      return this.clock.after(this.dice.between(LATE_BY_MS.least, LATE_BY_MS.most, id, 'lateBy'), () => this.outlet.offer(emission))
    }
    this.outlet.offer(emission)
    if (luck >= neverSent + sentLate + sentTwice) return

    this.#note(emission, 'repeated')
    const afterMs = this.dice.between(REPEATED_AFTER_MS.least, REPEATED_AFTER_MS.most, id, 'repeatedAfter')
    this.clock.after(afterMs, () => this.outlet.offer(emission))
  }

  #note({ service, orderId, event }: Emission, did: 'withheld' | 'delayed' | 'repeated'): void {
    this.journal.write({ time: new Date(this.clock.now()).toISOString(), service, orderId, did, type: event.type, eventId: event.id })
  }
}
