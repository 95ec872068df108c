import { describe, expect, it } from 'vitest'
import type { Entry } from '../log.js'
import { FaultyDisk } from '../testing/faulty-disk.js'
import { EmbeddedLog } from './embedded-log.js'
import { verifyLog } from './inspect.js'
import { LOST_SUBJECT, repairLog } from './repair.js'

const DIRECTORY = '/log'
const small = { segmentSizeBytes: 600, idleMarkerMs: 1e9, clock: () => 1_000 }
const COUNT = 12

describe('Repairing a log', () => {
  it('does nothing where nothing is damaged', async () => {
    const { disk } = await storedLog()
    const before = snapshot(disk)
    expect(await verifyLog(DIRECTORY, disk)).toMatchObject({ first: 1n, last: BigInt(COUNT), damages: [], tornBytes: 0 })
    expect(await repairLog(DIRECTORY, disk)).toEqual({ repaired: [], aside: [] })
    expect(snapshot(disk)).toEqual(before)
  })

  it('opens again whichever byte was hit: each entry is as it was, or lost where the report says so', async () => {
    const { disk, entries } = await storedLog()
    let repairs = 0
    for (const [path, bytes] of disk.files()) {
      if (!path.endsWith('.log')) continue
      for (let at = 0; at < bytes.byteLength; at += 11) {
        const damaged = disk.afterKill()
        damaged.files().get(path)![at]! ^= 1 << at % 8
        const { damages } = await verifyLog(DIRECTORY, damaged)
        const { repaired, aside } = await repairLog(DIRECTORY, damaged)
        expect(repaired).toEqual(damages)
        // The marker at the end of the last file covers nothing behind it, and may be cut off.
        if (damages.length > 0) {
          repairs++
          expect(aside).toHaveLength(1)
          expect(damaged.files().get(aside[0]!)).toHaveLength(bytes.byteLength)
        }
        const log = await EmbeddedLog.open(DIRECTORY, { ...small, disk: damaged })
        const found = await readAll(log)
        const where = `byte ${at} of ${path}`
        expect(found.map(({ position }) => position), where).toEqual(entries.map(({ position }) => position))
        for (const [i, entry] of found.entries()) {
          const isLost = damages.some(({ from, to }) => entry.position >= from && entry.position <= to)
          if (isLost) expect(entry, where).toMatchObject({ kind: 'clock', subject: LOST_SUBJECT })
          else expect({ ...entry, payload: Buffer.from(entry.payload) }, where).toEqual(entries[i])
        }
        expect((await log.append([{ kind: 'event', subject: 'event.after', payload: Buffer.of(1) }])).first).toBe(BigInt(COUNT + 1))
        await log.close()
      }
    }
    expect(repairs).toBeGreaterThan(50)
  })

  it('puts entries that say so in the place of a file that is gone', async () => {
    const { disk, entries } = await storedLog()
    const files = [...disk.files().keys()].filter((path) => path.endsWith('.log')).sort()
    await disk.remove(files[1]!)
    const [damage] = (await repairLog(DIRECTORY, disk)).repaired
    expect(damage).toMatchObject({ what: 'missing', file: files[1]!.slice(5) })
    const log = await EmbeddedLog.open(DIRECTORY, { ...small, disk })
    const found = await readAll(log)
    expect(found.map(({ position }) => position)).toEqual(entries.map(({ position }) => position))
    expect(found.filter(({ subject }) => subject === LOST_SUBJECT)).toHaveLength(Number(damage!.to - damage!.from) + 1)
    await log.close()
  })

  it('leaves an unfinished write to opening, which cuts it off', async () => {
    const { disk } = await storedLog()
    const path = [...disk.files().keys()].filter((it) => it.endsWith('.log')).sort().at(-1)!
    const file = await disk.open(path, 'write')
    await file.write([Buffer.alloc(33, 7)], await file.sizeBytes())
    expect(await verifyLog(DIRECTORY, disk)).toMatchObject({ damages: [], tornBytes: 33 })
  })

  it('is refused while a process has the log open, and where there is none', async () => {
    const { disk } = await storedLog()
    const log = await EmbeddedLog.open(DIRECTORY, { ...small, disk })
    await expect(verifyLog(DIRECTORY, disk)).rejects.toMatchObject({ code: 'locked' })
    await log.close()
    await expect(verifyLog('/elsewhere', disk)).rejects.toMatchObject({ code: 'invalid' })
  })
})

async function storedLog(): Promise<{ disk: FaultyDisk; entries: readonly Entry[] }> {
  const disk = new FaultyDisk()
  const log = await EmbeddedLog.open(DIRECTORY, { ...small, disk })
  for (let i = 0; i < COUNT; i++) await log.append([{ kind: 'event', subject: 'event.a', key: `k${i}`, payload: Buffer.alloc(20 + i * 9, i) }])
  const entries = (await readAll(log)).map((entry) => ({ ...entry, payload: Buffer.from(entry.payload) }))
  await log.close()
  return { disk, entries }
}

async function readAll(log: EmbeddedLog): Promise<Entry[]> {
  const entries: Entry[] = []
  for await (const batch of log.read({ from: 'earliest' })) entries.push(...batch)
  return entries
}

function snapshot(disk: FaultyDisk): [string, string][] {
  return [...disk.files()].map(([path, bytes]) => [path, Buffer.from(bytes).toString('hex')])
}
