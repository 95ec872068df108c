/**
 * What a database with very many live instances costs beside one with ten thousand:
 * `npm run build:server && node bench/growth.mjs [--instances 1000000] [--events 20000] [--as-installed | --setting shared_buffers=1GB...]`.
 *
 * How the instances are made stands in support/many-instances.mjs: really followed, then copied in SQL. Both databases are on one Postgres, sized as
 * docs/how-to/size-postgres.md says, or as it is installed: then the tables of a million are read through a cache of 128 MB, and a checkpoint each
 * half gigabyte has each page written whole again. Each has a tracker of its own, and they are loaded in turn; on a machine that others use the ratio
 * of processor times says more than that of rates. What is measured is going on, not the first minute after a start or a checkpoint: before it, both
 * have followed as many new orders, and that with many an event of one order in five. Checkpoints and vacuums of either fall into the processor
 * time of whoever is measured then. A million takes ten minutes and 20 GB; the default is a tenth of it.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openPostgres } from '../apps/tracker/dist/store/postgres/open-postgres.js'
import { anyOrders, followInTurn, lists, newOrders, pageTimes, percentile, sizes, times } from './support/growth-measures.mjs'
import { copyOrders, followOrders } from './support/many-instances.mjs'
import { startPostgres } from './support/postgres.mjs'
import { round, target } from './support/targets.mjs'
import { startTracker } from './support/tracker.mjs'

const FEW = 10_000
const ROUNDS = 5
/** Of orders taken from all alike, before it counts: of each instance that there are. */
const WARM_SHARE = 0.2
const WARM_ROUNDS = 8
const LONGEST_CHECKPOINT_MS = 600_000
const ASKED = 20
const DAY_MS = 86_400_000

const { values: options } = parseArgs({
  options: {
    instances: { type: 'string', default: '100000' }, events: { type: 'string', default: '10000' },
    /** A file that says which database was made before, to measure it again: JSON of dataDir, databaseUrl, rest, copies, postgresPid. */
    large: { type: 'string' },
    /** Of the server, instead of those of docs/how-to/size-postgres.md. */
    setting: { type: 'string', multiple: true },
    'as-installed': { type: 'boolean', default: false },
  },
})
const settings = options['as-installed'] ? [] : options.setting ?? [`shared_buffers=${Math.floor(totalmem() / 4 / 2 ** 20)}MB`, 'max_wal_size=16GB']

const work = mkdtempSync(join(tmpdir(), 'tidemark-bench-growth-'))
const postgres = await startPostgres(settings)
if (postgres === undefined) throw new Error('no Postgres on this machine')
try {
  const copies = Math.max(1, Math.round(Number(options.instances) / FEW) - 1)
  const began = performance.now()
  const small = { dataDir: join(work, 'small'), databaseUrl: postgres.url, copies: 0, postgresPid: postgres.pid }
  const { rest, entries } = await followOrders({ ...small, live: FEW, copies: options.large === undefined ? copies : 0 })
  const large = options.large === undefined ? { dataDir: join(work, 'large'), databaseUrl: await databaseLike(postgres.url, 'large'), rest, copies, postgresPid: postgres.pid } : JSON.parse(readFileSync(options.large, 'utf8'))
  if (options.large === undefined) {
    cpSync(small.dataDir, large.dataDir, { recursive: true })
    await copyOrders(large.databaseUrl, copies, entries)
  } else large.rest = new Map(large.rest)
  const made = await sizes(large.databaseUrl)
  console.log(`${made.live.toLocaleString('en')} live instances with ${made.deadlines.toLocaleString('en')} deadlines, ${made.events.toLocaleString('en')} events, ${made.bytesPerEvent} bytes of database per event; made in ${round((performance.now() - began) / 1_000)} s`)
  await measure({ ...small, rest }, large)
} finally {
  await postgres.stop()
  rmSync(work, { recursive: true, force: true })
}

async function databaseLike(url, name) {
  const admin = await openPostgres(url.replace(/\/[^/]+$/, '/template1'))
  await admin.query(`create database ${name} template postgres`)
  await admin.close()
  return url.replace(/\/[^/]+$/, `/${name}`)
}

/** What making it has left to be written to the disk is none of what is measured. */
async function settle(url) {
  const db = await openPostgres(url, { queryTimeoutMs: LONGEST_CHECKPOINT_MS })
  await db.query('checkpoint')
  await db.close()
}

