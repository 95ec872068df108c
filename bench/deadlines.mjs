/**
 * Deadlines in great numbers: `npm run build:server && node bench/deadlines.mjs [--instances 1000000] [--database embedded]`.
 *
 * Orders wait for their payment; two days after each began, a customer is to be told. At first a few hundred fall due each second, as on a busy day: how long
 * after its moment and the grace is each decided? Then the house is down for an hour in which a tenth of all fell due, and then for two days, in which all others did:
 * in what time are they decided, each once, and does anything leave before senders could bring what they kept meanwhile? The log's clock is set by the
 * bench, all else is as it is; processor time stands beside each time, since others may use the machine.
 */
import { execSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Heartbeat } from '../apps/tracker/dist/ingest/heartbeat.js'
import { readLeaving } from '../apps/tracker/dist/store/deliver/commands.js'
import { nextDue } from '../apps/tracker/dist/store/next-due.js'
import { openDatabase } from '../apps/tracker/dist/store/open-database.js'
import { Progress } from '../apps/tracker/dist/store/progress.js'
import { ensureShards } from '../apps/tracker/dist/store/shards.js'
import { Tracker } from '../apps/tracker/dist/track/tracker.js'
import { MemoryLog } from '../libs/log/dist/index.js'
import { startPostgres } from './support/postgres.mjs'
import { target } from './support/targets.mjs'

const { pino } = createRequire(new URL('../apps/tracker/package.json', import.meta.url))('pino')
const { values: options } = parseArgs({
  options: { instances: { type: 'string', default: '100000' }, seconds: { type: 'string', default: '20' }, database: { type: 'string', default: 'postgres' } },
})
const INSTANCES = Number(options.instances)
const STEADY_SECONDS = Number(options.seconds)
const STEADY_RATE = 200
const STEADY = STEADY_RATE * STEADY_SECONDS
const IN_AN_HOUR = INSTANCES / 10
const SECOND = 1_000
const HOUR = 3_600 * SECOND
const DAY = 24 * HOUR
const GRACE = SECOND
/** As deliver/deliveries.ts has it. */
const OUTAGE_WAIT = 300 * SECOND
const ENTRIES = 2_000
const XML = `<?xml version="1.0"?><definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  xmlns:tm="urn:tidemark:bpmn:1" targetNamespace="urn:bench"><process id="orders" tm:mode="manage" tm:grace="PT1S" tm:effectsMaxAge="P30D">
  <extensionElements><tm:key name="order" value="data.order" /></extensionElements>
  <startEvent id="e0" name="placed"><messageEventDefinition/></startEvent><task id="e1" name="paid"/><endEvent id="end"/>
  <sequenceFlow id="f0" sourceRef="e0" targetRef="e1"/><sequenceFlow id="f1" sourceRef="e1" targetRef="end"/>
  <boundaryEvent id="late" attachedToRef="e1" cancelActivity="false"><timerEventDefinition><timeDuration xsi:type="tFormalExpression">P2D</timeDuration></timerEventDefinition></boundaryEvent>
  <sendTask id="tell" tm:managed="true"><extensionElements><tm:command type="customer.notifyDelay" target="notification" /></extensionElements></sendTask>
  <endEvent id="told"/><sequenceFlow id="f2" sourceRef="late" targetRef="tell"/><sequenceFlow id="f3" sourceRef="tell" targetRef="told"/></process></definitions>`

const work = mkdtempSync(join(tmpdir(), 'tidemark-bench-deadlines-'))
const postgres = options.database === 'embedded' ? { url: undefined, stop: async () => undefined } : await startPostgres()
if (postgres === undefined) throw new Error('no Postgres on this machine: --database embedded')
try {
  await run()
} finally {
  await postgres.stop()
  rmSync(work, { recursive: true, force: true })
}

