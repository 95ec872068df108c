import { describe, expect, it } from 'vitest'
import type { Draft } from '../log.js'
import { FaultyDisk } from '../testing/faulty-disk.js'
import type { Disk } from './disk.js'
import type { EmbeddedLogOptions } from './embedded-log.js'
import { EmbeddedLog } from './embedded-log.js'

const DIRECTORY = '/log'

async function open(options: EmbeddedLogOptions = {}): Promise<{ log: EmbeddedLog; disk: FaultyDisk }> {
  const disk = new FaultyDisk()
  const log = await EmbeddedLog.open(DIRECTORY, { idleMarkerMs: 1e9, ...options, disk })
  return { log, disk }
}

function draft(text: string, key?: string): Draft {
  return { kind: 'event', subject: 'event.test', payload: Buffer.from(text), ...(key !== undefined && { key }) }
}

/** Its syncs take so long at least. */
function slow(disk: FaultyDisk, syncMs: number): Disk {
  return new Proxy<Disk>(disk, {
    get(target, name) {
      if (name !== 'open') return (target[name as keyof Disk] as () => unknown).bind(target)
      return async (path: string, mode: 'create' | 'write' | 'read') => {
        const file = await target.open(path, mode)
        const sync = file.sync.bind(file)
        file.sync = async () => {
          if (syncMs > 0) await new Promise((resolve) => setTimeout(resolve, syncMs))
          await sync()
        }
        return file
      }
    },
  })
}

describe('Group commit', () => {
  it('writes and syncs once for all appends that came while the last sync was in flight', async () => {
    const { log } = await open()
    const one = log.append([draft('first')])
    await one
    expect(log.stats().syncs).toBe(1)
    await Promise.all(Array.from({ length: 1_000 }, (_, i) => log.append([draft(`${i}`)])))
    expect(log.stats().syncs).toBe(2)
    await log.close()
  })

  it.each([
    ['at once, while those of the last one are still being answered, where that takes longer than the disk', 0],
    ['together with all who are being answered, where the disk takes longer', 400],
  ])('sends the next group %s', async (_, syncMs) => {
    const [callers, rounds] = [2_000, syncMs === 0 ? 20 : 3]
    const log = await EmbeddedLog.open(DIRECTORY, { disk: slow(new FaultyDisk(), syncMs), idleMarkerMs: 1e9 })
    await Promise.all(Array.from({ length: callers }, async (_, caller) => {
      for (let round = 0; round < rounds; round++) await log.append([draft(`${caller}/${round} ${'x'.repeat(200)}`)])
    }))
    if (syncMs === 0) expect(log.stats().syncs).toBeGreaterThan(rounds)
    else expect(log.stats().syncs).toBe(rounds)
    const next = new Map<string, number>()
    for await (const batch of log.read({ from: 'earliest' })) {
      for (const { payload } of batch) {
        const [caller, round] = Buffer.from(payload).toString().split(' ')[0]!.split('/') as [string, string]
        expect(next.get(caller) ?? 0, 'each caller in its order').toBe(Number(round))
        next.set(caller, Number(round) + 1)
      }
    }
    expect([...next.values()].filter((it) => it === rounds).length).toBe(callers)
    await log.close()
  })

  it('refuses what would make more bytes wait than it may, takes what waits already, and goes on when there is room', async () => {
    const { log } = await open({ maxPendingBytes: 10_000 })
    const appends = Array.from({ length: 20 }, () => log.append([draft('x'.repeat(1_000))]))
    const outcomes = await Promise.allSettled(appends)
    const refused = outcomes.filter((it) => it.status === 'rejected')
    expect(refused.length).toBeGreaterThanOrEqual(10)
    for (const { reason } of refused) expect(reason).toMatchObject({ code: 'backpressure', retryable: true })
    expect(log.stats()).toMatchObject({ pendingBytes: 0, entries: 20 - refused.length })
    await log.append([draft('room again')])
    await log.close()
  })

  it('takes a batch that is larger than a frame, and one that is larger than what may wait, when nothing waits', async () => {
    const { log } = await open({ maxPendingBytes: 1_000, segmentSizeBytes: 50_000 })
    const producer = { id: 'p', epoch: 0, sequence: 0 }
    await log.append(Array.from({ length: 3 }, (_, i) => draft(`${i}`.repeat(100_000), `${i}`)), { producer })
    const [entry] = await log.lookup([3n])
    expect(entry?.payload.byteLength).toBe(100_000)
    await log.close()
  })

  it('lets those who follow the head read from memory', async () => {
    const { log, disk } = await open()
    const reading = log.read({ from: 'earliest', follow: true, limit: 3 })
    const appended = disk.operations
    for (let n = 0; n < 3; n++) await log.append([draft(`${n}`)])
    for await (const batch of reading) expect(batch.length).toBeGreaterThan(0)
    expect(disk.operations - appended, 'a write and a sync for each append, and no read').toBe(6)
    await log.close()
  })

  it('marks the end when nothing more comes, so that damage to what was acknowledged last is told from a torn write', async () => {
    const { log, disk } = await open({ idleMarkerMs: 0 })
    await log.append([draft('acknowledged')])
    const [path, bytes] = [...disk.files()].find(([name]) => name.endsWith('.log'))!
    expect(path).toBe(`${DIRECTORY}/00000000000000000001.log`)
    while ([...disk.files()].find(([name]) => name === path)![1].byteLength === bytes.byteLength) await new Promise(setImmediate)
    await log.close()
    const damaged = disk.afterKill()
    damaged.files().get(path)![150]! ^= 1
    await expect(EmbeddedLog.open(DIRECTORY, { disk: damaged })).rejects.toMatchObject({ code: 'corrupt' })
  })

  it.each(['interval', 'os'] as const)('answers %s appends when written, and shows them to readers when synced', async (durability) => {
    const { log } = await open({ syncIntervalMs: 1 })
    await log.append([draft('quick')], { durability })
    expect(log.stats()).toMatchObject({ syncs: 0, entries: 0 })
    const reading = log.read({ from: 'earliest', follow: true, limit: 1 })
    if (durability === 'os') await log.append([draft('safe')])
    for await (const batch of reading) expect(Buffer.from(batch[0]!.payload).toString()).toBe('quick')
    expect(log.stats().syncs).toBe(1)
    await log.close()
  })

  it('answers a repetition only when its original is on disk', async () => {
    const { log } = await open({ syncIntervalMs: 1e6 })
    await log.append([draft('a', 'k')], { durability: 'os' })
    expect(log.stats().last).toBe(0n)
    expect(await log.append([draft('a', 'k')])).toMatchObject({ duplicates: 1, positions: [1n] })
    expect(log.stats().last).toBe(1n)
    await log.close()
  })
})

