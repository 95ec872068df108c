/**
 * What following live events costs, beside a bare client that sends the database the same commits:
 * `npm run build:server && node bench/throughput.mjs [--events N] [--only embedded|postgres]`.
 *
 * Orders of the example come in over HTTP in batches of 500, as fast as the tracker follows; the clock stops when the last is committed and
 * visible. Then the same log is folded once more while every statement of its commits is recorded, and a client that does nothing else sends
 * these to a fresh database; at last the rows that are left are inserted again, which is the least that they can cost. A rate alone says how
 * fast the machine is; the ratio says how much of it tracking itself takes.
 */
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openDatabase } from '../apps/tracker/dist/store/open-database.js'
import { Progress } from '../apps/tracker/dist/store/progress.js'
import { ensureShards } from '../apps/tracker/dist/store/shards.js'
import { takeShards } from '../apps/tracker/dist/store/write/shards.js'
import { Tracker } from '../apps/tracker/dist/track/tracker.js'
import { generateOrders, mappingFile, modelFile } from '../examples/order-fulfilment/dist/index.js'
import { EmbeddedLog } from '../libs/log/dist/index.js'
import { bareInsert } from './support/bare-insert.mjs'
import { startPostgres } from './support/postgres.mjs'
import { startTracker, tidemark } from './support/tracker.mjs'

const { pino } = createRequire(new URL('../apps/tracker/package.json', import.meta.url))('pino')
const BATCH = 500
const IN_FLIGHT = 3
/** Further behind than this the sender waits: a second or two. */
const MAX_LAG_ENTRIES = 10_000
const ASK_MS = 50
const SHARDS = 8

const { values: options } = parseArgs({ options: { events: { type: 'string', default: '80000' }, only: { type: 'string' } } })
const wanted = Number(options.events)
const work = mkdtempSync(join(tmpdir(), 'tidemark-bench-throughput-'))
const rows = []
try {
  if (options.only !== 'postgres') rows.push(await run('embedded', async () => ({ url: undefined, stop: async () => undefined })))
  if (options.only !== 'embedded') rows.push(await run('postgres', startPostgres))
} finally {
  rmSync(work, { recursive: true, force: true })
}
console.table(Object.fromEntries(rows.filter((row) => row !== undefined)))

async function run(name, database) {
  const live = await database()
  if (live === undefined) return console.log('no Postgres on this machine: only the embedded database')
  const dataDir = join(work, name)
  const measured = await followOverHttp({ dataDir, databaseUrl: live.url }).finally(live.stop)
  const recording = await database()
  const commits = await record(dataDir, join(work, `${name}-recorded`), recording.url).finally(recording.stop)
  const bare = await database()
  const { bareSeconds, insertSeconds } = await replay(commits, join(work, `${name}-bare`), bare.url).finally(bare.stop)
  const rate = measured.events / measured.seconds
  const bareRate = measured.events / bareSeconds
  return [name, {
    events: measured.events, seconds: Number(measured.seconds.toFixed(1)), 'events/s': Math.round(rate), 'bare commits events/s': Math.round(bareRate),
    ratio: Number((rate / bareRate).toFixed(2)), 'bare insert events/s': Math.round(measured.events / insertSeconds), 'lag p50 ms': measured.lagMs(0.5), 'lag p99 ms': measured.lagMs(0.99), 'peak MB': measured.peakMb, 'CPU us/event': measured.cpuUs,
  }]
}

