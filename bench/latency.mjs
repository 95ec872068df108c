/**
 * From the answer 202 until the API shows it, at half of the load that the tracker keeps up with at most:
 * `npm run build:server && node bench/latency.mjs [--only embedded|postgres] [--rate EVENTS_PER_SECOND] [--seconds N] [--setting shared_buffers=1GB...]`.
 *
 * The most is found in the same run, or given: orders under way side by side, as fast as they are followed (bench/throughput.mjs --minutes shows for
 * how long that lasts), and looked for once more at the end: a shared machine may have become slower by then, and half of what it could is more of what
 * it can. Then orders come in at half of it, evenly, and between them orders that are looked for, which count after ten seconds: each is
 * placed, its instance asked for by its key every 10 ms, later less often; when it is there it is paid, and its page asked for until it shows the
 * payment. What is measured begins when the sender has its 202 and ends with the answer that shows the event, so it includes the time of that question.
 * How long it takes until a page in a browser shows it is measured in test/e2e/live.test.ts.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { mappingFile, modelFile } from '../examples/order-fulfilment/dist/index.js'
import { followOverHttp, orderBatches } from './support/order-load.mjs'
import { startPostgres } from './support/postgres.mjs'
import { round, target } from './support/targets.mjs'
import { startTracker, tidemark } from './support/tracker.mjs'

/** What the runtime compiles in a process that has just started is not what is measured. */
const WARM_ROUNDS = 1
const MOST_ROUNDS = 2
/** Of the even load and of whoever asks: small batches and questions go other ways through the code than rounds, and connections are made for them. */
const WARM_SECONDS = 10
/** So many that minutes of orders are under way side by side, as in the even load: what a burst of orders that are soon done is followed at is more, and no load can last at it. */
const EVENTS_PER_ROUND = 80_000
/** Requests per second of the even load: small ones, as services send them, not a file that is read in. */
const REQUESTS_PER_SECOND = 50
/** Each asks some ten times until it has its answer: more of them would be a good part of the load. */
const PROBES_PER_SECOND = 4
const ASK_MS = 10
/** What has been waited for is asked for again after this share of the wait, or those who ask would be the load. */
const ASK_SHARE = 0.1
const GIVE_UP_MS = 30_000
const WANTED_MS = 250

const { values } = parseArgs({ options: { only: { type: 'string' }, rate: { type: 'string' }, seconds: { type: 'string', default: '60' }, setting: { type: 'string', multiple: true, default: [] } } })
const seconds = Number(values.seconds)
const work = mkdtempSync(join(tmpdir(), 'tidemark-bench-latency-'))
try {
  if (values.only !== 'postgres') await measure('embedded', undefined)
  if (values.only !== 'embedded') {
    const postgres = await startPostgres(values.setting)
    if (postgres === undefined) console.log('no Postgres on this machine: only the embedded database')
    else await measure('postgres', postgres.url).finally(postgres.stop)
  }
} finally {
  rmSync(work, { recursive: true, force: true })
}

async function measure(name, databaseUrl) {
  const tracker = await startTracker({ dataDir: join(work, name), databaseUrl })
  try {
    await tidemark('deploy', modelFile, '--mapping', mappingFile, '--url', tracker.url)
    const batches = orderBatches(EVENTS_PER_ROUND)
    const rounds = (from, count) => Array.from({ length: count }, (_, i) => batches(from + i))
    await followOverHttp(tracker, rounds(0, WARM_ROUNDS))
    const most = values.rate === undefined ? await mostOf(tracker, rounds(WARM_ROUNDS, MOST_ROUNDS)) : Number(values.rate)
    const rate = most / 2
    const cpu = tracker.cpuSeconds()
    const { requests, nextRound } = smallRequests(batches, WARM_ROUNDS + MOST_ROUNDS, rate)
    const { sent, lateMs, placed, paid } = await underLoad(tracker.url, rate, requests)
    const busy = (tracker.cpuSeconds() - cpu) / (WARM_SECONDS + seconds)
    const mostAfter = values.rate === undefined ? await mostOf(tracker, rounds(nextRound, 1)) : most
    console.log(`${name}: at most ${round(most)} events/s before and ${round(mostAfter)} after; ${round(sent / (WARM_SECONDS + seconds))}/s were sent (${round(rate)} wanted, ${Math.round((100 * rate) / mostAfter)} % of the latter, ${lateMs.toFixed(0)} ms behind at worst), `
      + `the tracker busy with ${busy.toFixed(2)} processors`)
    for (const [what, times] of [['an instance by its key', placed], ['an event on the page of its instance', paid]]) {
      console.log(`${name}: ${what}: ${times.length} times, p50 ${at(times, 0.5).toFixed(0)} ms, p99 ${at(times, 0.99).toFixed(0)} ms, at most ${times.at(-1).toFixed(0)} ms`)
    }
    const all = [...placed, ...paid].sort((a, b) => a - b)
    target(`${name}: from 202 to visible in the API, p99 at half of the most`, `${at(all, 0.99).toFixed(0)} ms`, `${WANTED_MS} ms`, at(all, 0.99) <= WANTED_MS)
  } finally {
    await tracker.stop()
  }
}

