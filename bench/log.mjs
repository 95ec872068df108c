/**
 * What the embedded log costs, beside what the machine allows: `npm run build:server && node bench/log.mjs [directory]`.
 *
 * Two things bound what callers who wait for their answers can have: the disk, which syncs one group after the other, and the runtime, which
 * has to wake each of them. Both are probed in the same run, and the lower one binds: the disk where a sync takes milliseconds, the runtime where
 * a disk syncs in less time than a thousand callers need to take their turn.
 *
 * The disk is probed before and after in the way of pg_test_fsync: write, fdatasync, again. A raw figure of a machine whose disk
 * changes its pace says nothing; the ratio to the probe of the same run does. Runs whose probes differ more than twofold say so.
 * SQLite (WAL, synchronous FULL) is the native library through python3, because Node 20 has none: groups of as many rows as there are
 * appenders in one transaction each, which is the most that a group commit in front of it could give it.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { realDisk } from '../libs/log/dist/embedded/real-disk.js'
import { EmbeddedLog } from '../libs/log/dist/index.js'
import { appendInTurns, bareAppends } from './support/bare-appends.mjs'
import { megabytesPerSecond, ratio, syncMs as probe, UNSTEADY } from './support/disk.mjs'
import { round, target } from './support/targets.mjs'

const PAYLOAD_BYTES = 256
const APPENDERS = 1_024
const RUN_MS = 4_000
/** What a network disk, or one that has no battery behind its cache, takes longer for a sync than the one here. */
const SLOW_SYNC_MS = 4
/** Batches of a fill; the log that is opened after a crash has a gigabyte. */
const FILL_BATCH = 1_000
const FILL_BYTES = 2 ** 30
/** What one event takes on disk, its key and header included; the probes write groups of this size. */
const EVENT_BYTES = 320

if (process.argv[2] === '--fill') {
  await fillAndDie(process.argv[3])
}
const directory = mkdtempSync(join(process.argv[2] ?? tmpdir(), 'tidemark-bench-'))
try {
  await main()
} finally {
  rmSync(directory, { recursive: true })
}

async function main() {
  const before = probes()
  print('disk before', describe(before))
  const payload = Buffer.alloc(PAYLOAD_BYTES, 'x')

  const single = await appendRun('single', 1, payload, RUN_MS / 4)
  print('1 appender', `${round(single.perSecond)} events/s, ack p50 ${ms(single.p50)}, p99 ${ms(single.p99)}`)

  const bareBefore = await bareRun(payload)
  const run = await appendRun('group', APPENDERS, payload, RUN_MS)
  const bareAfter = await bareRun(payload)
  const sqlite = { plain: sqliteRun('sqlite', false), keyed: sqliteRun('sqlite-keyed', true) }
  const groups = await appendRun('groups', 1, payload, RUN_MS / 2, APPENDERS)
  const after = probes()
  print('disk after', describe(after))
  if (ratio(before.syncMs, after.syncMs) > UNSTEADY || ratio(before.groupSyncMs, after.groupSyncMs) > UNSTEADY) print('caution', 'the disk changed its pace more than twofold; the ratios mean little')
  if (ratio(bareBefore.perSecond, bareAfter.perSecond) > UNSTEADY) print('caution', 'so did the machine; the ratios mean little')
  const limits = {
    disk: APPENDERS / ((before.groupSyncMs + after.groupSyncMs) / 2) * 1_000,
    runtime: (bareBefore.perSecond + bareAfter.perSecond) / 2,
  }
  const binding = limits.disk < limits.runtime ? 'disk' : 'runtime'
  print('limits', `disk ${round(limits.disk)} events/s in synced groups of ${APPENDERS}; bare runtime ${round(limits.runtime)} events/s `
    + `(${bareBefore.userUs.toFixed(2)} and ${bareAfter.userUs.toFixed(2)} us of user time each); the ${binding} binds`)
  print(`${APPENDERS} appenders`, `${round(run.perSecond)} events/s, ${round(run.perSync)} events per sync, ${run.userUs.toFixed(2)} us of user time each, ${run.cpuUs.toFixed(2)} with the system's`)
  // Since groups may be on their way to the disk while others are answered, a sync need not be of all appenders: a round is.
  const roundMs = APPENDERS / run.perSecond * 1_000
  print('', `ack p50 ${ms(run.p50)}, p99 ${ms(run.p99)}; one event of each appender takes ${ms(roundMs)}, one group of the bare runtime ${ms(APPENDERS / limits.runtime * 1_000)} (its p99 ${ms(bareAfter.p99)})`)

  print('SQLite', `${round(sqlite.plain)} rows/s in transactions of ${APPENDERS}, ${round(sqlite.keyed)}/s where it recognises repetitions (unique key), as the log does`)
  print(`1 x ${APPENDERS}`, `${round(groups.perSecond)} events/s by one appender of as many at once`)
  target(`${APPENDERS} appenders beside SQLite, repetitions recognised`, `${(run.perSecond / sqlite.keyed).toFixed(2)} times`, '1.5', run.perSecond >= 1.5 * sqlite.keyed)
  target(`the same groups by one appender beside SQLite`, `${(groups.perSecond / sqlite.keyed).toFixed(2)} times`, '1.5', groups.perSecond >= 1.5 * sqlite.keyed)
  target(`${APPENDERS} appenders, share of the limit that binds (${binding})`, `${Math.round(run.perSecond / limits[binding] * 100)} %`, '60 %', run.perSecond >= 0.6 * limits[binding])
  target('p99 of an acknowledgement', `${(run.p99 / roundMs).toFixed(1)} rounds of all appenders`, '3', run.p99 <= 3 * roundMs)

  const batches = await appendRun('batches', 16, payload, RUN_MS / 2, 500)
  print('16 x 500', `${round(batches.perSecond)} events/s, ack p99 ${ms(batches.p99)}`)

  await slowDisk(payload)
  await reads(payload)
  await opening()
}

