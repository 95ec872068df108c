/** Damage to a log at rest: a prefix of what was there or a typed error, never wrong data, whichever byte is hit. */
import { describe, expect, it } from 'vitest'
import type { Entry } from '../log.js'
import { LogError } from '../log.js'
import { FaultyDisk } from '../testing/faulty-disk.js'
import { Random } from '../testing/random.js'
import { EmbeddedLog } from './embedded-log.js'

const DIRECTORY = '/log'
const small = { segmentSizeBytes: 700, idleMarkerMs: 1e9, clock: () => 1_000 }

describe('A log that is damaged while nobody has it open', () => {
  it('gives a prefix or a typed error, whichever byte is flipped', async () => {
    const { disk, entries } = await storedLog()
    const outcomes = new Map<string, number>()
    for (const [path, bytes] of disk.files()) {
      for (let at = 0; at < bytes.byteLength; at++) {
        const damaged = disk.afterKill()
        damaged.files().get(path)![at]! ^= 1 << at % 8
        const outcome = await outcomeOf(damaged, entries)
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
        if (path.endsWith('.idx')) expect(outcome, `byte ${at} of ${path}, which is derived`).toBe('whole')
        else expect(outcome, `byte ${at} of ${path}`).not.toBe('wrong')
        // All was covered by a marker when the log was closed: only the marker itself may be lost without a word.
        if (path.endsWith('.log')) expect(outcome, `byte ${at} of ${path}`).not.toBe('prefix')
      }
    }
    expect(Object.keys(Object.fromEntries(outcomes)).sort()).toEqual(['corrupt', 'whole'])
  })

  it('refuses to open where a file is missing', async () => {
    const { disk, entries } = await storedLog()
    const logs = [...disk.files().keys()].filter((path) => path.endsWith('.log')).sort()
    for (const path of [`${DIRECTORY}/log.id`, ...logs.slice(0, -1)].filter((it) => it !== logs[0])) {
      const damaged = disk.afterKill()
      await damaged.remove(path)
      expect(await outcomeOf(damaged, entries), path).toBe('corrupt')
    }
  })

  it('builds index files anew', async () => {
    const { disk, entries } = await storedLog()
    for (const path of disk.files().keys()) if (path.endsWith('.idx')) await disk.remove(path)
    expect(await outcomeOf(disk, entries)).toBe('whole')
    expect([...disk.files().keys()].filter((path) => path.endsWith('.idx')).length).toBeGreaterThan(0)
  })

  it('names the damaged range and changes nothing', async () => {
    const { disk } = await storedLog()
    const path = [...disk.files().keys()].filter((it) => it.endsWith('.log')).sort().at(-1)!
    disk.files().get(path)![100]! ^= 1
    const before = Buffer.from(disk.files().get(path)!)
    await expect(EmbeddedLog.open(DIRECTORY, { ...small, disk })).rejects.toMatchObject({
      code: 'corrupt', message: expect.stringMatching(/is damaged at byte 80: what was acknowledged from position \d+/) as string,
    })
    expect(disk.files().get(path)).toEqual(before)
  })

  it('cuts off what an unfinished write left, and says so', async () => {
    const { disk, entries } = await storedLog()
    const path = [...disk.files().keys()].filter((it) => it.endsWith('.log')).sort().at(-1)!
    const file = await disk.open(path, 'write')
    await file.write([Buffer.alloc(33, 7)], await file.sizeBytes())
    const log = await EmbeddedLog.open(DIRECTORY, { ...small, disk })
    const note = `Cut 33 bytes of an unfinished write off ${path.slice(5)}, behind position ${entries.length}.`
    expect(log.stats().recovered).toEqual([note])
    await log.close()
    expect(await outcomeOf(disk, entries)).toBe('whole')
  })
})

/** A log of several segments, closed; with readers, so that every kind of file is there. */
async function storedLog(): Promise<{ disk: FaultyDisk; entries: readonly Entry[] }> {
  const disk = new FaultyDisk()
  const random = new Random(1)
  const log = await EmbeddedLog.open(DIRECTORY, { ...small, disk })
  await log.registerReader('tracker', 1n)
  for (let i = 0; i < 9; i++) {
    const payload = Buffer.from(`${i} ${'p'.repeat(random.below(150))}`)
    const event = { kind: 'event', subject: 'event.a', key: `k${i}`, payload } as const
    await log.append([event, { kind: 'clock', subject: 'clock', payload: Buffer.of(i) }])
  }
  const entries = await readAll(log)
  await log.close()
  return { disk, entries }
}

async function outcomeOf(disk: FaultyDisk, entries: readonly Entry[]): Promise<'whole' | 'prefix' | 'wrong' | string> {
  let log: EmbeddedLog | undefined
  try {
    log = await EmbeddedLog.open(DIRECTORY, { ...small, disk })
    const found = await readAll(log)
    const equal = found.every((entry, i) => isSame(entry, entries[i]))
    return !equal ? 'wrong' : found.length < entries.length ? 'prefix' : 'whole'
  } catch (error) {
    if (!(error instanceof LogError)) throw error
    return error.code
  } finally {
    await log?.close()
  }
}

function isSame(a: Entry, b: Entry | undefined): boolean {
  if (b === undefined || Buffer.compare(a.payload, b.payload) !== 0) return false
  return a.position === b.position && a.kind === b.kind && a.subject === b.subject && a.key === b.key && a.time === b.time
    && a.appendTime === b.appendTime
}

async function readAll(log: EmbeddedLog): Promise<Entry[]> {
  const entries: Entry[] = []
  for await (const batch of log.read({ from: 'earliest' })) entries.push(...batch)
  return entries
}
