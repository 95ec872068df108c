import type { Dice } from './random.js'

/** How often what happens, as shares of 1. Of the first five at most one befalls an order; the rest of the orders go straight through. */
export interface Mix {
  /** The payment fails, once or twice, and is tried again a day later. */
  readonly paymentFails: number
  /** Goods are missing and come after some days. */
  readonly goodsMissing: number
  /** The goods are packed more than a fortnight late: the customer is told, and the order is delivered all the same. */
  readonly packedLate: number
  /** Nobody packs the goods, ever. */
  readonly packingForgotten: number
  /** The payment provider never answers. */
  readonly paymentSilent: number

  /** Shares of events: sent twice; sent a day or two late; never sent. */
  readonly sentTwice: number
  readonly sentLate: number
  readonly neverSent: number
  /** Share of deliveries on the shop's own bus that come twice: its services have to bear it. */
  readonly busTwice: number
  /** How far the shipment service's clock is ahead. */
  readonly shipmentSkewMs: number
}

export const DEFAULT_MIX: Mix = {
  paymentFails: 0.08, goodsMissing: 0.06, packedLate: 0.01, packingForgotten: 0.025, paymentSilent: 0.015,
  sentTwice: 0.03, sentLate: 0.02, neverSent: 0.01, busTwice: 0.05, shipmentSkewMs: 20 * 60_000,
}

/** Everything goes right: for loads where only the volume matters, and for tests of one thing at a time. */
export const SMOOTH_MIX: Mix = {
  paymentFails: 0, goodsMissing: 0, packedLate: 0, packingForgotten: 0, paymentSilent: 0,
  sentTwice: 0, sentLate: 0, neverSent: 0, busTwice: 0, shipmentSkewMs: 0,
}

const MISFORTUNES = ['paymentFails', 'goodsMissing', 'packedLate', 'packingForgotten', 'paymentSilent'] as const

export type Misfortune = (typeof MISFORTUNES)[number]

/** What befalls this order. Each service asks only for what lies in its own hands. */
export function misfortuneOf(dice: Dice, mix: Mix, orderId: string): Misfortune | undefined {
  let left = dice.roll(orderId, 'misfortune')
  for (const misfortune of MISFORTUNES) {
    left -= mix[misfortune]
    if (left < 0) return misfortune
  }
  return undefined
}