/** Rows per second. The keys are unique in both cases; only in the second the table knows. */
function sqliteRun(name, keyed) {
  const script = `
import sqlite3, sys, time
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute('pragma journal_mode=wal')
db.execute('pragma synchronous=full')
db.execute('create table entry (position integer primary key, time integer, subject text, key text ${keyed ? 'unique' : ''}, payload blob)')
payload, n, ends, started = b'x' * ${PAYLOAD_BYTES}, 0, time.time() + ${RUN_MS / 2_000}, time.time()
while time.time() < ends:
    db.execute('begin')
    db.executemany('insert or ignore into entry (time, subject, key, payload) values (?, ?, ?, ?)',
        [(1, 'event.order.placed', 'https://shop.example/orders/%d' % i, payload) for i in range(n, n + ${APPENDERS})])
    db.execute('commit')
    n += ${APPENDERS}
print(n / (time.time() - started))`
  return Number(execFileSync('python3', ['-c', script, join(directory, `${name}.db`)], { encoding: 'utf8' }))
}

/** A process fills a log and is killed; how long until the next one has it open, all keys that are remembered included. */
async function opening() {
  const path = join(directory, 'crashed')
  const { signal } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), '--fill', path], { stdio: ['ignore', 'ignore', 'inherit'] })
  if (signal !== 'SIGKILL') throw new Error('the log was not filled')
  const began = performance.now()
  const log = await EmbeddedLog.open(path)
  const seconds = (performance.now() - began) / 1_000
  const { sizeBytes, entries } = log.stats()
  await log.close()
  target(`open after a crash: ${(sizeBytes / 2 ** 30).toFixed(2)} GiB, ${round(entries)} entries`, `${seconds.toFixed(2)} s`, '2 s', seconds <= 2 && sizeBytes >= FILL_BYTES)
}

async function fillAndDie(path) {
  const log = await EmbeddedLog.open(path)
  const payload = Buffer.alloc(PAYLOAD_BYTES, 'x')
  let serial = 0
  while (log.stats().sizeBytes < FILL_BYTES) {
    await Promise.all(Array.from({ length: 8 }, () => log.append(Array.from({ length: FILL_BATCH }, () => draft(serial++, payload)))))
  }
  void log.append([draft(serial, payload)])
  process.kill(process.pid, 'SIGKILL')
  await new Promise(() => undefined)
}

/** The same where the disk binds: each sync takes longer by as much as that of a network disk does. What the disk allows is probed, not calculated. */
async function slowDisk(payload) {
  const disk = { ...realDisk, open: async (path, mode) => withSlowSync(await realDisk.open(path, mode)) }
  const file = await disk.open(join(directory, 'slow-probe'), 'create')
  const group = Buffer.alloc(APPENDERS * EVENT_BYTES, 1)
  const began = performance.now()
  let syncs = 0
  for (; performance.now() - began < RUN_MS / 2; syncs++) {
    await file.write([group], syncs * group.byteLength)
    await file.sync()
  }
  const syncMs = (performance.now() - began) / syncs
  await file.close()
  const run = await appendRun('slow', APPENDERS, payload, RUN_MS, 1, disk)
  const allowed = APPENDERS / syncMs * 1_000
  print('slower disk', `${syncMs.toFixed(1)} ms a write and sync: ${round(allowed)} events/s in groups of ${APPENDERS}; appended ${round(run.perSecond)}, ack p50 ${ms(run.p50)}, p99 ${ms(run.p99)}`)
  target(`the same on that disk, share of what it allows`, `${Math.round(run.perSecond / allowed * 100)} %`, '60 %', run.perSecond >= 0.6 * allowed)
  target('p99 of an acknowledgement there', `${(run.p99 / syncMs).toFixed(1)} syncs`, '3', run.p99 <= 3 * syncMs)
}