async function mostOf(tracker, rounds) {
  const { events, seconds } = await followOverHttp(tracker, rounds)
  return events / seconds
}

/** The rounds from this one on as requests of as many events as the rate needs, made before the clock starts; and the round behind them. */
function smallRequests(batches, round, rate) {
  const size = Math.max(1, Math.round(rate / REQUESTS_PER_SECOND))
  const requests = []
  for (let missing = Math.ceil(rate * (WARM_SECONDS + seconds)); missing > 0; round++) {
    const events = [...batches(round)].flatMap(({ json }) => JSON.parse(json))
    missing -= events.length
    for (let at = 0; at < events.length; at += size) {
      const part = events.slice(at, at + size)
      requests.push({ count: part.length, json: Buffer.from(JSON.stringify(part)) })
    }
  }
  return { requests, nextRound: round }
}

async function underLoad(url, rate, requests) {
  const began = performance.now()
  const warm = began + WARM_SECONDS * 1_000
  const ends = warm + seconds * 1_000
  let sent = 0
  let lateMs = 0
  const load = (async () => {
    const onTheirWay = []
    for (const { count, json } of requests) {
      const dueAt = began + (sent / rate) * 1_000
      const now = performance.now()
      if (now >= ends) break
      if (dueAt > now) await new Promise((done) => setTimeout(done, dueAt - now))
      else lateMs = Math.max(lateMs, now - dueAt)
      sent += count
      onTheirWay.push(post(url, json))
    }
    await Promise.all(onTheirWay)
  })()
  const probes = []
  const probing = (async () => {
    for (let n = 0; performance.now() < ends; n++) {
      const counts = performance.now() >= warm
      const found = probe(url, `probe-${n}`)
      found.catch(() => undefined)
      if (counts) probes.push(found)
      await new Promise((done) => setTimeout(done, 1_000 / PROBES_PER_SECOND))
    }
  })()
  await Promise.all([load, probing])
  const found = await Promise.all(probes)
  const ascending = (field) => found.map((it) => it[field]).sort((a, b) => a - b)
  return { sent, lateMs, placed: ascending('placed'), paid: ascending('paid') }
}

async function post(url, json) {
  const answer = await fetch(`${url}/api/v1/events`, { method: 'POST', headers: { 'content-type': 'application/cloudevents-batch+json' }, body: json })
  if (answer.status !== 202) throw new Error(`${answer.status}: ${await answer.text()}`)
  await answer.arrayBuffer()
}

/** Milliseconds until the placed order is there, and until its payment is on its page. */
async function probe(url, key) {
  const event = (type, service, data) => JSON.stringify([{
    specversion: '1.0', id: `${key}:${type}`, source: `/shop/${service}`, type, subject: key, time: new Date().toISOString(),
    datacontenttype: 'application/json', data: { orderId: key, ...data },
  }])
  await post(url, event('order.placed', 'checkout', { customer: 'Probe', city: 'Oslo', amount: 10, currency: 'EUR', items: [] }))
  const [placed, instance] = await until(async () => (await ask(`${url}/api/v1/instances?key=${key}`)).items[0])
  await post(url, event('payment.received', 'payment', { amount: 10 }))
  const [paid] = await until(async () => {
    const { events } = await ask(`${url}/api/v1/instances/${instance.id}`)
    return events.find(({ id }) => id === `${key}:payment.received`)
  })
  return { placed, paid }
}

async function until(find) {
  const began = performance.now()
  for (;;) {
    const found = await find()
    const tookMs = performance.now() - began
    if (found !== undefined) return [tookMs, found]
    if (tookMs > GIVE_UP_MS) throw new Error(`nothing to be seen after ${GIVE_UP_MS} ms`)
    await new Promise((done) => setTimeout(done, Math.max(ASK_MS, tookMs * ASK_SHARE)))
  }
}

async function ask(address) {
  const answer = await fetch(address)
  if (!answer.ok) throw new Error(`${address}: ${answer.status} ${await answer.text()}`)
  return answer.json()
}

function at(ascending, share) {
  return ascending[Math.min(ascending.length - 1, Math.floor(ascending.length * share))]
}
