import { expect, it } from 'vitest'
import type { Entry } from '../log.js'
import { deflate } from '../testing/deflate.js'
import { FaultyDisk } from '../testing/faulty-disk.js'
import { hasZstd } from './codec.js'
import { EmbeddedLog } from './embedded-log.js'
import { verifyLog } from './inspect.js'
import { repairLog } from './repair.js'

const DIRECTORY = '/log'
const event = (n: number) => ({ kind: 'event' as const, subject: 'event.x', key: `k${n}`, payload: Buffer.from(`${n} ${'the same again '.repeat(20)}`) })

async function entriesOf(log: EmbeddedLog): Promise<Entry[]> {
  const entries: Entry[] = []
  for await (const batch of log.read({ from: 'earliest' })) entries.push(...batch)
  return entries
}

async function filled(compression: 'none' | 'zstd', disk = new FaultyDisk(), from = 1): Promise<{ disk: FaultyDisk; entries: Entry[]; sizeBytes: number }> {
  const log = await EmbeddedLog.open(DIRECTORY, { disk, codec: deflate, compression, idleMarkerMs: 1e9 })
  for (let n = from; n < from + 10; n++) await log.append([event(n), event(n + 100)])
  const entries = await entriesOf(log)
  const { sizeBytes } = log.stats()
  await log.close()
  return { disk, entries, sizeBytes }
}

it('Compressed frames take less room, and say the same', async () => {
  const [plain, small] = [await filled('none'), await filled('zstd')]
  expect(small.sizeBytes).toBeLessThan(plain.sizeBytes / 2)
  const log = await EmbeddedLog.open(DIRECTORY, { disk: small.disk, codec: deflate, tailCacheBytes: 0 })
  const found = await entriesOf(log)
  expect(found).toEqual(small.entries)
  expect(await log.lookup([7n])).toEqual([found[6]])
  expect(await log.append([event(1)])).toMatchObject({ duplicates: 1 })
  await log.close()
})

it('A log may hold both, written as it is opened', async () => {
  const { disk } = await filled('zstd')
  await filled('none', disk, 1_001)
  const { entries } = await filled('zstd', disk, 2_001)
  expect(entries.map(({ payload }) => Number.parseInt(Buffer.from(payload).toString(), 10)).filter((n) => n % 1_000 <= 10)).toHaveLength(30)
})

it('Frames that would hardly become smaller are left as they are', async () => {
  const disk = new FaultyDisk()
  const never = { ...deflate, decompress: () => { throw new Error('must not be called') } }
  const log = await EmbeddedLog.open(DIRECTORY, { disk, codec: never, compression: 'zstd', tailCacheBytes: 0 })
  await log.append([{ kind: 'event', subject: 'e', payload: Buffer.from([1, 250, 37, 90, 3, 177, 64, 201]) }])
  expect(await entriesOf(log)).toHaveLength(1)
  await log.close()
})

it('Damage in a compressed frame is found, and repaired around', async () => {
  const { disk } = await filled('zstd')
  const path = [...disk.files().keys()].find((name) => name.endsWith('.log'))!
  disk.files().get(path)![300]! ^= 1
  await expect(EmbeddedLog.open(DIRECTORY, { disk, codec: deflate })).rejects.toMatchObject({ code: 'corrupt' })
  expect((await verifyLog(DIRECTORY, disk)).damages).toHaveLength(1)
  await repairLog(DIRECTORY, disk)
  const log = await EmbeddedLog.open(DIRECTORY, { disk, codec: deflate })
  const found = await entriesOf(log)
  expect(found).toHaveLength(20)
  expect(found.filter(({ subject }) => subject === 'lost').length).toBeGreaterThan(0)
  expect(found.at(-1)).toMatchObject({ key: 'k110' })
  await log.close()
})

it('What cannot be read as it was compressed is damage, by name', async () => {
  const { disk } = await filled('zstd')
  for (const decompress of [() => Buffer.from('short'), () => { throw new Error('not mine') }]) {
    await expect(EmbeddedLog.open(DIRECTORY, { disk: disk.afterKill(), codec: { ...deflate, decompress } })).rejects.toMatchObject({ code: 'corrupt', position: 1n })
  }
})

it('zstd is a capability of the Node it runs on, and its absence is told when the log is opened', async () => {
  const disk = new FaultyDisk()
  if (hasZstd) {
    const log = await EmbeddedLog.open(DIRECTORY, { disk, compression: 'zstd', tailCacheBytes: 0 })
    await log.append([event(1)])
    expect(await entriesOf(log)).toMatchObject([{ key: 'k1' }])
    await log.close()
    return
  }
  await expect(EmbeddedLog.open(DIRECTORY, { disk, compression: 'zstd' })).rejects.toMatchObject({ code: 'invalid', message: expect.stringMatching(/Node 22\.15/) as string })
  const { disk: written } = await filled('zstd')
  await expect(EmbeddedLog.open(DIRECTORY, { disk: written })).rejects.toMatchObject({ code: 'invalid', message: expect.stringMatching(/compressed with zstd/) as string })
})
