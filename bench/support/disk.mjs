/** What the disk allows right now, in the way of pg_test_fsync: write, fdatasync, again. */
import { closeSync, fdatasyncSync, openSync, unlinkSync, writeSync } from 'node:fs'
import { join } from 'node:path'

const PROBE_MS = 1_500

/** Milliseconds per write and fdatasync of so many bytes, written one behind the other. */
export function syncMs(directory, bytes, runMs = PROBE_MS) {
  const path = join(directory, 'probe')
  const file = openSync(path, 'w')
  const buffer = Buffer.alloc(bytes, 1)
  let count = 0
  const started = performance.now()
  while (performance.now() - started < runMs || count < 3) {
    writeSync(file, buffer, 0, bytes, count * bytes)
    fdatasyncSync(file)
    count++
  }
  const each = (performance.now() - started) / count
  closeSync(file)
  unlinkSync(path)
  return each
}

/** Probes of the same disk that differ more than this say that ratios mean little. */
export const UNSTEADY = 2

export function ratio(a, b) {
  return Math.max(a, b) / Math.min(a, b)
}

/** Megabytes per second in pieces of 8 MiB. */
export function megabytesPerSecond(directory) {
  return 8.388608 / syncMs(directory, 8 * 2 ** 20) * 1_000
}