async function run() {
  // The log's clock stands still until it is told to go, so that making the orders takes no time.
  const start = Date.now()
  let [base, runsSince] = [start, undefined]
  const now = () => Math.floor(base + (runsSince === undefined ? 0 : performance.now() - runsSince))
  const log = new MemoryLog({ clock: now })
  const db = await openDatabase({ dataDir: work, databaseUrl: postgres.url })
  await ensureShards(db, 8, log)
  await log.append([{ kind: 'model', subject: 'model', payload: Buffer.from(JSON.stringify({ xml: XML, by: 'bench' })) }])
  const dues = duesFrom(start)
  const began = performance.now()
  for (let from = 0; from < dues.length; from += ENTRIES) await log.append(dues.slice(from, from + ENTRIES).map((due, index) => placed(from + index, due - 2 * DAY)))
  let house = await open(db, log)
  await house.follows()
  console.log(`${dues.length.toLocaleString('en')} armed in ${((performance.now() - began) / 1_000).toFixed(0)} s`)
  if (postgres.url !== undefined) await db.query('vacuum analyze')

  // As on any day.
  runsSince = performance.now()
  const late = []
  let fired = 0
  // Seen by asking again and again, as somebody who waits for it would.
  const count = async () => {
    const upTo = await decided(db)
    for (const at = now(); fired < upTo; fired++) late.push(Math.max(0, at - dues[fired] - GRACE))
    return fired >= STEADY
  }
  const heartbeat = new Heartbeat(log, { now, machine: () => Date.now(), scale: 1 }, { nextDue: (after) => nextDue(db, after), onError: (error) => console.error(error) })
  heartbeat.start()
  await until(count, 4 * STEADY_SECONDS * SECOND)
  await heartbeat.stop()
  late.sort((a, b) => a - b)
  console.log(`${STEADY_RATE} a second: after due and grace ${[0.5, 0.9, 0.99, 1].map((share) => `p${100 * share} ${late[Math.ceil(late.length * share) - 1]}`).join(', ')} ms`)
  target(`${STEADY_RATE} a second: p99 after due and grace, ms`, late[Math.floor(late.length * 0.99)], '<= 1000', late[Math.floor(late.length * 0.99)] <= 1_000)

  for (const [down, name, most, seconds] of [[HOUR, 'an hour', IN_AN_HOUR, 30], [2 * DAY, 'two days', INSTANCES, 180]]) {
    await house.stop()
    base = now() + down
    runsSince = undefined
    house = await open(db, log)
    const before = { fired: await decided(db), cpu: process.cpuUsage().user, postgres: postgresCpu() }
    const started = performance.now()
    await log.append([{ kind: 'clock', subject: 'clock', payload: new Uint8Array() }])
    await house.follows()
    const took = (performance.now() - started) / 1_000
    const due = dues.filter((moment) => moment + GRACE <= base).length
    const number = (await decided(db)) - before.fired
    console.log(`after ${name}: ${number.toLocaleString('en')} decided in ${took.toFixed(1)} s, tracker ${((process.cpuUsage().user - before.cpu) / 1e6).toFixed(1)} s and Postgres ${(postgresCpu() - before.postgres).toFixed(1)} s of processor time`)
    target(`down for ${name}: what fell due is decided, s`, took.toFixed(1), `<= ${seconds}`, took <= seconds * Math.max(1, number / most))
    target(`down for ${name}: each once`, number, due - before.fired, number === due - before.fired && (await doubled(db)) === 0)
    const early = await readLeaving(db, base + Math.min(down, OUTAGE_WAIT) - 1, 10_000, OUTAGE_WAIT)
    const inIt = early.filter(({ decided_at: at }) => Number(at) > base - down)
    const then = await readLeaving(db, base + Math.min(down, OUTAGE_WAIT), 10_000, OUTAGE_WAIT)
    target(`down for ${name}: none leaves before senders could catch up`, inIt.length, `0, then ${then.length}`, inIt.length === 0 && then.length > early.length)
    const order = then.map(({ decided_at: at }) => Number(at))
    target(`down for ${name}: they leave in the order of their moments`, order.every((at, index) => index === 0 || order[index - 1] <= at), true, order.every((at, index) => index === 0 || order[index - 1] <= at))
    // What may leave by now has left, or it would stand before the others.
    await db.query(`update command set status = 'noted' where status = 'scheduled'`)
  }
  await house.stop()
  await db.close()
}

/** When each falls due, in order. */
function duesFrom(start) {
  const spread = (number, from, length) => Array.from({ length: number }, (_, index) => Math.floor(from + (length * index) / number))
  const steadyEnds = start + (3 + STEADY_SECONDS) * SECOND
  return [
    ...spread(STEADY, start + 3 * SECOND, STEADY_SECONDS * SECOND), ...spread(IN_AN_HOUR, steadyEnds + 60 * SECOND * (1 + STEADY_SECONDS / 20), HOUR / 2),
    ...spread(INSTANCES, steadyEnds + 3 * HOUR, DAY),
  ]
}

function placed(n, time) {
  const event = { specversion: '1.0', id: `${n}`, source: '/bench', type: 'placed', time: new Date(time).toISOString(), data: { order: `order ${n}` } }
  return { kind: 'event', subject: 'event.placed', key: `/bench\0${n}`, time, payload: Buffer.from(JSON.stringify(event)) }
}

async function open(db, log) {
  const progress = new Progress()
  const tracker = new Tracker({ db, log, progress, logger: pino({ level: 'warn' }), alertChannels: [] })
  await tracker.start()
  return {
    progress,
    /** Until the log has been followed to its end, and nothing is due any more. */
    follows: () => until(async () => {
      if (tracker.failure !== undefined) throw tracker.failure
      if (progress.position < log.stats().last) return false
      const [{ left }] = await db.query(`select exists (select 1 from deadline where at <= $1::bigint) or exists (select 1 from model_version where status <> 'active') as left`, [progress.clock])
      return !left
    }, HOUR),
    stop: () => tracker.stop(),
  }
}

async function decided(db) {
  const [{ count }] = await db.query(`select coalesce(sum(count), 0) as count from flow_count where flow = 'f2'`)
  return Number(count)
}

async function doubled(db) {
  const [{ count }] = await db.query(`select count(*) as count from (select instance from command group by instance having count(*) > 1) as twice`)
  return Number(count)
}

async function until(is, mostMs) {
  for (const end = performance.now() + mostMs; !(await is());) {
    if (performance.now() > end) throw new Error('it does not come to its end')
    await new Promise((done) => setTimeout(done, 20))
  }
}

/** Seconds, of all its processes; 0 where it is none of ours. */
function postgresCpu() {
  if (postgres.postmaster === undefined) return 0
  const stat = (pid) => {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ').map(Number)
  }
  const children = execSync(`ps -o pid= --ppid ${postgres.postmaster}`).toString().trim().split(/\s+/)
  return children.reduce((sum, pid) => sum + stat(pid)[11] / 100, stat(postgres.postmaster)[13] / 100)
}
