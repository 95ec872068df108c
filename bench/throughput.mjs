/**
 * What following live events costs, beside a bare client that sends the database the same commits:
 * `npm run build:server && node bench/throughput.mjs [--events N] [--only embedded|postgres] [--minutes M]`.
 *
 * Orders of the example come in over HTTP in batches of 500, as fast as the tracker follows; the clock stops when the last is committed and
 * visible. Then the same log is folded once more while every statement of its commits is recorded, and a client that does nothing else sends
 * these to a fresh database; at last the rows that are left are inserted again, which is the least that they can cost. A rate alone says how
 * fast the machine is; the ratio says how much of it tracking itself takes. With --minutes orders come for so long instead, and what is printed
 * is whether the rate, the lag and the memory of the tracker stay as they are; the bare client sends the commits of all of them, since a row costs
 * more the more there are, whoever writes it. That takes three times as long, and disk for what ten million events write, twice (--events bounds it).
 * Where others use the machine, only the processor times say anything (the embedded database runs within the process of who uses it, and is counted there).
 */
import { createReadStream, mkdtempSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { deserialize, serialize } from 'node:v8'
import { openDatabase } from '../apps/tracker/dist/store/open-database.js'
import { Progress } from '../apps/tracker/dist/store/progress.js'
import { ensureShards } from '../apps/tracker/dist/store/shards.js'
import { takeShards } from '../apps/tracker/dist/store/write/shards.js'
import { roomOf } from '../apps/tracker/dist/track/room.js'
import { Tracker } from '../apps/tracker/dist/track/tracker.js'
import { mappingFile, modelFile } from '../examples/order-fulfilment/dist/index.js'
import { EmbeddedLog } from '../libs/log/dist/index.js'
import { bareInsert } from './support/bare-insert.mjs'
import { followOverHttp, orderBatches } from './support/order-load.mjs'
import { startPostgres } from './support/postgres.mjs'
import { cpuSecondsOfTree } from './support/processes.mjs'
import { startTracker, tidemark } from './support/tracker.mjs'

const { pino } = createRequire(new URL('../apps/tracker/package.json', import.meta.url))('pino')
const SHARDS = 8
/** Of a sustained run: in a round; enough for orders of one to be done while those of the next are under way. */
const ROUND_EVENTS = 80_000
const LINE_SECONDS = 10
/** Of recorded commits at a time. */
const READ_BYTES = 8 * 1024 * 1024

const { values: options } = parseArgs({ options: { events: { type: 'string' }, only: { type: 'string' }, minutes: { type: 'string' } } })
const wanted = Number(options.events ?? 80_000)
const work = mkdtempSync(join(tmpdir(), 'tidemark-bench-throughput-'))
const rows = []
try {
  for (const [name, start] of [['embedded', async () => ({ url: undefined, stop: async () => undefined })], ['postgres', startPostgres]]) {
    if (options.only !== undefined && options.only !== name) continue
    rows.push(await (options.minutes === undefined ? run(name, start) : sustain(name, start, Number(options.minutes))))
  }
} finally {
  rmSync(work, { recursive: true, force: true })
}
console.table(Object.fromEntries(rows.filter((row) => row !== undefined)))

async function run(name, database) {
  const live = await database()
  if (live === undefined) return console.log('no Postgres on this machine: only the embedded database')
  const dataDir = join(work, name)
  const followed = await follow({ dataDir, databaseUrl: live.url }, (rounds) => [rounds(0)], undefined, () => cpuOf(live)).finally(live.stop)
  const bare = await bareOf(name, database)
  const measured = { ...bare, ...followed }
  const { bareSeconds, insertSeconds, walBytes, tableBytes } = bare
  const rate = measured.events / measured.seconds
  const bareRate = measured.events / bareSeconds
  return [name, {
    events: measured.events, seconds: Number(measured.seconds.toFixed(1)), 'events/s': Math.round(rate), 'bare commits events/s': Math.round(bareRate),
    ratio: Number((rate / bareRate).toFixed(2)), 'bare insert events/s': Math.round(measured.events / insertSeconds), 'lag p50 ms': measured.lagMs(0.5), 'lag p99 ms': measured.lagMs(0.99), 'peak MB': measured.peakMb, 'CPU us/event: tracker': measured.cpuUs, 'its database': measured.databaseUs, 'bare client': Math.round((measured.bareCpuSeconds / measured.events) * 1e6),
    'its database ': Math.round((measured.bareDatabaseSeconds / measured.events) * 1e6),
    'WAL bytes/event': Math.round(walBytes / measured.events), 'table bytes/event': Math.round(tableBytes / measured.events),
  }]
}

/** @param most events that the bare client is given, about */
async function bareOf(name, database, most = Infinity) {
  const recording = await database()
  const commits = join(work, `${name}-commits`)
  const recorded = await record(join(work, name), join(work, `${name}-recorded`), recording.url, most, commits).finally(recording.stop)
  const bare = await database()
  return replay(commits, recorded, join(work, `${name}-bare`), bare).finally(bare.stop)
}

/** Follows round after round; a rate that falls, a lag that grows or memory that does shows from line to line. */
async function sustain(name, database, minutes) {
  const live = await database()
  if (live === undefined) return console.log('no Postgres on this machine: only the embedded database')
  const lines = []
  let last = 0
  let seconds = 0
  const measured = await follow({ dataDir: join(work, name), databaseUrl: live.url }, function* (rounds) {
    const ends = Date.now() + minutes * 60_000
    for (let round = 0; Date.now() < ends; round++) {
      for (const body of rounds(round)) {
        if (Date.now() >= ends) return
        yield [body]
      }
    }
  }, ({ events, lag, rssMb }) => {
    if (++seconds % LINE_SECONDS !== 0) return
    lines.push({ rate: (events - last) / LINE_SECONDS, lag, rssMb })
    console.log(`${name} ${String(seconds).padStart(4)} s  ${String(Math.round(lines.at(-1).rate)).padStart(6)} events/s  ${String(lag).padStart(6)} entries behind  ${rssMb} MB`)
    last = events
  }, () => cpuOf(live)).finally(live.stop)
  const bare = await bareOf(name, database, options.events === undefined ? Infinity : wanted)
  const [rate, bareRate] = [measured.events / measured.seconds, bare.events / bare.bareSeconds]
  const third = Math.max(1, Math.floor(lines.length / 3))
  const mean = (some, of) => Math.round(some.reduce((sum, line) => sum + of(line), 0) / some.length)
  const both = (of) => `${mean(lines.slice(0, third), of)} -> ${mean(lines.slice(-third), of)}`
  return [name, {
    events: measured.events, seconds: Math.round(measured.seconds), 'events/s': Math.round(rate), 'bare commits events/s': Math.round(bareRate), ratio: Number((rate / bareRate).toFixed(2)), 'CPU us/event': measured.cpuUs, 'its database': measured.databaseUs, 'bare client: its database': Math.round((bare.bareDatabaseSeconds / bare.events) * 1e6), 'peak MB': measured.peakMb,
    'lag p50 ms': measured.lagMs(0.5), 'lag p99 ms': measured.lagMs(0.99),
    'first and last third: events/s': both(({ rate }) => rate), 'entries behind': both(({ lag }) => lag), MB: both(({ rssMb }) => rssMb),
  }]
}

async function follow(where, roundsOf, onSecond = () => undefined, databaseSeconds = () => 0) {
  const tracker = await startTracker(where)
  try {
    await tidemark('deploy', modelFile, '--mapping', mappingFile, '--url', tracker.url)
    const rounds = orderBatches(options.minutes === undefined ? wanted : ROUND_EVENTS)
    const before = databaseSeconds()
    const measured = await followOverHttp(tracker, roundsOf(rounds), (now) => onSecond({ ...now, rssMb: tracker.samples.at(-1) ?? 0 }))
    return { ...measured, databaseUs: Math.round(((databaseSeconds() - before) / measured.events) * 1e6) }
  } finally {
    await tracker.stop()
  }
}

/** Folds the log once more, and writes what each transaction sent to a file. */
async function record(logDir, dataDir, databaseUrl, most, file) {
  const log = await EmbeddedLog.open(join(logDir, 'log'))
  const database = await openDatabase({ dataDir, databaseUrl })
  const commits = await open(file, 'w')
  const recording = {
    embedded: database.embedded,
    query: (sql, params) => database.query(sql, params),
    close: () => database.close(),
    transaction: async (work, settings) => {
      const statements = []
      const result = await database.transaction((tx) => work({
        query: (sql, params) => (statements.push({ sql, params: params?.map(kept) }), tx.query(sql, params)),
        copy: (sql, lines) => (statements.push({ sql, lines: kept(lines) }), tx.copy(sql, lines)),
      }), settings)
      const bytes = serialize({ statements, settings })
      await commits.writev([Buffer.from(Uint32Array.of(bytes.length).buffer), bytes])
      return result
    },
  }
  await ensureShards(database, SHARDS, log)
  const progress = new Progress()
  const tracker = new Tracker({ db: recording, log, progress, logger: pino({ level: 'warn' }), alertChannels: [], room: roomOf(1_024) })
  await tracker.start()
  const { last } = log.stats()
  const until = Number(last) > most ? BigInt(most) : last
  while (!(await progress.reached(until, 100))) if (tracker.failure !== undefined) throw tracker.failure
  await tracker.stop()
  const [{ events }] = await database.query('select sum(count) as events from event_type')
  await database.close()
  await log.close()
  await commits.close()
  return { identity: log.identity, events: Number(events) }
}

/** Rows stand in memory that the next batch writes again. */
function kept(value) {
  return value instanceof Uint8Array ? Buffer.from(value) : value
}

/** The next ones are read while what was read before is sent. */
async function * commitsIn(file) {
  let left = Buffer.alloc(0)
  for await (const chunk of createReadStream(file, { highWaterMark: READ_BYTES })) {
    left = left.length === 0 ? chunk : Buffer.concat([left, chunk])
    while (left.length >= 4 && left.length >= 4 + left.readUInt32LE(0)) {
      const end = 4 + left.readUInt32LE(0)
      yield deserialize(left.subarray(4, end))
      left = left.subarray(end)
    }
  }
}

async function replay(commits, { identity, events }, dataDir, server) {
  const database = await openDatabase({ dataDir, databaseUrl: server.url })
  await ensureShards(database, SHARDS, { identity, stats: () => ({ first: 1n, last: 0n, entries: 0 }), read: async function* () {} })
  await takeShards(database, 'bench')
  const began = performance.now()
  const walBefore = await walPosition(database)
  const [ownCpu, serverCpu] = [process.cpuUsage(), cpuOf(server)]
  for await (const { statements, settings } of commitsIn(commits)) {
    await database.transaction((tx) => Promise.all(statements.map(({ sql, params, lines }) => (lines === undefined ? tx.query(sql, params) : tx.copy(sql, lines)))), settings)
  }
  const bareSeconds = (performance.now() - began) / 1_000
  const { user, system } = process.cpuUsage(ownCpu)
  const bare = { bareCpuSeconds: (user + system) / 1e6, bareDatabaseSeconds: cpuOf(server) - serverCpu }
  const walBytes = (await walPosition(database)) - walBefore
  const [{ bytes }] = await database.query(`select sum(pg_total_relation_size(relid)) as bytes from pg_stat_user_tables`)
  const inserted = await bareInsert(database, ['instance', 'instance_event', 'token', 'deadline', 'deviation', 'instance_key'])
  await database.close()
  return { ...bare, events, bareSeconds, walBytes, tableBytes: Number(bytes), insertSeconds: Object.values(inserted).reduce((sum, { seconds }) => sum + seconds, 0) }
}

/** Not known of a server that was there before; none of its own has the embedded one. */
function cpuOf({ url, pid }) {
  return url === undefined ? 0 : pid === undefined ? Number.NaN : cpuSecondsOfTree(pid)
}

async function walPosition(database) {
  const [{ bytes }] = await database.query(`select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0') as bytes`)
  return Number(bytes)
}
