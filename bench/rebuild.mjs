/**
 * How much faster the state is folded again than it was followed: `npm run build:server && node bench/rebuild.mjs [--events N] [--only embedded|postgres]`.
 *
 * Orders of the example come in over HTTP in batches of 500, as fast as the tracker follows: that is the live rate. Then the same process, with
 * nothing else to do, rebuilds its state from the log. Both in one run, so that their ratio says little about the machine. Where others use it, only
 * the processor times say anything: of the tracker, within which the embedded database runs, and of the server.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { generateOrders, mappingFile, modelFile } from '../examples/order-fulfilment/dist/index.js'
import { startPostgres } from './support/postgres.mjs'
import { cpuSecondsOfTree } from './support/processes.mjs'
import { target } from './support/targets.mjs'
import { startTracker, tidemark } from './support/tracker.mjs'

const BATCH = 500
const IN_FLIGHT = 3
/** Further behind than this the sender waits: a second or two. */
const MAX_LAG_ENTRIES = 10_000
const ASK_MS = 50
const WANTED = { embedded: 1.3, postgres: 2 }

const { values: options } = parseArgs({ options: { events: { type: 'string', default: '320000' }, only: { type: 'string' } } })
const wanted = Number(options.events)
const work = mkdtempSync(join(tmpdir(), 'tidemark-bench-rebuild-'))
const rows = {}
try {
  if (options.only !== 'postgres') rows.embedded = await run('embedded', async () => ({ url: undefined, stop: async () => undefined }))
  if (options.only !== 'embedded') rows.postgres = await run('postgres', startPostgres)
} finally {
  rmSync(work, { recursive: true, force: true })
}
console.table(rows)
for (const [name, row] of Object.entries(rows)) target(`rebuild beside the live rate, ${name}`, row.ratio, `>= ${WANTED[name]}`, row.ratio >= WANTED[name])

async function run(name, startDatabase) {
  const database = await startDatabase()
  if (database === undefined) throw new Error('no Postgres on this machine: use --only embedded')
  const tracker = await startTracker({ dataDir: join(work, name), databaseUrl: database.url })
  try {
    await tidemark('deploy', modelFile, '--mapping', mappingFile, '--url', tracker.url)
    const bodies = batches()
    const events = bodies.reduce((sum, { count }) => sum + count, 0)
    const live = await measured(tracker, database, () => sendAll(tracker.url, bodies))
    const again = await measured(tracker, database, () => rebuild(tracker.url))
    return {
      events, 'live events/s': Math.round(events / live.seconds), 'rebuilt events/s': Math.round(events / again.seconds), ratio: Number((live.seconds / again.seconds).toFixed(2)),
      'live CPU us/event': us(live.cpuSeconds, events), 'its database': us(live.databaseSeconds, events), 'rebuild CPU us/event': us(again.cpuSeconds, events),
      'its database ': us(again.databaseSeconds, events),
      'seconds until swapped': Number(again.seconds.toFixed(1)), 'peak MB': tracker.peakMb(),
    }
  } finally {
    await tracker.stop()
    await database.stop()
  }
}

async function measured(tracker, database, work) {
  const cpu = tracker.cpuSeconds()
  const ofDatabase = () => (database.pid === undefined ? 0 : cpuSecondsOfTree(database.pid))
  const before = ofDatabase()
  const seconds = await work()
  return { seconds, cpuSeconds: tracker.cpuSeconds() - cpu, databaseSeconds: ofDatabase() - before }
}

function us(seconds, events) {
  return Math.round((seconds / events) * 1e6)
}

/** Seconds from the first request until the last event is committed and visible. */
async function sendAll(url, bodies) {
  const began = performance.now()
  const sent = []
  let folded = 0n
  let ended = false
  const watching = (async () => {
    for (;;) {
      folded = BigInt((await (await fetch(`${url}/api/v1/status`)).json()).folded)
      while (sent.length > 0 && sent[0] <= folded) sent.shift()
      if (ended && sent.length === 0) return
      await pause()
    }
  })()
  const one = async () => {
    for (let body = bodies.shift(); body !== undefined; body = bodies.shift()) {
      while (sent.length > 0 && sent.at(-1) - folded > BigInt(MAX_LAG_ENTRIES)) await pause()
      const answer = await fetch(`${url}/api/v1/events`, { method: 'POST', headers: { 'content-type': 'application/cloudevents-batch+json' }, body: body.json })
      if (answer.status !== 202) throw new Error(await answer.text())
      sent.push(BigInt((await answer.json()).position))
      sent.sort((a, b) => (a < b ? -1 : 1))
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, one))
  ended = true
  await watching
  return (performance.now() - began) / 1_000
}

/** Seconds from when it runs until it is swapped in. */
async function rebuild(url) {
  const ask = async (method) => (await fetch(`${url}/api/v1/rebuild`, { method, headers: { 'content-type': 'application/json' } })).json()
  let job = await ask('POST')
  while (job.status === 'asked') job = (await pause(), await ask('GET'))
  const began = performance.now()
  while (job.status === 'running') job = (await pause(), await ask('GET'))
  if (job.status !== 'done') throw new Error(`the rebuild has ${job.status}: ${job.error}`)
  return (performance.now() - began) / 1_000
}

function pause() {
  return new Promise((done) => setTimeout(done, ASK_MS))
}

/** Made before the clock starts. All of it within the last days: no order is overdue, so that what is measured is following. */
function batches() {
  const made = []
  let events = []
  let count = 0
  const close = () => {
    made.push({ count: events.length, json: `[${events.join(',')}]` })
    events = []
  }
  for (const event of generateOrders({ orders: wanted, startTime: Date.now() - 4 * 86_400_000, seed: 'throughput', ordersPerDay: wanted / 16, journalOrders: 1 })) {
    events.push(JSON.stringify(event))
    if (events.length === BATCH) close()
    if (++count >= wanted) break
  }
  if (events.length > 0) close()
  return made
}
