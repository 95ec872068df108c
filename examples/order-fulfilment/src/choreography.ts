import { Bus } from './bus.js'
import type { Mix } from './behaviour.js'
import type { Clock } from './clock.js'
import { CommandDesk } from './command-desk.js'
import type { Outlet } from './event.js'
import type { Journal } from './journal.js'
import { Mishaps } from './mishaps.js'
import { Dice } from './random.js'
import { Checkout, orderNumberOf } from './services/checkout.js'
import { Inventory } from './services/inventory.js'
import { Notification } from './services/notification.js'
import { Order } from './services/order.js'
import { Payment } from './services/payment.js'
import { Shipment } from './services/shipment.js'

const FIRST_ORDER = 1001

export interface Choreography {
  readonly checkout: Checkout
  readonly desk: CommandDesk
}

/**
 * Puts the six services on one bus. They go on after the last order of the journal; work that was in flight when a former process ended
 * is lost with it, as it would be: those orders are stuck.
 */
export function startServices({ clock, seed, mix, journal, outlet }: {
  readonly clock: Clock
  readonly seed: string
  readonly mix: Mix
  readonly journal: Journal
  readonly outlet: Outlet
}): Choreography {
  const dice = new Dice(seed)
  const bus = new Bus(clock, dice, mix.busTwice)
  const world = { clock, dice, bus, journal, mix, outlet: new Mishaps(outlet, clock, dice, mix, journal) }
  const lastOrder = journal.orderIds().reduce((last, orderId) => Math.max(last, orderNumberOf(orderId)), FIRST_ORDER - 1)

  const order = new Order(world)
  const notification = new Notification(world)
  new Payment(world)
  new Inventory(world)
  new Shipment(world)
  const desk = new CommandDesk([
    { service: 'order', type: 'order.cancel', obey: (command) => order.obey(command) },
    { service: 'notification', type: 'customer.notifyDelay', obey: (command) => notification.obey(command) },
  ], journal)
  return { checkout: new Checkout(world, lastOrder + 1), desk }
}
