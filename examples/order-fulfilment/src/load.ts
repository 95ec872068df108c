import type { Mix } from './behaviour.js'
import { DEFAULT_MIX } from './behaviour.js'
import type { Choreography } from './choreography.js'
import { startServices } from './choreography.js'
import { DAY_MS } from './clock.js'
import type { Receipt } from './command-desk.js'
import type { CloudEvent, Emission } from './event.js'
import { Journal } from './journal.js'
import type { Command } from './service.js'
import { VirtualClock } from './virtual-clock.js'

export interface LoadOptions {
  readonly orders: number
  /** Domain time of the opening. */
  readonly startTime: string | number | Date
  readonly seed?: string
  readonly ordersPerDay?: number
  readonly mix?: Partial<Mix>
  /**
   * `none`: only what the consumer gives to `command` (default). `timely`: an order that is open after 14 days is told of, and after 21
   * cancelled, as a tracker would have it.
   */
  readonly commands?: 'none' | 'timely'
  /** Orders that the journal keeps; default: all. */
  readonly journalOrders?: number
}

/** An event as it comes in. */
export interface Arrival {
  /** Domain time of its arrival, epoch milliseconds; its own `time` is when it happened, by its service's clock. */
  readonly at: number
  readonly service: string
  readonly event: CloudEvent
}

/** Virtual time after an order's start at which `timely` commands come, half an hour of grace included. */
const TELL_AFTER_MS = 14 * DAY_MS + DAY_MS / 48
const CANCEL_AFTER_MS = 21 * DAY_MS + DAY_MS / 48
const ORDERS_PER_DAY = 500

/** The shop without network and without waiting: iterate for its events, in the order in which a sink would get them. */
export function generateOrders(options: LoadOptions): OrderRun {
  return new OrderRun(options)
}

/** One run. Events come as they are asked for; it can be iterated once, and ends when every order has ended or is stuck. */
export class OrderRun implements Iterable<CloudEvent> {
  readonly journal: Journal
  readonly #clock: VirtualClock
  readonly #services: Choreography
  readonly #arrived: Arrival[] = []

  constructor({ orders, startTime, seed = 'tidemark', ordersPerDay = ORDERS_PER_DAY, mix, commands, journalOrders }: LoadOptions) {
    const startMs = new Date(startTime).getTime()
    if (Number.isNaN(startMs)) throw new Error(`startTime is no time: ${String(startTime)}`)
    this.#clock = new VirtualClock(startMs)
    this.journal = new Journal({ maxOrders: journalOrders ?? orders })
    this.#services = startServices({
      clock: this.#clock, seed, mix: { ...DEFAULT_MIX, ...mix }, journal: this.journal,
      outlet: { offer: (emission) => this.#arrive(emission, commands === 'timely') },
    })
    this.#services.checkout.open({ perDay: ordersPerDay, limit: orders, mayPlace: () => true })
  }

  /** Domain time that the run has come to. */
  now(): number {
    return this.#clock.now()
  }

  /** Gives a command to a service, now in the run's time. */
  command(service: 'order' | 'notification', command: Command): Receipt {
    return this.#services.desk.take(service, command)
  }

  *[Symbol.iterator](): Generator<CloudEvent, void> {
    for (const { event } of this.arrivals()) yield event
  }

  *arrivals(): Generator<Arrival, void> {
    do {
      for (let arrival = this.#arrived.shift(); arrival !== undefined; arrival = this.#arrived.shift()) yield arrival
    } while (this.#clock.step())
  }

  #arrive({ service, orderId, event }: Emission, isTimely: boolean): void {
    const at = this.#clock.now()
    this.#arrived.push({ at, service, event })
    this.journal.write({ time: new Date(at).toISOString(), service, orderId, did: 'acknowledged', type: event.type, eventId: event.id })
    if (isTimely && event.type === 'order.placed') this.#watch(orderId, Date.parse(event.time))
  }

  #watch(orderId: string, placedMs: number): void {
    const sendIfOpen = (service: 'order' | 'notification', type: string): void => {
      const hasEnded = this.journal.of(orderId).some(({ did, type: said }) => did === 'emitted' && said === 'order.completed')
      if (!hasEnded) this.command(service, { id: `${orderId}:${type}`, type, orderId, data: { orderId } })
    }
    this.#clock.after(placedMs + TELL_AFTER_MS - this.now(), () => sendIfOpen('notification', 'customer.notifyDelay'))
    this.#clock.after(placedMs + CANCEL_AFTER_MS - this.now(), () => sendIfOpen('order', 'order.cancel'))
  }
}