describe('A log whose disk fails', () => {
  const failure = Object.assign(new Error('EIO: i/o error'), { code: 'EIO' })

  it.each([['write', 1], ['sync', 2]])('is poisoned by the first failed %s, and takes nothing more', async (_, operation) => {
    const { log, disk } = await open()
    await log.append([draft('safe')])
    const following = log.read({ from: 'latest', follow: true })[Symbol.asyncIterator]().next()
    disk.failAt.set(disk.operations + operation, failure)
    const pending = [log.append([draft('b')]), log.append([draft('c')], { durability: 'os' })]
    const [first, second] = await Promise.allSettled(pending)
    expect(first).toMatchObject({ reason: { code: 'poisoned', retryable: false, message: expect.stringContaining('EIO') as string } })
    if (operation === 1) expect(second).toMatchObject({ reason: { code: 'poisoned' } })
    await expect(log.append([draft('d')])).rejects.toMatchObject({ code: 'poisoned' })
    await expect(following).rejects.toMatchObject({ code: 'poisoned' })
    await log.close()

    const again = await EmbeddedLog.open(DIRECTORY, { disk: disk.afterKill() })
    const [entry] = await again.lookup([1n])
    expect(Buffer.from(entry!.payload).toString()).toBe('safe')
    await again.append([draft('goes on')])
    await again.close()
  })

  it('still shows what is durable', async () => {
    const { log, disk } = await open({ tailCacheBytes: 0 })
    await log.append([draft('safe')])
    disk.failAt.set(disk.operations + 2, failure)
    await expect(log.append([draft('lost')])).rejects.toMatchObject({ code: 'poisoned' })
    const seen: string[] = []
    for await (const batch of log.read({ from: 'earliest' })) seen.push(...batch.map((it) => Buffer.from(it.payload).toString()))
    expect(seen).toEqual(['safe'])
    await log.close()
  })
})

describe('A log whose disk is full', () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })

  it('refuses what it cannot store, keeps what it has, and goes on when there is room', async () => {
    const { log, disk } = await open({ tailCacheBytes: 0 })
    await log.append([draft('a', 'k1')])
    disk.failAt.set(disk.operations + 1, full)
    const producer = { id: 'p', epoch: 0, sequence: 0 }
    const refused = await Promise.allSettled([
      log.append([draft('b', 'k2')], { producer }), log.append([draft('b', 'k2')]), log.append([draft('c')], { durability: 'os' }),
    ])
    for (const it of refused) expect(it).toMatchObject({ reason: { code: 'backpressure', retryable: true } })
    expect(log.stats()).toMatchObject({ last: 1n, pendingBytes: 0 })

    expect(await log.append([draft('b', 'k2')], { producer })).toMatchObject({ first: 2n, accepted: 1 })
    expect(await log.append([draft('a', 'k1')])).toMatchObject({ duplicates: 1 })
    await log.close()
    const again = await EmbeddedLog.open(DIRECTORY, { disk: disk.afterKill() })
    expect((await again.lookup([1n, 2n, 3n])).map((it) => it && Buffer.from(it.payload).toString())).toEqual(['a', 'b', undefined])
    expect(again.stats().recovered).toEqual([])
    await again.close()
  })

  it('goes on also where there was no room for a new segment', async () => {
    const { log, disk } = await open({ segmentSizeBytes: 200 })
    await log.append([draft('a'.repeat(100))])
    for (let operation = 1; operation <= 2; operation++) {
      disk.failAt.set(disk.operations + operation, full)
      await expect(log.append([draft('b')]), `operation ${operation}`).rejects.toMatchObject({ code: 'backpressure' })
    }
    expect(await log.append([draft('c')])).toMatchObject({ first: 2n })
    disk.failAt.set(disk.operations + 1, full)
    await log.close()
    await (await EmbeddedLog.open(DIRECTORY, { disk: disk.afterKill() })).close()
  })
})
