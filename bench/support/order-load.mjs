/**
 * Orders of the example as HTTP bodies, and how fast a tracker follows them. An order has eight events on the average, of 300 bytes of data each;
 * the orders of a round are under way side by side, and the next round begins when the last has been sent.
 */
import { generateOrders } from '../../examples/order-fulfilment/dist/index.js'

const BATCH = 500
const IN_FLIGHT = 3
/** Further behind than this the sender waits: a second or two. */
const MAX_LAG_ENTRIES = 20_000
const ASK_MS = 100
const EVENTS_PER_ORDER = 8
const DATA_BYTES = 300
const DAY_MS = 86_400_000
/** Orders open for two days; nine days later most are done. */
const OPEN_DAYS = 2
const WINDOW_DAYS = 9
/** What a round's nine days take by the stamps of its events: no order is so old that something is overdue, and a hundred rounds are within a day. */
const ROUND_MS = 240_000
const ROUNDS_MS = DAY_MS
/** Begins the number of an order, and is rewritten in each round: numbers count up. */
const ROUND = '~0000'
const NUMBER_DIGITS = 7
/** Prime to 10^7: what counts up becomes what jumps to and fro, each number once. */
const SCATTER = 6_180_341

/**
 * Made before the clock starts, since the generator is none of the tracker's business: later rounds write their times and numbers into the same bytes,
 * so that a body holds until its round has come again.
 * @param events about so many; their number is that of whole orders
 * @param scattered order numbers jump to and fro instead of counting up, as identifiers by chance do
 * @returns a function of the round: bodies with the number of their events; rounds differ in nothing but the numbers of their orders and the times
 */
export function orderBatches(events, { scattered = false } = {}) {
  const orders = Math.ceil(events / EVENTS_PER_ORDER)
  const began = Date.now() - ROUNDS_MS
  const startTime = Date.UTC(2026, 0, 1)
  const bodies = []
  let batch = []
  const close = () => {
    bodies.push(bodyOf(batch))
    batch = []
  }
  for (const event of generateOrders({ orders, startTime, seed: 'throughput', ordersPerDay: orders / OPEN_DAYS, journalOrders: 1 })) {
    const passed = (Date.parse(event.time) - startTime) / (WINDOW_DAYS * DAY_MS)
    if (passed > 1) break
    const json = JSON.stringify(padded(event)).replaceAll(/"([^"]*\bO-)(\d+)/g, (_, before, number) => `"${before}${ROUND}${digitsOf(Number(number), scattered)}`)
    batch.push({ json: Buffer.from(json), timeAt: Buffer.byteLength(json.slice(0, json.indexOf(event.time))), sinceMs: Math.round(passed * ROUND_MS) })
    if (batch.length === BATCH) close()
  }
  if (batch.length > 0) close()
  return function* (round) {
    const startMs = began + round * ROUND_MS
    const name = String(round).padStart(ROUND.length, '0')
    for (const { json, times, names } of bodies) {
      for (const { at, sinceMs } of times) json.latin1Write(new Date(startMs + sinceMs).toISOString(), at)
      for (const at of names) json.latin1Write(name, at)
      yield { count: times.length, json }
    }
  }
}

function digitsOf(number, scattered) {
  return String(scattered ? (number * SCATTER) % 10 ** NUMBER_DIGITS : number).padStart(NUMBER_DIGITS, '0')
}

/** The bytes of a batch, and where in them the times stand and the beginnings of the orders' numbers. */
function bodyOf(events) {
  const pieces = []
  const times = []
  let at = 0
  for (const { json, timeAt, sinceMs } of events) {
    times.push({ at: at + 1 + timeAt, sinceMs })
    pieces.push(Buffer.from(pieces.length === 0 ? '[' : ','), json)
    at += 1 + json.length
  }
  const json = Buffer.concat([...pieces, Buffer.from(']')])
  const names = []
  for (let from = json.indexOf(ROUND); from >= 0; from = json.indexOf(ROUND, from + 1)) names.push(from)
  return { json, times, names }
}

function padded(event) {
  const missing = DATA_BYTES - JSON.stringify(event.data).length - '"remark":"",'.length
  return missing <= 0 ? event : { ...event, data: { ...event.data, remark: `${event.id} `.repeat(Math.ceil(missing / (event.id.length + 1))).slice(0, missing) } }
}

/**
 * Sends rounds over HTTP, as fast as the tracker follows; the clock stops when the last event is committed and visible.
 * @param rounds bodies of each round, as long as there is one
 * @param tracker of startTracker
 * @param onSecond told each second: events sent, and entries that are not followed yet
 */
export async function followOverHttp(tracker, rounds, onSecond = () => undefined) {
  const cpuBefore = tracker.cpuSeconds()
  const began = performance.now()
  const sent = []
  let [events, folded, head, ended] = [0, 0n, 0n, false]
  const lags = []
  const second = setInterval(() => onSecond({ events, lag: Number(head - folded) }), 1_000)
  const watching = (async () => {
    for (;;) {
      const status = await (await fetch(`${tracker.url}/api/v1/status`)).json()
      folded = BigInt(status.folded)
      while (sent.length > 0 && sent[0].position <= folded) lags.push(performance.now() - sent.shift().at)
      if (ended && sent.length === 0) return
      await new Promise((done) => setTimeout(done, ASK_MS))
    }
  })()
  const bodies = bodiesOf(rounds)
  const one = async () => {
    for (let next = bodies.next(); !next.done; next = bodies.next()) {
      const { count, json } = next.value
      while (sent.length > 0 && sent.at(-1).position - folded > BigInt(MAX_LAG_ENTRIES)) await new Promise((done) => setTimeout(done, ASK_MS))
      const answer = await fetch(`${tracker.url}/api/v1/events`, { method: 'POST', headers: { 'content-type': 'application/cloudevents-batch+json' }, body: json })
      if (answer.status !== 202) throw new Error(await answer.text())
      const position = BigInt((await answer.json()).position)
      events += count
      if (position > head) head = position
      sent.push({ position, at: performance.now() })
      sent.sort((a, b) => (a.position < b.position ? -1 : 1))
    }
  }
  try {
    await Promise.all(Array.from({ length: IN_FLIGHT }, one))
    ended = true
    await watching
  } finally {
    clearInterval(second)
  }
  const seconds = (performance.now() - began) / 1_000
  lags.sort((a, b) => a - b)
  return {
    events, seconds, lagMs: (share) => Math.round(lags[Math.floor((lags.length - 1) * share)]), peakMb: tracker.peakMb(),
    cpuUs: Math.round(((tracker.cpuSeconds() - cpuBefore) / events) * 1e6),
  }
}

function* bodiesOf(rounds) {
  for (const bodies of rounds) yield* bodies
}
