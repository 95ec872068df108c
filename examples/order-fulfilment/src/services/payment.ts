import { misfortuneOf } from '../behaviour.js'
import { HOUR_MS } from '../clock.js'
import type { World } from '../service.js'
import { orderOf, Service } from '../service.js'

const CHARGE_MS = { least: HOUR_MS, most: 6 * HOUR_MS }
const CUSTOMER_TRIES_AGAIN_MS = { least: 18 * HOUR_MS, most: 30 * HOUR_MS }
const INVOICE_MS = { least: HOUR_MS, most: 12 * HOUR_MS }

/** Takes the money, and writes the invoice once the goods are certain. */
export class Payment {
  readonly #service: Service

  constructor(world: World) {
    this.#service = new Service('payment', world)
    this.#service.on('order.placed', (event) => this.#charge(orderOf(event), event.data['amount'], 1))
    this.#service.on('goods.reserved', (event) => this.#writeInvoice(orderOf(event)))
  }

  #charge(orderId: string, amount: unknown, attempt: number): void {
    const { dice, mix } = this.#service.world
    const misfortune = misfortuneOf(dice, mix, orderId)
    if (misfortune === 'paymentSilent') return this.#service.note(orderId, 'forgot', { note: 'the payment provider never answers' })

    const failures = misfortune === 'paymentFails' ? dice.between(1, 2, orderId, 'failures') : 0
    const paymentId = `P-${orderId}`
    this.#service.work(`charge ${attempt}`, orderId, CHARGE_MS, () => {
      if (attempt > failures) return this.#service.say('payment.received', orderId, { orderId, paymentId, amount, attempt })

      this.#service.say('payment.failed', orderId, { orderId, paymentId, reason: 'card declined', attempt }, { nth: attempt })
      this.#service.work(`retry ${attempt}`, orderId, CUSTOMER_TRIES_AGAIN_MS, () => {
        this.#service.say('payment.retried', orderId, { orderId, paymentId, attempt: attempt + 1 }, { nth: attempt })
        this.#charge(orderId, amount, attempt + 1)
      })
    })
  }

  #writeInvoice(orderId: string): void {
    this.#service.work('invoice', orderId, INVOICE_MS, () => {
      this.#service.say('invoice.issued', orderId, { orderId, invoiceId: `I-${orderId}` })
    })
  }
}
