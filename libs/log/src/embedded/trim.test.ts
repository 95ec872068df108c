import { expect, it } from 'vitest'
import type { Entry, Log } from '../log.js'
import { FaultyDisk } from '../testing/faulty-disk.js'
import { EmbeddedLog } from './embedded-log.js'

const options = { segmentSizeBytes: 300, idleMarkerMs: 1e9, tailCacheBytes: 0 }

/** Twenty entries in segments of a few, appended one by one. */
async function filled(): Promise<{ log: EmbeddedLog; disk: FaultyDisk }> {
  const disk = new FaultyDisk()
  const log = await EmbeddedLog.open('/log', { ...options, disk })
  for (let n = 1; n <= 20; n++) await log.append([{ kind: 'event', subject: 'event.test', payload: Buffer.from(`${n}`) }])
  return { log, disk }
}

async function collect(log: Log, from: { position: bigint } | 'earliest'): Promise<Entry[]> {
  const entries: Entry[] = []
  for await (const batch of log.read({ from, batchSize: 1 })) entries.push(...batch)
  return entries
}

it('Trimming drops whole segments, and their files', async () => {
  const { log, disk } = await filled()
  const before = disk.files().size
  const first = await log.trim(11n)
  expect(first).toBeGreaterThan(1n)
  expect(first).toBeLessThanOrEqual(11n)
  expect(disk.files().size).toBeLessThan(before)
  expect((await collect(log, 'earliest'))[0]!.position).toBe(first)
  expect(() => log.read({ from: { position: 1n } })).toThrow(expect.objectContaining({ code: 'outOfRange', position: first }))
  expect(await log.lookup([1n])).toEqual([undefined])
  await log.close()
})

it('Trimming all leaves the last segment, so that positions go on', async () => {
  const { log, disk } = await filled()
  await log.trim(1_000n)
  await log.close()
  const again = await EmbeddedLog.open('/log', { ...options, disk })
  expect((await again.append([{ kind: 'event', subject: 'event.test', payload: Buffer.of() }])).first).toBe(21n)
  await again.close()
})

it('A reader that is overtaken by trimming hears of it', async () => {
  const { log } = await filled()
  const reading = log.read({ from: 'earliest', batchSize: 1 })[Symbol.asyncIterator]()
  await reading.next()
  await log.trim(15n, { force: true })
  const rest = async (): Promise<void> => {
    while ((await reading.next()).done !== true);
  }
  await expect(rest()).rejects.toMatchObject({ code: 'outOfRange', position: log.stats().first })
  await log.close()
})

it('A registered reader holds trimming back also after a crash', async () => {
  const { log, disk } = await filled()
  await log.registerReader('tracker', 2n)
  const again = await EmbeddedLog.open('/log', { ...options, disk: disk.afterKill() })
  expect(await again.trim(20n)).toBeLessThanOrEqual(2n)
  await again.close()
  await log.close()
})
