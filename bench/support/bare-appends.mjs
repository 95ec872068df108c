/**
 * What a process of this runtime could do at most with so many callers that wait: each hands over its bytes, waits for a promise, hands over
 * the next. All that is waiting is copied into one buffer, written and synced, again and again. No positions, no keys that are looked up, no
 * checksum, no index, nothing kept to be read: what a durable log does beyond this is what its own work costs.
 */
import { closeSync, fdatasync, openSync, unlinkSync, write } from 'node:fs'
import { join } from 'node:path'

/** `draft(n)`: the n-th thing to append, made by its caller as it would be for the log; `eventBytes`: what each takes in the file. */
export async function bareAppends(directory, { appenders, eventBytes, draft, runMs }) {
  const path = join(directory, 'bare')
  const file = openSync(path, 'w')
  let open = { buffer: Buffer.alloc(appenders * eventBytes), lengthBytes: 0, waiting: [] }
  let spare = { buffer: Buffer.alloc(appenders * eventBytes), lengthBytes: 0, waiting: [] }
  let isRunning = false
  let offset = 0

  function append([{ payload }]) {
    open.buffer.set(payload, open.lengthBytes)
    open.lengthBytes += eventBytes
    return new Promise((resolve, reject) => {
      open.waiting.push({ resolve, reject })
      if (isRunning) return
      isRunning = true
      setImmediate(commit)
    })
  }

  function commit() {
    const group = open
    open = spare
    const done = (error) => {
      const { waiting } = group
      Object.assign(group, { lengthBytes: 0, waiting: [] })
      spare = group
      for (const { resolve, reject } of waiting) {
        if (error) reject(error)
        else resolve()
      }
      setImmediate(() => (open.lengthBytes > 0 ? commit() : (isRunning = false)))
    }
    write(file, group.buffer, 0, group.lengthBytes, offset, (error, bytes) => {
      if (error || bytes < group.lengthBytes) return done(error ?? new Error('half a group was written'))
      offset += bytes
      fdatasync(file, done)
    })
  }

  try {
    return await appendInTurns(append, { appenders, draft, runMs })
  } finally {
    closeSync(file)
    unlinkSync(path)
  }
}

/** Most answers of one run whose times are kept; a run that has more says nothing about the rest. */
const MAX_TIMES = 8_000_000

/** Each appender appends, waits for the answer, appends again. `batch`: how many drafts at once. */
export async function appendInTurns(append, { appenders, draft, runMs, batch = 1 }) {
  const times = new Float64Array(MAX_TIMES)
  let answers = 0
  let serial = 0
  const began = performance.now()
  const cpu = process.cpuUsage()
  const ends = began + runMs
  await Promise.all(Array.from({ length: appenders }, async () => {
    while (performance.now() < ends) {
      const drafts = []
      for (let i = 0; i < batch; i++) drafts.push(draft(serial++))
      const at = performance.now()
      await append(drafts)
      times[answers++] = performance.now() - at
    }
  }))
  const tookMs = performance.now() - began
  const { user, system } = process.cpuUsage(cpu)
  const sorted = times.subarray(0, Math.min(answers, MAX_TIMES)).sort()
  const at = (share) => sorted[Math.floor(sorted.length * share)]
  const events = answers * batch
  return { events, tookMs, perSecond: events / tookMs * 1_000, userUs: user / events, cpuUs: (user + system) / events, p50: at(0.5), p99: at(0.99) }
}