function withSlowSync(file) {
  return {
    sizeBytes: () => file.sizeBytes(), read: (...of) => file.read(...of), write: (...of) => file.write(...of), truncate: (...of) => file.truncate(...of), close: () => file.close(),
    sync: async () => {
      await file.sync()
      await new Promise((done) => setTimeout(done, SLOW_SYNC_MS))
    },
  }
}

async function appendRun(name, appenders, payload, runMs, batch = 1, disk = realDisk) {
  const log = await EmbeddedLog.open(join(directory, name), { disk })
  const run = await appendInTurns((drafts) => log.append(drafts), { appenders, runMs, batch, draft: (n) => draft(n, payload) })
  const { syncs } = log.stats()
  await log.close()
  return { ...run, perSync: run.events / syncs }
}

function bareRun(payload) {
  return bareAppends(directory, { appenders: APPENDERS, eventBytes: EVENT_BYTES, runMs: RUN_MS / 2, draft: (n) => draft(n, payload) })
}

function draft(n, payload) {
  return { kind: 'event', subject: 'event.order.placed', key: `https://shop.example/orders\0${n}`, payload }
}

async function reads(payload) {
  const path = join(directory, 'reads')
  let log = await EmbeddedLog.open(path)
  const total = 1_000_000
  const following = read(log, { from: 'earliest', follow: true, limit: total })
  const followedAt = performance.now()
  for (let n = 0; n < total;) {
    const appends = []
    for (let b = 0; b < 16; b++) {
      const drafts = []
      for (let i = 0; i < 500 && n < total; i++) drafts.push(draft(n++, payload))
      appends.push(log.append(drafts))
    }
    await Promise.all(appends)
  }
  await following
  print('followed live', `${round(total / (performance.now() - followedAt) * 1_000)} events/s appended and read by the same process`)
  await log.close()

  const openedAt = performance.now()
  log = await EmbeddedLog.open(path)
  const openMs = performance.now() - openedAt
  print('open', `${openMs.toFixed(0)} ms for ${(log.stats().sizeBytes / 2 ** 20).toFixed(0)} MiB, ${total} keys remembered again`)
  const readAt = performance.now()
  const found = await read(log, { from: 'earliest', follow: true, limit: total })
  const readPerSecond = found / (performance.now() - readAt) * 1_000
  target('follow-read from the files', `${round(readPerSecond)} events/s`, '1,000,000', readPerSecond >= 1_000_000)
  const wantedAt = performance.now()
  await read(log, { from: 'earliest', kinds: ['model'] })
  print('filtered', `${round(total / (performance.now() - wantedAt) * 1_000)} events/s passed over by kind`)
  const positions = Array.from({ length: 2_000 }, (_, i) => BigInt(1 + (i * 7_919) % total))
  const lookupAt = performance.now()
  await log.lookup(positions)
  print('look-up', `${round(positions.length / (performance.now() - lookupAt) * 1_000)} entries/s at ${positions.length} places`)
  await log.close()
}

async function read(log, options) {
  let count = 0
  for await (const batch of log.read(options)) count += batch.length
  return count
}

/** Milliseconds per write and fdatasync of one page, and of what one group of appenders writes; bandwidth in MB/s. */
function probes() {
  return { syncMs: probe(directory, 4_096), groupSyncMs: probe(directory, APPENDERS * EVENT_BYTES), megabytes: megabytesPerSecond(directory) }
}

function describe({ syncMs, groupSyncMs, megabytes }) {
  return `${round(1_000 / syncMs)} fdatasync/s of 4 KiB, ${round(1_000 / groupSyncMs)}/s of ${APPENDERS} events, `
    + `${round(megabytes)} MB/s in 8 MiB pieces`
}

function ms(value) {
  return `${value.toFixed(2)} ms`
}

function print(name, text) {
  console.log(`${name.padEnd(16)}${text}`)
}
