import { DAY_MS } from '../clock.js'
import type { World } from '../service.js'
import { Service } from '../service.js'

const CUSTOMERS = [
  'Ada Novak', 'Ben Okafor', 'Chiara Rossi', 'Dmitri Sokolov', 'Elif Kaya', 'Femke de Vries', 'Goran Petrov', 'Hana Sato',
] as const
const CITIES = ['Amsterdam', 'Berlin', 'Lisbon', 'Lyon', 'Milan', 'Oslo', 'Vienna', 'Warsaw'] as const
const GOODS = ['kettle', 'lamp', 'bicycle bell', 'rain jacket', 'desk chair', 'atlas'] as const

const AMOUNT_CENTS = { least: 990, most: 39_990 }
/** While the outside does not take the shop's events, it looks this often whether it may go on. */
const PAUSE_MS = DAY_MS / 24

/** The way into the shop: customers place orders. */
export class Checkout {
  readonly #service: Service
  #next: number

  constructor(world: World, firstOrder: number) {
    this.#service = new Service('checkout', world)
    this.#next = firstOrder
  }

  /** Places one order, now. Returns its id. */
  placeOrder(): string {
    const { dice } = this.#service.world
    const orderId = orderIdOf(this.#next++)
    this.#service.say('order.placed', orderId, {
      orderId,
      customer: dice.pick(CUSTOMERS, orderId, 'customer'),
      city: dice.pick(CITIES, orderId, 'city'),
      amount: dice.between(AMOUNT_CENTS.least, AMOUNT_CENTS.most, orderId, 'amount') / 100,
      currency: 'EUR',
      items: [{ article: dice.pick(GOODS, orderId, 'article'), quantity: dice.between(1, 3, orderId, 'quantity') }],
    })
    return orderId
  }

  /** Customers come by themselves, `perDay` a day on average, until `limit` orders are placed; they wait while `mayPlace` says so. */
  open({ perDay, limit, mayPlace }: { readonly perDay: number; readonly limit: number; readonly mayPlace: () => boolean }): void {
    const { clock, dice } = this.#service.world
    const last = this.#next + limit - 1
    const waitForNext = (): void => {
      if (this.#next > last) return
      const gapMs = -Math.log(1 - dice.roll('gap', this.#next)) * (DAY_MS / perDay)
      clock.after(gapMs, place)
    }
    const place = (): void => {
      if (!mayPlace()) return clock.after(PAUSE_MS, place)
      this.placeOrder()
      waitForNext()
    }
    waitForNext()
  }
}

const ORDER_PREFIX = 'O-'

function orderIdOf(number: number): string {
  return `${ORDER_PREFIX}${number}`
}

/** The number in an order's id; 0 where it is none of ours. */
export function orderNumberOf(orderId: string): number {
  return orderId.startsWith(ORDER_PREFIX) ? Number(orderId.slice(ORDER_PREFIX.length)) || 0 : 0
}
