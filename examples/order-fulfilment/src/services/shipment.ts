import { DAY_MS, HOUR_MS } from '../clock.js'
import type { World } from '../service.js'
import { orderOf, Service } from '../service.js'

const COLLECT_MS = { least: 2 * HOUR_MS, most: 12 * HOUR_MS }
const DELIVER_MS = { least: DAY_MS, most: 4 * DAY_MS }
/** Orders of which one half is ready; beyond, the oldest are given up, as they would be cancelled by then. */
const MAX_HALF_READY = 100_000

/**
 * Hands parcels to the carrier once goods and invoice are ready. Its clock is fast, and the carrier who reports the delivery knows the
 * shipment's number only: shipment.dispatched is the one event that tells both.
 */
export class Shipment {
  readonly #service: Service
  /** What is ready of an order so far. */
  readonly #halfReady = new Map<string, string>()

  constructor(world: World) {
    this.#service = new Service('shipment', world, world.mix.shipmentSkewMs)
    for (const type of ['goods.packed', 'invoice.issued']) this.#service.on(type, (event) => this.#isReady(orderOf(event), type))
  }

  #isReady(orderId: string, type: string): void {
    const other = this.#halfReady.get(orderId)
    if (other !== undefined && other !== type) {
      this.#halfReady.delete(orderId)
      return this.#ship(orderId)
    }
    this.#halfReady.set(orderId, type)
    if (this.#halfReady.size <= MAX_HALF_READY) return
    const oldest = this.#halfReady.keys().next()
    if (!oldest.done) this.#halfReady.delete(oldest.value)
  }

  #ship(orderId: string): void {
    const shipmentId = `S-${orderId}`
    const { dice } = this.#service.world
    const carrier = dice.pick(['Kestrel', 'Meridian', 'Postbus'], orderId, 'carrier')
    this.#service.work('collect', orderId, COLLECT_MS, () => {
      this.#service.say('shipment.dispatched', orderId, { orderId, shipmentId, carrier })
      this.#service.work('deliver', orderId, DELIVER_MS, () => {
        this.#service.say('shipment.delivered', orderId, { shipmentId, carrier }, { subject: shipmentId })
      })
    })
  }
}
