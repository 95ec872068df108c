/** What was promised and does not hold, after a run: journals, log, tables and what receivers got, compared by code that the tracker does not share. */
import type { OrderRun } from '@tidemark/example-order-fulfilment'
import type { Log } from '@tidemark/log'
import type { Database } from '../../apps/tracker/src/store/database.js'
import { lostOrDoubled, miscounted, misplaced, ordersWithWrongTimes, readLogged, wrongCommands, type ReceivedCommand } from './checker.js'
import { foldAll } from './follower.js'
import { disagreements } from './journals.js'
import { differences, emptyTables, readTables } from './tables.js'

export interface Evidence {
  /** Nobody else may hold them. */
  readonly db: Database
  readonly log: Log
  readonly shop: OrderRun
  /** The model that was followed. */
  readonly xml: string
  /** Keys of events that somebody was told are kept. */
  readonly acknowledged: Iterable<string>
  /** Several wrote in the log at once. */
  readonly mayRepeat?: boolean
  /** Bodies of the commands that arrived. */
  readonly received: readonly string[]
}

/** Empty where all holds; the last comparison leaves the tables as a tracker that never died would have them. */
export async function violations({ db, log, shop, xml, acknowledged, received, mayRepeat = false }: Evidence): Promise<string[]> {
  await foldAll(db, log)
  const logged = await readLogged(log)
  const found = [
    ...lostOrDoubled(acknowledged, logged, mayRepeat),
    ...(await misplaced(db, logged, boundTypesOf(xml))),
    ...(await miscounted(db)),
    ...(await wrongCommands(db, logged, received.map(commandOf))),
    ...(await disagreements(db, shop.journal, ordersWithWrongTimes(logged))),
  ]
  const lived = await readTables(db)
  await emptyTables(db)
  await foldAll(db, log)
  return [...found, ...differences(lived, await readTables(db))]
}

function boundTypesOf(xml: string): Set<string> {
  return new Set([...xml.matchAll(/<tm:observe event="([^"]+)"/g)].map(([, type]) => type!))
}

function commandOf(body: string): ReceivedCommand {
  const { id, type, data } = JSON.parse(body) as { id: string; type: string; data: { orderId: string } }
  return { id, type, order: data.orderId }
}
