/** Whether what the tracker says of each order agrees with what the services wrote down of their own work. */
import { outcomeOf, type Journal, type Outcome } from '@tidemark/example-order-fulfilment'
import type { Queried } from './checker.js'

/** Where each kind of event is seen in the model. */
const ELEMENTS: Readonly<Record<string, string>> = {
  'order.placed': 'OrderPlaced', 'payment.received': 'RetrievePayment', 'payment.failed': 'PaymentFailed', 'payment.retried': 'WaitForRetry',
  'goods.reserved': 'GoodsReserved', 'goods.missing': 'GoodsMissing', 'goods.restocked': 'Restock', 'goods.packed': 'PackGoods',
  'invoice.issued': 'WriteInvoice', 'shipment.dispatched': 'ShipGoods', 'shipment.delivered': 'ShipGoods', 'order.completed': 'OrderCompleted',
  'order.cancelled': 'OrderCancelled',
}

interface Told {
  readonly status: string
  readonly deviations: number
  /** Of the events that moved it or were seen late: their ids and elements. */
  readonly seen: ReadonlyMap<string, string>
  readonly instances: number
  /** Commands that wait for a person: they keep an instance open that has gone its way. */
  readonly proposed: number
}

/** @param wrongTimes orders of which it is not known in which order things happened */
export async function disagreements(db: Queried, journal: Journal, wrongTimes: ReadonlySet<string>): Promise<string[]> {
  const told = await readTold(db)
  return journal.orderIds().flatMap((order) => {
    const outcome = outcomeOf(journal, order)
    const ours = told.get(order)
    if (ours === undefined) return outcome.acknowledged.length === 0 ? [] : [`${order}: nothing is known, and ${outcome.acknowledged.length} events were told`]
    return faultsOf(order, outcome, ours, journal, wrongTimes.has(order))
  })
}

function faultsOf(order: string, { end, untold, acknowledged }: Outcome, ours: Told, journal: Journal, hasWrongTimes: boolean): string[] {
  const faults: string[] = []
  const fault = (what: string) => faults.push(`${order}: ${what} (${end}, untold [${untold.join()}]; shown ${ours.status} with ${ours.deviations} deviations)`)
  if (ours.instances !== 1) fault(`${ours.instances} instances`)
  const steps = journal.of(order).filter((entry) => entry.did === 'emitted')
  for (const { type = '', eventId = '' } of steps) {
    const element = ours.seen.get(eventId)
    if (!acknowledged.includes(eventId)) {
      if (element !== undefined) fault(`${eventId} was never told, and was seen`)
    } else if (untold.length === 0 && element !== ELEMENTS[type]) fault(`${eventId} was done and told, and is seen at ${element ?? 'no element'}`)
  }
  const wasTold = (type: string) => steps.some((step) => step.type === type && acknowledged.includes(step.eventId ?? ''))
  if (untold.length === 0 && end === 'completed' && (ours.status !== 'completed' || (ours.deviations > 0 && !hasWrongTimes))) fault('all of it was told, and it went its way')
  if (end === 'completed' && wasTold('order.completed') && ours.status !== 'completed' && ours.proposed === 0) fault('it was told that it is completed')
  if (end === 'stuck' && wasTold('order.placed') && ours.status === 'completed') fault('it will never end')
  return faults
}

async function readTold(db: Queried): Promise<Map<string, Told>> {
  const rows = await db.query<{ key: string; status: string; deviations: number; instances: string; proposed: string; seen: Record<string, string> }>(
    `select key, min(status) as status, sum(deviations)::int as deviations, count(*) as instances,
       (select count(*) from command c where c.unit = i.unit and c.status = 'proposed') as proposed,
       (select coalesce(jsonb_object_agg(e.event_id, e.element), '{}') from instance_event e where e.unit = i.unit and e.kind = 'event' and e.reading in ('fits', 'redeemed')) as seen
     from instance i group by key, unit`)
  return new Map(rows.map(({ key, status, deviations, instances, proposed, seen }) => [
    key, { status, deviations, instances: Number(instances), proposed: Number(proposed), seen: new Map(Object.entries(seen)) },
  ]))
}
