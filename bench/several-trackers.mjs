/**
 * What it costs a tracker to plan what belongs to another: `npm run build:server && node bench/several-trackers.mjs [--events N] [--runs N]`.
 *
 * One process folds the orders of the example from a log in memory into Postgres: once with all eight shards, once with one of them, as one of
 * eight trackers would. Of both the processor time of the process; what is common to both is planning, what grows with the shards is folding.
 * The share is that of an event that belongs to another in one that is its own: with it trackers add up.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { parseArgs } from 'node:util'
import { MemoryLog } from '../libs/log/dist/index.js'
import { openDatabase } from '../apps/tracker/dist/store/open-database.js'
import { Progress } from '../apps/tracker/dist/store/progress.js'
import { ensureShards } from '../apps/tracker/dist/store/shards.js'
import { SoleOwner } from '../apps/tracker/dist/track/ownership.js'
import { Tracker } from '../apps/tracker/dist/track/tracker.js'
import { generateOrders, mappingFile, modelFile } from '../examples/order-fulfilment/dist/index.js'
import { startPostgres } from './support/postgres.mjs'
import { target } from './support/targets.mjs'

const { pino } = createRequire(new URL('../apps/tracker/package.json', import.meta.url))('pino')
const SHARDS = 8
const MOST_SHARE = 0.15
const { values: options } = parseArgs({ options: { events: { type: 'string', default: '30000' }, runs: { type: 'string', default: '3' } } })
const wanted = Number(options.events)
const runs = Number(options.runs)

/** Some of the shards, and nobody else has the others. */
class PartOwner extends SoleOwner {
  constructor(db, progress, shards) {
    super(db, progress)
    this.shards = shards
  }

  async settle() {
    const { total, mine } = await super.settle()
    return { total, mine: mine.filter(({ id }) => id < this.shards) }
  }
}

const log = await filledLog()
const rows = []
for (let run = 0; run < runs; run++) rows.push({ all: await cpuOf(SHARDS), one: await cpuOf(1) })
const all = median(rows.map((row) => row.all))
const one = median(rows.map((row) => row.one))
const folding = ((all - one) * SHARDS) / (SHARDS - 1)
const planning = all - folding
console.table({ 'CPU us per event': { 'all shards': round(all), 'one shard': round(one), planning: round(planning), folding: round(folding) } })
target('planning what belongs to another, beside an event of its own', Number((planning / all).toFixed(3)), `<= ${MOST_SHARE}`, planning / all <= MOST_SHARE)
await log.close()

/** Microseconds of this process per event. */
async function cpuOf(shards) {
  const server = await startPostgres()
  if (server === undefined) throw new Error('no Postgres on this machine')
  const db = await openDatabase({ dataDir: tmpdir(), databaseUrl: server.url })
  try {
    await ensureShards(db, SHARDS, log)
    const progress = new Progress()
    const tracker = new Tracker({ db, log, progress, logger: pino({ level: 'silent' }), alertChannels: [], ownership: new PartOwner(db, progress, shards) })
    const before = process.cpuUsage()
    await tracker.start()
    await new Promise((resolve, reject) => {
      const look = setInterval(() => {
        if (tracker.failure !== undefined) reject(tracker.failure)
        if (progress.position < log.stats().last) return
        clearInterval(look)
        resolve()
      }, 20)
    })
    const { user, system } = process.cpuUsage(before)
    await tracker.stop()
    return (user + system) / wanted
  } finally {
    await db.close()
    await server.stop()
  }
}

async function filledLog() {
  let now = Date.now() - 4 * 86_400_000
  const filled = new MemoryLog({ clock: () => now })
  const model = { xml: readFileSync(modelFile, 'utf8'), mapping: readFileSync(mappingFile, 'utf8'), by: 'bench' }
  await filled.append([{ kind: 'model', subject: 'model', payload: Buffer.from(JSON.stringify(model)) }])
  const drafts = []
  let count = 0
  for (const event of generateOrders({ orders: wanted, startTime: now, seed: 'throughput', ordersPerDay: wanted / 16, journalOrders: 1 })) {
    now = Math.max(now, Date.parse(event.time))
    drafts.push({ kind: 'event', subject: `event.${event.type}`, key: `${event.source}\0${event.id}`, time: Date.parse(event.time), payload: Buffer.from(JSON.stringify(event)) })
    if (drafts.length === 500) await filled.append(drafts.splice(0))
    if (++count >= wanted) break
  }
  if (drafts.length > 0) await filled.append(drafts)
  return filled
}

function median(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]
}

function round(value) {
  return Math.round(value * 10) / 10
}
