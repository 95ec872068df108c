/** Orders of the example, sent to a tracker over HTTP in batches, by senders who do not run further ahead than it follows. */
import { generateOrders } from '../../examples/order-fulfilment/dist/index.js'

const DAY_MS = 86_400_000
const ASK_MS = 20
/** Further behind than this the senders wait: a second or two. */
const MAX_LAG_ENTRIES = 10_000

/** The first `count` events of a seed, in the order in which they arrive. Within the last days: no order is overdue, so nothing but following is measured. */
export function orderEvents(count, seed) {
  const events = []
  for (const event of generateOrders({ orders: count, startTime: Date.now() - 4 * DAY_MS, seed, ordersPerDay: Math.max(count, 100) / 16, journalOrders: 1 })) {
    events.push(event)
    if (events.length >= count) return events
  }
  return events
}

/** The order that an event is about; what a shipment's own events say of it is in their name. */
export function orderOf({ data, subject }) {
  return data?.orderId ?? /O-\d+/.exec(subject)?.[0] ?? subject
}

/** Requests of `batch` events each, made before any clock starts. */
export function bodiesOf(events, batch) {
  const bodies = []
  for (let at = 0; at < events.length; at += batch) {
    const part = events.slice(at, at + batch)
    bodies.push({ count: part.length, json: JSON.stringify(part) })
  }
  return bodies
}

/** Position of the last event that the request appended. Throws where it is refused. */
export async function post(url, json) {
  const answer = await fetch(`${url}/api/v1/events`, { method: 'POST', headers: { 'content-type': 'application/cloudevents-batch+json' }, body: json })
  if (answer.status !== 202) throw new Error(`${answer.status}: ${await answer.text()}`)
  return BigInt((await answer.json()).position)
}

/** As fast as the tracker follows: events per second from the first request until the last one is committed and visible. */
export async function followAll(url, bodies, { inFlight = 3 } = {}) {
  const left = [...bodies]
  const began = performance.now()
  let appended = 0n
  const sender = async () => {
    for (let body = left.shift(); body !== undefined; body = left.shift()) {
      while (appended - (await folded(url)) > BigInt(MAX_LAG_ENTRIES)) await new Promise((done) => setTimeout(done, ASK_MS))
      const position = await post(url, body.json)
      if (position > appended) appended = position
    }
  }
  await Promise.all(Array.from({ length: inFlight }, sender))
  while ((await folded(url)) < appended) await new Promise((done) => setTimeout(done, ASK_MS))
  const seconds = (performance.now() - began) / 1_000
  return { seconds, perSecond: bodies.reduce((sum, { count }) => sum + count, 0) / seconds }
}

async function folded(url) {
  return BigInt((await (await fetch(`${url}/api/v1/status`)).json()).folded)
}
