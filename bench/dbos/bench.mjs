/**
 * Tidemark beside DBOS, a library of durable workflows on Postgres: the same orders, the same Postgres server, one after the other in one run.
 *
 *     npm run build:server && (cd bench/dbos && npm install) && node bench/dbos/bench.mjs [--events N] [--dbos-events N]
 *
 * With DBOS each order is a durable workflow, which waits for one message per step with a time-out: how one would write down with it what
 * Tidemark is told by a model. It is given all that it can have: the workflow is started by the first event in the same process, messages are
 * sent from there without HTTP, the senders know each order's number in advance, many orders are in flight, several numbers of them are
 * tried and the best counts. It keeps no flow, no deviations and no deadlines; its messages are kept exactly once by their event's id,
 * as ours are. Tidemark takes the events over HTTP in batches from a second process, writes them to its log, follows them by the example's
 * model, and is done when the last one is committed and visible. Both sync what they acknowledge: DBOS each commit, Tidemark its log.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { mappingFile, modelFile } from '../../examples/order-fulfilment/dist/index.js'
import { followOverHttp, orderBatches } from '../support/order-load.mjs'
import { startPostgres } from '../support/postgres.mjs'
import { cpuSecondsOfTree } from '../support/processes.mjs'
import { round, target } from '../support/targets.mjs'
import { startTracker, tidemark } from '../support/tracker.mjs'

const { DBOS } = await import('@dbos-inc/dbos-sdk').catch(() => {
  throw new Error('DBOS is not installed: npm install in bench/dbos')
})
const { Client } = createRequire(new URL('../../apps/tracker/package.json', import.meta.url))('pg')

/** What the runtime compiles in a process that has just started is not what is measured, with either of them. */
const WARM_EVENTS = 40_000
const DBOS_WARM_ORDERS = 50
/** Long enough that none fires: the time-out has to be kept, not used. */
const STEP_TIMEOUT_SECONDS = 3_600
/** Orders that are served at once, and connections to Postgres. */
const CONCURRENCIES = [16, 64, 256]
const POOL = 20

const { values } = parseArgs({ options: { events: { type: 'string', default: '60000' }, 'dbos-events': { type: 'string', default: '4000' } } })
const postgres = await startPostgres()
if (postgres === undefined) throw new Error('there is no Postgres on this machine: name one in TIDEMARK_TEST_POSTGRES_URL')
const work = mkdtempSync(join(tmpdir(), 'tidemark-bench-peer-'))
try {
  const peer = await dbosRate(Number(values['dbos-events']))
  const ours = await tidemarkRate(Number(values.events))
  for (const [name, { perSecond, cpuMs }] of [['DBOS', peer], ['Tidemark', ours]]) {
    console.log(`${name.padEnd(10)}${round(perSecond)} events/s, ${cpuMs.toFixed(2)} ms of processor time per event, Postgres included`)
  }
  console.log(`processor time: ${round(peer.cpuMs / ours.cpuMs)} times less`)
  target('events per second beside DBOS', `${round(ours.perSecond / peer.perSecond)} times`, '30', ours.perSecond >= 30 * peer.perSecond)
} finally {
  await postgres.stop()
  rmSync(work, { recursive: true, force: true })
}

async function tidemarkRate(count) {
  const tracker = await startTracker({ dataDir: join(work, 'data'), databaseUrl: await newDatabase('tidemark_peer') })
  try {
    await tidemark('deploy', modelFile, '--mapping', mappingFile, '--url', tracker.url)
    await followOverHttp(tracker, [orderBatches(WARM_EVENTS)(0)])
    const cpu = () => tracker.cpuSeconds() + postgresCpu()
    const cpuBefore = cpu()
    const { events, seconds } = await followOverHttp(tracker, [orderBatches(count)(1)])
    return { perSecond: events / seconds, cpuMs: ((cpu() - cpuBefore) / events) * 1_000 }
  } finally {
    await tracker.stop()
  }
}

/** The best of several numbers of orders that are served at once. */
async function dbosRate(count) {
  const orders = casesOf([...orderBatches(count)(0)].flatMap(({ json }) => JSON.parse(json)))
  const events = orders.reduce((sum, { ids }) => sum + ids.length, 0)
  const follow = DBOS.registerWorkflow(async (first, messages) => {
    const seen = [first]
    for (let step = 0; step < messages; step++) {
      const event = await DBOS.recv('event', { timeoutSeconds: STEP_TIMEOUT_SECONDS })
      if (event === null) break
      seen.push(event.type)
    }
    return { seen }
  }, { name: 'order' })
  DBOS.setConfig({ name: 'peer', systemDatabaseUrl: await newDatabase('dbos_peer'), systemDatabasePoolSize: POOL, logLevel: 'error' })
  await DBOS.launch()
  try {
    const runs = []
    const serve = async (name, orders, concurrency) => {
      const left = [...orders]
      const running = []
      await Promise.all(Array.from({ length: concurrency }, async () => {
        for (let order = left.shift(); order !== undefined; order = left.shift()) {
          const [first, ...rest] = order.events
          const workflowID = `${name}/${order.key}`
          running.push({ order, handle: await DBOS.startWorkflow(follow, { workflowID })(first.type, rest.length) })
          for (const event of rest) await DBOS.send(workflowID, event, 'event', event.id)
        }
      }))
      for (const { order, handle } of running) {
        const { seen } = await handle.getResult()
        if (seen.length !== order.events.length) throw new Error(`${order.key}: ${seen.length} of ${order.events.length} events were seen`)
      }
    }
    await serve('warm', orders.slice(0, DBOS_WARM_ORDERS), CONCURRENCIES[0])
    for (const concurrency of CONCURRENCIES) {
      const cpu = () => process.cpuUsage().user / 1e6 + process.cpuUsage().system / 1e6 + postgresCpu()
      const cpuBefore = cpu()
      const began = performance.now()
      await serve(String(concurrency), orders, concurrency)
      const perSecond = events / ((performance.now() - began) / 1_000)
      runs.push({ perSecond, cpuMs: ((cpu() - cpuBefore) / events) * 1_000 })
      console.log(`DBOS, ${concurrency} orders at once: ${round(perSecond)} events/s`)
    }
    return runs.reduce((best, run) => (run.perSecond > best.perSecond ? run : best))
  } finally {
    await DBOS.shutdown()
  }
}

/** The order that an event is about; what a shipment's own events say of it is in their name. */
function orderOf({ data, subject }) {
  return data?.orderId ?? /O-\d+[~\d]*/.exec(subject)?.[0] ?? subject
}

/** Events by order, repetitions left out, each order's in the order in which they came. */
function casesOf(events) {
  const cases = new Map()
  for (const event of events) {
    const key = orderOf(event)
    const known = cases.get(key) ?? { key, ids: [], events: [] }
    cases.set(key, known)
    if (known.ids.includes(event.id)) continue
    known.ids.push(event.id)
    known.events.push(event)
  }
  return [...cases.values()]
}

function postgresCpu() {
  return postgres.pid === undefined ? 0 : cpuSecondsOfTree(postgres.pid)
}

async function newDatabase(name) {
  const client = new Client({ connectionString: postgres.url })
  await client.connect()
  await client.query(`drop database if exists ${name}`)
  await client.query(`create database ${name}`)
  await client.end()
  const url = new URL(postgres.url)
  url.pathname = `/${name}`
  return url.href
}
