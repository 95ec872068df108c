import type { Mix } from './behaviour.js'
import { DEFAULT_MIX } from './behaviour.js'
import { startServices } from './choreography.js'
import type { ClockOrigin } from './clock.js'
import { demoOrigin, DomainClock } from './clock.js'
import { serveCommands } from './command-server.js'
import type { Emission } from './event.js'
import { Journal } from './journal.js'
import { HttpSink } from './sink.js'

export interface ShopOptions {
  /** Where the events go: takes batches of CloudEvents over HTTP. */
  readonly sink: { readonly url: string; readonly token?: string }
  /** Where the services take commands; port 0 (default) is any free one. `secret`: `whsec_` and base64, as in Standard Webhooks. */
  readonly commands: { readonly secret: string; readonly port?: number; readonly host?: string }
  /** Default: a second a day, beginning 120 days ago. */
  readonly clock?: ClockOrigin
  readonly seed?: string
  /** Customers of a domain day, on average. 0: none come by themselves, only placeOrder places orders. */
  readonly ordersPerDay?: number
  /** So many customers come, then no more. */
  readonly maxOrders?: number
  readonly mix?: Partial<Mix>
  /** JSON lines; one that is there already is continued. */
  readonly journalFile?: string
  readonly log?: (line: string) => void
}

export interface Shop {
  readonly journal: Journal
  readonly clock: DomainClock
  /** Addresses that take commands, by service. */
  readonly commandUrls: { readonly order: string; readonly notification: string }
  /** Returns the order's id. */
  placeOrder(): string
  /** No new work; what was said is still delivered, for at most two seconds. */
  stop(): Promise<void>
}

const ORDERS_PER_DAY = 10
const LAST_DELIVERY_WITHIN_MS = 2_000

/** Opens the shop: six services on real timers, their events to the sink, their commands over HTTP. */
export async function startShop(options: ShopOptions): Promise<Shop> {
  const log = options.log ?? (() => undefined)
  const clock = new DomainClock(options.clock ?? demoOrigin())
  const journal = new Journal(options.journalFile === undefined ? {} : { file: options.journalFile })
  const note = (did: 'acknowledged' | 'rejected', { service, orderId, event }: Emission, reason?: string): void => journal.write({
    time: new Date(clock.now()).toISOString(), service, orderId, did, type: event.type, eventId: event.id,
    ...(reason === undefined ? {} : { note: reason }),
  })
  const sink = new HttpSink({
    ...options.sink,
    log,
    onAcknowledged: (emission) => note('acknowledged', emission),
    onRefused: (emission, reason) => {
      note('rejected', emission, reason)
      log(`the event sink refuses ${emission.event.id}: ${reason}`)
    },
  })
  const mix = { ...DEFAULT_MIX, ...options.mix }
  const { checkout, desk } = startServices({ clock, seed: options.seed ?? 'tidemark', mix, journal, outlet: sink })
  const { secret, port = 0, host = '127.0.0.1' } = options.commands
  const commands = await serveCommands(desk, { secret, port, host })

  const perDay = options.ordersPerDay ?? ORDERS_PER_DAY
  if (perDay > 0) checkout.open({ perDay, limit: options.maxOrders ?? Infinity, mayPlace: () => !sink.isFull() })
  return {
    journal,
    clock,
    commandUrls: { order: `${commands.url}/commands/order`, notification: `${commands.url}/commands/notification` },
    placeOrder: () => checkout.placeOrder(),
    async stop() {
      clock.stop()
      await commands.stop()
      const left = await sink.close(LAST_DELIVERY_WITHIN_MS)
      if (left > 0) log(`${left} events were not delivered`)
      journal.close()
    },
  }
}
