/**
 * What importing a recorded log costs a running tracker, beside the bare insertion of the rows that it leaves behind:
 * `npm run build:server && node bench/import.mjs [--events N] [--only embedded|postgres]`.
 *
 * The road-traffic-fines log (150,370 cases, 561,470 events) goes through the command line and the HTTP interface, with fines.bpmn deployed and
 * the orders of the example coming in beside it at about twenty events a second. A rate alone says how fast the machine is; the ratio to the
 * bare insertion of the same run says what Tidemark adds.
 */
import { createReadStream, createWriteStream, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { createGunzip, createGzip } from 'node:zlib'
import { openDatabase } from '../apps/tracker/dist/store/open-database.js'
import { generateOrders, mappingFile, modelFile } from '../examples/order-fulfilment/dist/index.js'
import { bareInsert } from './support/bare-insert.mjs'
import { startPostgres } from './support/postgres.mjs'
import { startTracker, tidemark } from './support/tracker.mjs'

const EVENTS = 561_470
const FITTING = 147_988
const LIVE_EVERY_MS = 50
const LIMIT_MB = { embedded: 768, postgres: 512 }

const { values: options } = parseArgs({ options: { events: { type: 'string' }, only: { type: 'string' } } })
const folder = resolve(import.meta.dirname, '../../shared/data/logs')
if (!existsSync(folder)) {
  console.log('The folder of real logs is not beside the checkout: nothing to import.')
  process.exit(0)
}
const events = Math.min(Number(options.events ?? EVENTS), EVENTS)
const work = mkdtempSync(join(tmpdir(), 'tidemark-bench-import-'))
const file = events === EVENTS ? join(folder, 'RTFMP.xes.gz') : await firstEvents(join(folder, 'RTFMP.xes.gz'), events)
const rows = []
let failed = false
try {
  if (options.only !== 'postgres') rows.push(await run('embedded'))
  if (options.only !== 'embedded') {
    const server = await startPostgres()
    if (server === undefined) console.log('no Postgres on this machine: only the embedded database')
    else {
      try {
        rows.push(await run('postgres', server.url))
      } finally {
        await server.stop()
      }
    }
  }
} finally {
  rmSync(work, { recursive: true, force: true })
}
console.table(Object.fromEntries(rows))
process.exitCode = failed ? 1 : 0

async function run(name, databaseUrl) {
  const dataDir = join(work, name)
  const tracker = await startTracker({ dataDir, databaseUrl, memoryMb: 512 })
  let summary, live, peakMb, cpuSeconds
  try {
    // The log is of this process alone: activities that the model does not draw are deviations.
    const mapping = join(work, 'fines.yaml')
    writeFileSync(mapping, "unexpected: { event: '*', source: /import/RTFMP }\n")
    await tidemark('deploy', join(folder, 'fines.bpmn'), '--mapping', mapping, '--url', tracker.url)
    await tidemark('deploy', modelFile, '--mapping', mappingFile, '--url', tracker.url)
    const orders = liveOrders(tracker.url)
    const before = tracker.cpuSeconds()
    summary = JSON.parse(await tidemark('import', file, '--model', 'road-traffic-fine', '--url', tracker.url, '--output', 'json'))
    cpuSeconds = tracker.cpuSeconds() - before
    live = await orders.stop()
    peakMb = Math.max(tracker.peakMb(), ...tracker.samples)
    console.log(`${name}: memory in MB, every tenth of the run: ${tenths(tracker.samples).join(' ')}`)
    console.log(`${name}: ${live.sent} live events beside it, p50 ${live.p50} ms, p99 ${live.p99} ms until acknowledged`)
  } finally {
    await tracker.stop()
  }
  const database = await openDatabase({ dataDir, databaseUrl })
  const bare = await bareInsert(database, ['instance', 'instance_event']).finally(() => database.close())
  const bareSeconds = Object.values(bare).reduce((sum, { seconds }) => sum + seconds, 0)
  const bareRate = bare.instance_event.rows / bareSeconds
  const verdicts = { 'fitting cases': summary.model.fitting ?? 'too many to count', 'limit MB': LIMIT_MB[name] }
  if (events === EVENTS && summary.model.fitting !== FITTING) fault(`${name}: ${summary.model.fitting} cases fit, not ${FITTING}`)
  if (peakMb > LIMIT_MB[name]) fault(`${name}: ${peakMb} MB, more than ${LIMIT_MB[name]}`)
  return [name, {
    events: summary.events, seconds: summary.followedAfterSeconds, 'events/s': summary.rate, 'bare insert events/s': Math.round(bareRate), ratio: Number((summary.rate / bareRate).toFixed(2)),
    'peak MB': peakMb, 'CPU us/event': Math.round((cpuSeconds / summary.events) * 1e6), ...verdicts,
  }]
}

/** Twenty events a second, each in a request of its own, until told to stop. */
function liveOrders(url) {
  const latencies = []
  const arrivals = generateOrders({ orders: 1_000_000, startTime: Date.now() - 30 * 86_400_000, seed: 'import', journalOrders: 1 })[Symbol.iterator]()
  const stop = new AbortController()
  const sending = (async () => {
    while (!stop.signal.aborted) {
      const began = performance.now()
      const answer = await fetch(`${url}/api/v1/events`, {
        method: 'POST', headers: { 'content-type': 'application/cloudevents+json' }, body: JSON.stringify(arrivals.next().value),
      })
      if (answer.status !== 202) throw new Error(`a live event was refused: ${await answer.text()}`)
      await answer.arrayBuffer()
      latencies.push(performance.now() - began)
      await new Promise((done) => setTimeout(done, Math.max(0, LIVE_EVERY_MS - (performance.now() - began))))
    }
  })()
  sending.catch((error) => fault(String(error)))
  return {
    async stop() {
      stop.abort()
      await sending
      latencies.sort((a, b) => a - b)
      const at = (share) => Math.round(latencies[Math.floor((latencies.length - 1) * share)] ?? 0)
      return { sent: latencies.length, p50: at(0.5), p99: at(0.99) }
    },
  }
}

/** The beginning of the log, cut behind the case in which the number is reached. */
async function firstEvents(source, wanted) {
  const target = join(work, 'RTFMP.xes.gz')
  const gzip = createGzip({ level: 1 })
  gzip.pipe(createWriteStream(target))
  let count = 0
  for await (const line of createInterface({ input: createReadStream(source).pipe(createGunzip()) })) {
    if (line.includes('<event>')) count++
    gzip.write(`${line}\n`)
    if (count >= wanted && line.includes('</trace>')) break
  }
  gzip.end('</log>\n')
  await once(gzip, 'end')
  return target
}

function tenths(samples) {
  return Array.from({ length: Math.min(10, samples.length) }, (_, index) => samples[Math.floor(((index + 1) / Math.min(10, samples.length)) * samples.length) - 1])
}

function fault(message) {
  failed = true
  console.error(`FAULT ${message}`)
}
