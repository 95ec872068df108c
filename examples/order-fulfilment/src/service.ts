import type { Mix } from './behaviour.js'
import type { Bus } from './bus.js'
import type { Clock } from './clock.js'
import type { CloudEvent, Outlet } from './event.js'
import type { Did, Journal, JournalEntry } from './journal.js'
import type { Dice } from './random.js'
import { Recent } from './recent.js'

/** What all services of the shop share. */
export interface World {
  readonly clock: Clock
  readonly dice: Dice
  readonly bus: Bus
  readonly journal: Journal
  readonly outlet: Outlet
  readonly mix: Mix
}

/** A request to a service, as it came in. */
export interface Command {
  readonly id: string
  readonly type: string
  readonly orderId: string
  readonly data: Readonly<Record<string, unknown>>
}

/** Where an event has parts beyond its type, order and data. */
export interface Particulars {
  /** Distinguishes events of one type of one order: the second failure, the answer to a certain command. */
  readonly nth?: number | string
  /** The order, unless said otherwise. */
  readonly subject?: string
  readonly causedBy?: Command
}

/** Copies of an event come within minutes: this many events cover a day of a busy shop. */
const MAX_SEEN = 50_000
/** Work in flight ends within days; so many orders are not cancelled in that time. */
const MAX_CANCELLED = 10_000

/** One service's side of the choreography: it hears of others' work, takes its time, and says what it has done. */
export class Service {
  readonly #seen = new Recent(MAX_SEEN)
  readonly #cancelled = new Recent(MAX_CANCELLED)

  /** `skewMs`: how far this service's clock is ahead of the true time. */
  constructor(readonly name: string, readonly world: World, private readonly skewMs = 0) {
    world.bus.subscribe('order.cancelled', (event) => this.stopWorkOn(orderOf(event)))
  }

  /** The bus delivers at least once; `react` hears each event once, and nothing of cancelled orders. */
  on(type: string, react: (event: CloudEvent) => void): void {
    this.world.bus.subscribe(type, (event) => {
      if (!this.#cancelled.has(orderOf(event)) && this.#seen.add(`${event.source} ${event.id}`)) react(event)
    })
  }

  /** Does a piece of work that takes between `least` and `most` milliseconds, unless the order is cancelled meanwhile. */
  work(what: string, orderId: string, duration: { readonly least: number; readonly most: number }, done: () => void): void {
    const { clock, dice } = this.world
    clock.after(dice.between(duration.least, duration.most, orderId, this.name, what), () => {
      if (!this.#cancelled.has(orderId)) done()
      else this.note(orderId, 'stopped', { note: what })
    })
  }

  stopWorkOn(orderId: string): void {
    this.#cancelled.add(orderId)
  }

  /** Tells the others, and the outside. */
  say(type: string, orderId: string, data: Readonly<Record<string, unknown>>, { nth, subject, causedBy }: Particulars = {}): void {
    const event: CloudEvent = {
      specversion: '1.0',
      id: nth === undefined ? `${orderId}:${type}` : `${orderId}:${type}:${nth}`,
      source: `/shop/${this.name}`,
      type,
      subject: subject ?? orderId,
      time: new Date(this.world.clock.now() + this.skewMs).toISOString(),
      datacontenttype: 'application/json',
      data,
      ...(causedBy === undefined ? {} : { causationid: causedBy.id }),
    }
    this.note(orderId, 'emitted', { type, eventId: event.id, ...(causedBy === undefined ? {} : { commandId: causedBy.id }) })
    this.world.bus.publish(event)
    this.world.outlet.offer({ service: this.name, orderId, event })
  }

  note(orderId: string, did: Did, more: Partial<JournalEntry> = {}): void {
    this.world.journal.write({ time: new Date(this.world.clock.now()).toISOString(), service: this.name, orderId, did, ...more })
  }
}

/** The order an event is about; '' where it does not say. */
export function orderOf(event: CloudEvent): string {
  return typeof event.data['orderId'] === 'string' ? event.data['orderId'] : ''
}
