import { HOUR_MS, MINUTE_MS } from '../clock.js'
import { outcomeOf } from '../outcome.js'
import type { Command, World } from '../service.js'
import { orderOf, Service } from '../service.js'

/** Shorter than the shipment service's clock is fast, at times: then an order seems completed before its parcel was delivered. */
const COMPLETE_MS = { least: 12 * MINUTE_MS, most: HOUR_MS }
const CANCEL_MS = { least: 10 * MINUTE_MS, most: HOUR_MS }

/** The books: says when an order has ended, and is the one who can end it early. */
export class Order {
  readonly #service: Service
  readonly #open = new Set<string>()
  readonly #orderOfShipment = new Map<string, string>()

  constructor(world: World) {
    this.#service = new Service('order', world)
    for (const orderId of world.journal.orderIds()) {
      if (!['completed', 'cancelled'].includes(outcomeOf(world.journal, orderId).end)) this.#open.add(orderId)
    }
    this.#service.on('order.placed', (event) => this.#open.add(orderOf(event)))
    this.#service.on('shipment.dispatched', (event) => this.#orderOfShipment.set(String(event.data['shipmentId']), orderOf(event)))
    this.#service.on('shipment.delivered', (event) => this.#complete(String(event.data['shipmentId'])))
  }

  /** Obeys order.cancel, unless the order has ended: then there is nothing left to cancel, and the outside missed how it ended. */
  obey(command: Command): void {
    const { orderId, id: commandId, type } = command
    if (!this.#open.delete(orderId)) {
      return this.#service.note(orderId, 'declined', { type, commandId, note: 'no open order of this id' })
    }
    this.#service.note(orderId, 'obeyed', { type, commandId })
    this.#service.work('cancel', orderId, CANCEL_MS, () => {
      this.#service.say('order.cancelled', orderId, { orderId, reason: command.data['reason'] ?? 'asked for' }, { causedBy: command })
    })
  }

  #complete(shipmentId: string): void {
    const orderId = this.#orderOfShipment.get(shipmentId)
    this.#orderOfShipment.delete(shipmentId)
    if (orderId === undefined) return
    this.#service.work('complete', orderId, COMPLETE_MS, () => {
      if (this.#open.delete(orderId)) this.#service.say('order.completed', orderId, { orderId })
    })
  }
}
