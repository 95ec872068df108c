/**
 * What POST /api/v1/events takes, end to end and on disk, with the load from a second process: `npm run build:server && node bench/ingest.mjs [directory]`.
 *
 * Following is switched off for the targets (TIDEMARK_FOLLOW=off), because it is another engine on the same core; its figure stands beside them.
 * The disk is probed before and after. Processor time per event is what a busy machine changes least. `--short` for a look.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { ratio, syncMs, UNSTEADY } from './support/disk.mjs'
import { round, target } from './support/targets.mjs'
import { startTracker } from './support/tracker.mjs'

const LOAD = fileURLToPath(new URL('./support/event-load.mjs', import.meta.url))
const isShort = process.argv.includes('--short')
const RUN_MS = isShort ? 3_000 : 10_000
const MEMORY_MS = isShort ? 6_000 : 45_000
const WARM_MS = 3_000
/** Of one group of batches, as the probe writes it. */
const PROBE_BYTES = 1024 * 1024
const directory = mkdtempSync(join(process.argv.find((arg, i) => i > 1 && !arg.startsWith('--')) ?? tmpdir(), 'tidemark-ingest-'))
let serial = 0

try {
  const before = syncMs(directory, PROBE_BYTES)
  await measure('off')
  const after = syncMs(directory, PROBE_BYTES)
  console.log(`disk: a write and sync of 1 MiB takes ${before.toFixed(2)} ms before, ${after.toFixed(2)} ms after`)
  if (ratio(before, after) > UNSTEADY) console.log('caution: the disk changed its pace more than twofold')
  await measure('on')
} finally {
  rmSync(directory, { recursive: true })
}

async function measure(following) {
  const tracker = await startTracker({ dataDir: join(directory, following), env: { TIDEMARK_FOLLOW: following, TIDEMARK_LOG_LEVEL: 'warn' } })
  try {
    await run(tracker, { connections: 8, batch: 500, runMs: WARM_MS })
    const batches = await run(tracker, { connections: 8, batch: 500, runMs: RUN_MS })
    say(following, 'batches of 500, 8 connections', batches)
    if (following === 'on') return
    target('events/s in batches of 500', round(batches.perSecond), '100,000', batches.perSecond >= 100_000 && batches.faults === 0)
    await run(tracker, { connections: 64, batch: 1, runMs: WARM_MS })
    const single = await run(tracker, { connections: 64, batch: 1, runMs: RUN_MS })
    say(following, 'single events, 64 connections', single)
    target('events/s one by one', round(single.perSecond), '5,000', single.perSecond >= 5_000 && single.faults === 0)
    target('p99 one by one', `${single.p99.toFixed(1)} ms`, '50 ms', single.p99 <= 50)
    await memory(tracker)
  } finally {
    await tracker.stop()
  }
}

/** Flat: the last third of a long run needs no more than the middle one, within what a collection makes of it. */
async function memory(tracker) {
  const from = tracker.samples.length
  await run(tracker, { connections: 8, batch: 500, runMs: MEMORY_MS })
  const samples = tracker.samples.slice(from)
  const third = Math.floor(samples.length / 3)
  const [middle, last] = [Math.max(...samples.slice(third, 2 * third)), Math.max(...samples.slice(2 * third))]
  target('resident memory under load, middle and last third', `${middle} and ${last} MB`, 'no more than a tenth above', last <= middle * 1.1)
}

async function run(tracker, load) {
  const cpu = tracker.cpuSeconds()
  const { stdout } = await promisify(execFile)(process.execPath, [LOAD, JSON.stringify({ ...load, port: Number(new URL(tracker.url).port), first: serial })])
  const said = JSON.parse(stdout)
  serial = said.last
  return { ...said, perSecond: said.events / said.tookMs * 1_000, cpuUs: (tracker.cpuSeconds() - cpu) * 1e6 / said.events }
}

function say(following, what, { perSecond, p50, p99, cpuUs, faults }) {
  console.log(`following ${following}, ${what}: ${round(perSecond)} events/s, p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, `
    + `${cpuUs.toFixed(1)} us of the tracker's processors per event${faults === 0 ? '' : `, ${faults} refused`}`)
}
