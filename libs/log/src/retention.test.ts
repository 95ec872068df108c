import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { EmbeddedLog } from './embedded/embedded-log.js'
import type { Log } from './log.js'
import { MemoryLog } from './memory-log.js'
import { retain } from './retention.js'

const opened: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close()
})

/** Ten entries of a hundred bytes, appended at 1000, 1001, ... */
async function filled<L extends Log>(open: (clock: () => number) => Promise<L>): Promise<L> {
  let now = 999
  const log = await open(() => ++now)
  opened.push(() => log.close())
  for (let n = 0; n < 10; n++) await log.append([{ kind: 'event', subject: 'event.x', payload: Buffer.alloc(100, n) }])
  return log
}

const memory = (): Promise<Log> => filled(async (clock) => new MemoryLog({ clock }))

describe('Retention', () => {
  it('drops nothing without limits, and nothing of an empty log', async () => {
    expect(await retain(await memory(), {}, 5_000)).toBe(1n)
    expect(await retain(new MemoryLog(), { maxEntries: 0 }, 5_000)).toBe(1n)
  })

  it.each([
    ['by count', { maxEntries: 4 }, 7n],
    ['by size', { maxSizeBytes: 350 }, 8n],
    ['by age', { maxAgeMs: 95 }, 6n],
    ['by the strictest of several', { maxEntries: 4, maxAgeMs: 95, maxSizeBytes: 350 }, 8n],
    ['nothing that is within its limits', { maxEntries: 10, maxAgeMs: 200, maxSizeBytes: 1_000 }, 1n],
  ])('drops %s', async (_, limits, first) => {
    const log = await memory()
    expect(await retain(log, limits, 1_100)).toBe(first)
    expect(log.stats().first).toBe(first)
  })

  it('never passes a registered reader', async () => {
    const log = await memory()
    await log.registerReader('slow', 3n)
    expect(await retain(log, { maxEntries: 1, maxAgeMs: 0 }, 5_000)).toBe(3n)
  })

  it('drops whole files of a log in files, never more than the limit lets go, never the last one', async () => {
    const directory = await mkdtemp(path.join(tmpdir(), 'tidemark-retention-'))
    opened.push(() => rm(directory, { recursive: true }))
    const log = await filled((clock) => EmbeddedLog.open(directory, { clock, segmentSizeBytes: 600, idleMarkerMs: 1e9 }))
    const first = await retain(log, { maxEntries: 4 }, 1_100)
    expect(first > 1n && first <= 7n).toBe(true)
    await retain(log, { maxEntries: 0, maxAgeMs: 0 }, 5_000)
    expect(log.stats().entries).toBeGreaterThan(0)
  })
})
