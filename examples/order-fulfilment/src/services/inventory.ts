import { misfortuneOf } from '../behaviour.js'
import { DAY_MS, HOUR_MS } from '../clock.js'
import type { World } from '../service.js'
import { orderOf, Service } from '../service.js'

const RESERVE_MS = { least: HOUR_MS, most: 8 * HOUR_MS }
const RESTOCK_MS = { least: 2 * DAY_MS, most: 5 * DAY_MS }
const PACK_MS = { least: 12 * HOUR_MS, most: 36 * HOUR_MS }
/** Later than the fortnight after which the customer hears of the delay, early enough to arrive before the order is cancelled. */
const PACK_LATE_MS = { least: 14.5 * DAY_MS, most: 15.5 * DAY_MS }

/** The warehouse: sets goods aside, buys more where they are missing, packs them. */
export class Inventory {
  readonly #service: Service

  constructor(world: World) {
    this.#service = new Service('inventory', world)
    this.#service.on('payment.received', (event) => this.#reserve(orderOf(event)))
  }

  #reserve(orderId: string): void {
    const misfortune = misfortuneOf(this.#service.world.dice, this.#service.world.mix, orderId)
    this.#service.work('reserve', orderId, RESERVE_MS, () => {
      if (misfortune !== 'goodsMissing') return this.#setAside(orderId)

      this.#service.say('goods.missing', orderId, { orderId })
      this.#service.work('restock', orderId, RESTOCK_MS, () => {
        this.#service.say('goods.restocked', orderId, { orderId })
        this.#service.work('reserve again', orderId, RESERVE_MS, () => this.#setAside(orderId))
      })
    })
  }

  #setAside(orderId: string): void {
    this.#service.say('goods.reserved', orderId, { orderId, warehouse: 'north' })

    const misfortune = misfortuneOf(this.#service.world.dice, this.#service.world.mix, orderId)
    if (misfortune === 'packingForgotten') return this.#service.note(orderId, 'forgot', { note: 'nobody packs the goods' })
    this.#service.work('pack', orderId, misfortune === 'packedLate' ? PACK_LATE_MS : PACK_MS, () => {
      this.#service.say('goods.packed', orderId, { orderId, parcels: 1 })
    })
  }
}