async function followOverHttp(where) {
  const tracker = await startTracker(where)
  try {
    await tidemark('deploy', modelFile, '--mapping', mappingFile, '--url', tracker.url)
    const bodies = batches()
    const events = bodies.reduce((sum, { count }) => sum + count, 0)
    const cpuBefore = tracker.cpuSeconds()
    const began = performance.now()
    const sent = []
    let folded = 0n
    let ended = false
    const lags = []
    const watching = (async () => {
      for (;;) {
        const status = await (await fetch(`${tracker.url}/api/v1/status`)).json()
        folded = BigInt(status.folded)
        while (sent.length > 0 && sent[0].position <= folded) lags.push(performance.now() - sent.shift().at)
        if (ended && sent.length === 0) return
        await new Promise((done) => setTimeout(done, ASK_MS))
      }
    })()
    const one = async () => {
      for (let body = bodies.shift(); body !== undefined; body = bodies.shift()) {
        while (sent.length > 0 && sent.at(-1).position - folded > BigInt(MAX_LAG_ENTRIES)) await new Promise((done) => setTimeout(done, ASK_MS))
        const answer = await fetch(`${tracker.url}/api/v1/events`, { method: 'POST', headers: { 'content-type': 'application/cloudevents-batch+json' }, body: body.json })
        if (answer.status !== 202) throw new Error(await answer.text())
        sent.push({ position: BigInt((await answer.json()).position), at: performance.now() })
        sent.sort((a, b) => (a.position < b.position ? -1 : 1))
      }
    }
    await Promise.all(Array.from({ length: IN_FLIGHT }, one))
    ended = true
    await watching
    const seconds = (performance.now() - began) / 1_000
    lags.sort((a, b) => a - b)
    return {
      events, seconds, lagMs: (share) => Math.round(lags[Math.floor((lags.length - 1) * share)]), peakMb: tracker.peakMb(),
      cpuUs: Math.round(((tracker.cpuSeconds() - cpuBefore) / events) * 1e6),
    }
  } finally {
    await tracker.stop()
  }
}

/** Made before the clock starts: the generator is none of the tracker's business. */
function batches() {
  const made = []
  let events = []
  let count = 0
  const close = () => {
    made.push({ count: events.length, json: `[${events.join(',')}]` })
    events = []
  }
  // All of it within the last days: no order is overdue, so that what is measured is following, not the commands that overdue orders get.
  const ordersPerDay = wanted / 16
  for (const event of generateOrders({ orders: wanted, startTime: Date.now() - 4 * 86_400_000, seed: 'throughput', ordersPerDay, journalOrders: 1 })) {
    events.push(JSON.stringify(event))
    if (events.length === BATCH) close()
    if (++count >= wanted) break
  }
  if (events.length > 0) close()
  return made
}

/** Folds the log once more, and keeps what each transaction sent. */
async function record(logDir, dataDir, databaseUrl) {
  cpSync(join(logDir, 'log'), join(dataDir, 'log'), { recursive: true })
  const log = await EmbeddedLog.open(join(dataDir, 'log'))
  const database = await openDatabase({ dataDir, databaseUrl })
  const commits = []
  const recording = {
    embedded: database.embedded,
    query: (sql, params) => database.query(sql, params),
    close: () => database.close(),
    transaction: (work, settings) => database.transaction(async (tx) => {
      const statements = []
      const result = await work({
        query: (sql, params) => (statements.push({ sql, params }), tx.query(sql, params)),
        copy: (sql, lines) => (statements.push({ sql, lines }), tx.copy(sql, lines)),
      })
      commits.push({ statements, settings })
      return result
    }, settings),
  }
  await ensureShards(database, SHARDS, log)
  const progress = new Progress()
  const tracker = new Tracker({ db: recording, log, progress, logger: pino({ level: 'warn' }), alertChannels: [] })
  await tracker.start()
  while (!(await progress.reached(log.stats().last, 1_000))) if (tracker.failure !== undefined) throw tracker.failure
  await tracker.stop()
  await database.close()
  await log.close()
  return { commits, identity: log.identity }
}

async function replay({ commits, identity }, dataDir, databaseUrl) {
  const database = await openDatabase({ dataDir, databaseUrl })
  await ensureShards(database, SHARDS, { identity, stats: () => ({ first: 1n, last: 0n, entries: 0 }), read: async function* () {} })
  await takeShards(database, 'bench')
  const began = performance.now()
  for (const { statements, settings } of commits) {
    await database.transaction((tx) => Promise.all(statements.map(({ sql, params, lines }) => (lines === undefined ? tx.query(sql, params) : tx.copy(sql, lines)))), settings)
  }
  const bareSeconds = (performance.now() - began) / 1_000
  const inserted = await bareInsert(database, ['instance', 'instance_event', 'token', 'deadline', 'deviation', 'instance_key'])
  await database.close()
  return { bareSeconds, insertSeconds: Object.values(inserted).reduce((sum, { seconds }) => sum + seconds, 0) }
}
