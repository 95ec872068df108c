/**
 * What the embedded log costs, beside what the disk allows: `npm run build:server && node bench/log.mjs [directory]`.
 *
 * The disk is probed before and after in the way of pg_test_fsync: write, fdatasync, again. A raw figure of a machine whose disk
 * changes its pace says nothing; the ratio to the probe of the same run does. Runs whose probes differ more than twofold say so.
 */
import { mkdtempSync, openSync, writeSync, fdatasyncSync, closeSync, rmSync, unlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EmbeddedLog } from '../libs/log/dist/index.js'

const PAYLOAD_BYTES = 256
const APPENDERS = 1_024
const RUN_MS = 4_000
const PROBE_MS = 1_500
/** What one event takes on disk, its key and header included; the probe writes groups of this size. */
const EVENT_BYTES = 320

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

  const run = await appendRun('group', APPENDERS, payload, RUN_MS)
  const after = probes()
  print('disk after', describe(after))
  if (ratio(before.syncMs, after.syncMs) > 2) print('caution', 'the disk changed its pace more than twofold; the ratios mean little')
  const syncMs = (before.groupSyncMs + after.groupSyncMs) / 2
  const allowed = APPENDERS / syncMs * 1_000
  print(`${APPENDERS} appenders`, `${round(run.perSecond)} events/s, ${round(run.perSync)} events per sync, `
    + `${Math.round(run.perSecond / allowed * 100)} % of what the probe allows (${round(allowed)}/s in groups of ${APPENDERS})`)
  print('', `ack p50 ${ms(run.p50)}, p99 ${ms(run.p99)}: ${(run.p99 / syncMs).toFixed(1)} syncs of the probe, `
    + `${(run.p99 / run.syncMs).toFixed(1)} of its own`)
  print('', `processor ${(run.cpuMs * 1_000 / run.events).toFixed(2)} us per event`)

  const batches = await appendRun('batches', 16, payload, RUN_MS / 2, 500)
  print('16 x 500', `${round(batches.perSecond)} events/s, ack p99 ${ms(batches.p99)}`)

  await reads(payload)
}

/** Each appender appends, waits for the answer, appends again. */
async function appendRun(name, appenders, payload, runMs, batch = 1) {
  const log = await EmbeddedLog.open(join(directory, name))
  const latencies = []
  let serial = 0
  let events = 0
  const started = performance.now()
  const cpu = process.cpuUsage()
  const ends = started + runMs
  await Promise.all(Array.from({ length: appenders }, async () => {
    while (performance.now() < ends) {
      const drafts = []
      for (let i = 0; i < batch; i++) {
        const n = serial++
        drafts.push(draft(n, payload))
      }
      const at = performance.now()
      await log.append(drafts)
      latencies.push(performance.now() - at)
      events += batch
    }
  }))
  const tookMs = performance.now() - started
  const { user, system } = process.cpuUsage(cpu)
  const { syncs } = log.stats()
  await log.close()
  latencies.sort((a, b) => a - b)
  return {
    events, perSecond: events / tookMs * 1_000, perSync: events / syncs, syncMs: tookMs / syncs, cpuMs: (user + system) / 1_000,
    p50: latencies[Math.floor(latencies.length / 2)], p99: latencies[Math.floor(latencies.length * 0.99)],
  }
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
  print('follow-read', `${round(found / (performance.now() - readAt) * 1_000)} events/s from the files`)
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
  const syncMs = probe(4_096)
  const groupSyncMs = probe(APPENDERS * EVENT_BYTES)
  const bulkMs = probe(8 * 2 ** 20)
  return { syncMs, groupSyncMs, megabytes: 8.388608 / bulkMs * 1_000 }
}

function probe(bytes) {
  const path = join(directory, 'probe')
  const file = openSync(path, 'w')
  const buffer = Buffer.alloc(bytes, 1)
  let count = 0
  const started = performance.now()
  while (performance.now() - started < PROBE_MS || count < 3) {
    writeSync(file, buffer, 0, bytes, count * bytes)
    fdatasyncSync(file)
    count++
  }
  const each = (performance.now() - started) / count
  closeSync(file)
  unlinkSync(path)
  return each
}

function describe({ syncMs, groupSyncMs, megabytes }) {
  return `${round(1_000 / syncMs)} fdatasync/s of 4 KiB, ${round(1_000 / groupSyncMs)}/s of ${APPENDERS} events, `
    + `${round(megabytes)} MB/s in 8 MiB pieces`
}

function ratio(a, b) {
  return Math.max(a, b) / Math.min(a, b)
}

function round(value) {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(1)
}

function ms(value) {
  return `${value.toFixed(2)} ms`
}

function print(name, text) {
  console.log(`${name.padEnd(16)}${text}`)
}
