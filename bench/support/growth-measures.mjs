/** What is asked of a database with very many instances, beside the same with few: how fast events are followed, and how long pages take. */
import { openPostgres } from '../../apps/tracker/dist/store/postgres/open-postgres.js'
import { copyKey } from './many-instances.mjs'
import { followOverHttp, orderBatches } from './order-load.mjs'
import { cpuSecondsOfTree } from './processes.mjs'

const BATCH = 500
const DAY_MS = 86_400_000

/**
 * Events per second of processor time and of the clock, on each of two trackers in turn, so that what else the machine does hits both alike.
 * @param trackers by name, each with `databaseUrl`, and `postgresPid`: of its server, whose processor time counts too; undefined where that is none of ours
 */
export async function followInTurn(trackers, bodiesOf, rounds) {
  const seen = Object.fromEntries(Object.keys(trackers).map((name) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const [name, tracker] of Object.entries(trackers)) {
      const cpu = () => tracker.cpuSeconds() + (tracker.postgresPid === undefined ? 0 : cpuSecondsOfTree(tracker.postgresPid))
      const [before, written] = [cpu(), await walOf(tracker.databaseUrl)]
      const { events, seconds } = await followOverHttp(tracker, [bodiesOf(name, round)])
      const [after, now] = [cpu(), await walOf(tracker.databaseUrl)]
      seen[name].push({ perSecond: events / seconds, cpuUs: ((after - before) / events) * 1e6, walBytes: (now - written) / events })
    }
  }
  const medians = (all) => Object.fromEntries(Object.keys(all[0]).map((field) => [field, median(all.map((one) => one[field]))]))
  return Object.fromEntries(Object.entries(seen).map(([name, all]) => [name, medians(all)]))
}

/** Bytes that the server has written ahead so far. */
async function walOf(databaseUrl) {
  const db = await openPostgres(databaseUrl)
  try {
    const [row] = await db.query(`select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8 as bytes`)
    return row.bytes
  } finally {
    await db.close()
  }
}

/** New orders, which come, go their way and end: what was there before is not touched. */
export function newOrders(events, firstRound, options) {
  const batches = orderBatches(events, options)
  return (name, round) => batches(firstRound + round)
}

/** The next events of orders taken from all that are under way, each once in a round. */
export function anyOrders(perName) {
  const states = Object.fromEntries(Object.entries(perName).map(([name, { rest, copies }]) => {
    const orders = [...rest].filter(([, left]) => left.length > 0)
    return [name, { orders, copies, random: randomOf(7), used: new Map() }]
  }))
  return (name, events) => {
    const { orders, copies, random, used } = states[name]
    const texts = []
    const now = new Set()
    for (let tries = 0; texts.length < events && tries < events * 20; tries++) {
      const [key, left] = orders[Math.floor(random() * orders.length)]
      const own = copyKey(key, Math.floor(random() * (copies + 1)))
      const next = used.get(own) ?? 0
      if (now.has(own) || next >= left.length) continue
      now.add(own)
      used.set(own, next + 1)
      texts.push(JSON.stringify({ ...left[next], time: new Date().toISOString() }).replaceAll(key, own))
    }
    return Array.from({ length: Math.ceil(texts.length / BATCH) }, (_, index) => texts.slice(index * BATCH, (index + 1) * BATCH)).map((batch) => ({ count: batch.length, json: `[${batch.join(',')}]` }))
  }
}

/** Every filter of the list of instances, alone and with others. */
export function lists(model) {
  const ago = (days) => encodeURIComponent(new Date(Date.now() - days * DAY_MS).toISOString())
  return [
    '', `model=${model}`, `model=${model}&version=1`, `model=${model}&status=active`, 'status=completed', 'status=terminated', 'stuck=true', 'late=true', 'deviating=true',
    'stuck=false&late=false&deviating=false', 'deviation=skipped', 'deviation=wrongOutcome', `model=${model}&deviation=skipped&status=active`, `model=${model}&element=ShipGoods`, 'element=PackGoods',
    'element=Restock&stuck=true', 'waitingLongerThan=PT48H', 'element=PackGoods&waitingLongerThan=P1D', `startedAfter=${ago(1)}`, `startedBefore=${ago(3)}`,
    `model=${model}&status=active&startedAfter=${ago(4)}&startedBefore=${ago(3)}`, 'var.city=Milan', 'var.city=Nowhere', 'var.amount%5Bgt%5D=100000', 'var.customer%5Bcontains%5D=vries',
    'key=O-1500', 'key=P-O-1500', 'key=nobody',
  ]
}

/** Milliseconds of each of the first ten pages of a list; fewer where it ends. */
export async function pageTimes(url, query) {
  const times = []
  for (let cursor = ''; times.length < 10;) {
    const began = performance.now()
    const answer = await fetch(`${url}/api/v1/instances?${query}${cursor}`)
    const page = await answer.json()
    times.push(performance.now() - began)
    if (!answer.ok) throw new Error(`${query}: ${JSON.stringify(page)}`)
    if (page.nextCursor === undefined) break
    cursor = `&cursor=${page.nextCursor}`
  }
  return times
}

/** Milliseconds of so many askings. */
export async function times(url, path, count) {
  const all = []
  for (let index = 0; index < count; index++) {
    const began = performance.now()
    const answer = await fetch(`${url}/api/v1${path}`)
    await answer.arrayBuffer()
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`)
    all.push(performance.now() - began)
  }
  return all
}

/** Of the whole database: bytes per stored event; of `instance`: which share of its updates touched no index. */
export async function sizes(databaseUrl) {
  const db = await openPostgres(databaseUrl)
  try {
    const [row] = await db.query(
      `select pg_database_size(current_database())::float8 / (select count(*) from instance_event) as bytes, (select count(*) from instance where status = 'active') as live,
         (select count(*) from instance_event) as events, (select count(*) from deadline) as deadlines,
         (select n_tup_hot_upd::float8 / greatest(n_tup_upd, 1) from pg_stat_user_tables where relname = 'instance') as hot`)
    return { bytesPerEvent: Math.round(row.bytes), live: Number(row.live), events: Number(row.events), deadlines: Number(row.deadlines), hotShare: row.hot }
  } finally {
    await db.close()
  }
}

export function percentile(values, share) {
  return [...values].sort((a, b) => a - b)[Math.max(0, Math.ceil(values.length * share) - 1)] ?? Number.NaN
}

function median(values) {
  return percentile(values, 0.5)
}

function randomOf(seed) {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