async function measure(small, large) {
  const few = Object.assign(await startTracker(small), { postgresPid: small.postgresPid, databaseUrl: small.databaseUrl })
  const started = performance.now()
  const many = Object.assign(await startTracker(large), { postgresPid: large.postgresPid, databaseUrl: large.databaseUrl })
  const readyMs = performance.now() - started
  const trackers = { few, many }
  await settle(large.databaseUrl)
  try {
    target('ready after a start, s', round(readyMs / 1_000), '<= 5', readyMs <= 5_000)
    console.log(`the server: ${settings.join(', ') || 'as it is installed'}`)
    const events = Number(options.events)
    const fresh = newOrders(events, 0)
    const scattered = newOrders(events, WARM_ROUNDS + ROUNDS, { scattered: true })
    const any = anyOrders({ few: small, many: large })
    const warmAny = { many: (name) => any(name, Math.round(WARM_SHARE * FEW * large.copies)) }
    for (const { what, least, warm, warmRounds, bodies } of [
      { what: 'new orders', least: 0.9, warm: { few: fresh, many: fresh }, warmRounds: WARM_ROUNDS, bodies: (name, round) => fresh(name, WARM_ROUNDS + round) },
      { what: 'new orders whose numbers do not count up', warm: { few: scattered, many: scattered }, warmRounds: WARM_ROUNDS, bodies: (name, round) => scattered(name, WARM_ROUNDS + round) },
      { what: 'orders of all alike', least: 0.65, warm: warmAny, warmRounds: 1, bodies: (name) => any(name, Math.min(events, FEW / 2)) },
    ]) {
      const warmed = Object.fromEntries(Object.entries(trackers).filter(([name]) => name in warm))
      await followInTurn(warmed, (name, round) => warm[name](name, round), warmRounds)
      const seen = await followInTurn(trackers, bodies, ROUNDS)
      const ratio = seen.many.perSecond / seen.few.perSecond
      const cpuRatio = seen.few.cpuUs / seen.many.cpuUs
      console.log(`${what}: ${round(seen.few.perSecond)} and ${round(seen.many.perSecond)} events/s, ${round(seen.few.cpuUs)} and ${round(seen.many.cpuUs)} us of processor time and `
        + `${round(seen.few.walBytes)} and ${round(seen.many.walBytes)} bytes of write-ahead log per event`)
      const beside = `rate beside that with few: ${ratio.toFixed(2)}, by processor time ${cpuRatio.toFixed(2)}`
      if (least === undefined) console.log(`${what}: ${beside}`)
      else target(`${what}: rate beside that with few`, ratio.toFixed(2), `>= ${least} (by processor time ${cpuRatio.toFixed(2)})`, Math.max(ratio, cpuRatio) >= least)
    }
    const model = 'order-fulfilment'
    await pages('the live flow, p95 ms', [`/models/${model}/flow`], many, few, 50)
    const slowest = { ms: 0, query: '' }
    const all = []
    for (const query of lists(model)) {
      // Once before: what is measured is not the disk.
      await pageTimes(many.url, query)
      const [first, ...others] = await pageTimes(many.url, query)
      all.push(first, ...others.slice(-1))
      if (percentile([first, ...others], 0.95) > slowest.ms) Object.assign(slowest, { ms: percentile([first, ...others], 0.95), query })
    }
    target('lists by every filter, first and tenth page: p95 ms', round(percentile(all, 0.95)), `<= 200; slowest "${slowest.query}" ${round(slowest.ms)}`, percentile(all, 0.95) <= 200)
    const { items } = await (await fetch(`${many.url}/api/v1/instances?status=active&limit=${ASKED}&startedBefore=${new Date(Date.now() - 2 * DAY_MS).toISOString()}`)).json()
    await pages('the page of an instance, p95 ms', items.map(({ id }) => `/instances/${id}`), many, undefined, 200)
    const at = (days) => `at=${new Date(Date.now() - days * DAY_MS).toISOString()}`
    await pages('an instance at a past moment, p95 ms', items.map(({ id }) => `/instances/${id}?${at(1)}`), many, undefined, 1_000)
    await pages('the flow at past moments, p95 ms', [0.5, 1, 2, 4, 6].map((days) => `/models/${model}/flow?${at(days)}`), many, few, 1_000)
    for (const path of ['/status', '/alerts', '/commands', '/events', '/events?fate=tracked', '/event-types']) await pages(`${path}, p95 ms`, [path], many, few, 200)
    target('memory of the tracker, MB', many.peakMb(), '<= 1000', many.peakMb() <= 1_000)
    const { hotShare, bytesPerEvent } = await sizes(large.databaseUrl)
    console.log(`${bytesPerEvent} bytes of database per event; ${(hotShare * 100).toFixed(0)} % of the updates of instances touched no index`)
  } finally {
    await few.stop()
    await many.stop()
  }
}

async function pages(what, paths, many, few, mostMs) {
  const ask = async ({ url }) => {
    const all = []
    for (const path of paths) {
      await times(url, path, 1)
      all.push(...await times(url, path, Math.ceil(ASKED / paths.length)))
    }
    return all
  }
  const seen = await ask(many)
  const beside = few === undefined ? '' : `; with few ${round(percentile(await ask(few), 0.95))}`
  target(what, round(percentile(seen, 0.95)), `<= ${mostMs}; median ${round(percentile(seen, 0.5))}${beside}`, percentile(seen, 0.95) <= mostMs)
}
