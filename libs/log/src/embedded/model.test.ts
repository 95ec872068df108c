/** Seeded calls to an embedded log with tiny segments, to a log in memory and to SQLite: all must answer the same. */
import { describe, expect, it } from 'vitest'
import type { Appended, Draft, Entry, EntryKind, Log, ReadOptions } from '../log.js'
import { MemoryLog } from '../memory-log.js'
import { FaultyDisk } from '../testing/faulty-disk.js'
import { Random } from '../testing/random.js'
import { SqliteLog } from '../testing/sqlite-log.js'
import { EmbeddedLog } from './embedded-log.js'

const SEEDS = 24
const STEPS = 60
const kinds: readonly EntryKind[] = ['event', 'model', 'operation', 'clock', 'settlement']
const subjects = ['event.order.placed', 'event.order.paid', 'event.stock', 'clock'] as const
const patterns = ['event.>', 'event.order.*', 'clock', '*', 'nothing'] as const

describe('An embedded log answers as a log in memory does, and as SQLite', () => {
  it.each(Array.from({ length: SEEDS }, (_, i) => i + 1))('to the calls of seed %i', async (seed) => {
    const random = new Random(seed)
    const disk = new FaultyDisk()
    let now = 1_000
    const clock = (): number => now
    const options = {
      disk, clock, segmentSizeBytes: 300 + random.below(3_000) + random.below(2) * 100_000,
      tailCacheBytes: random.below(3) * 2_000, idleMarkerMs: random.below(2) * 1e9,
    }
    const model = new MemoryLog({ clock })
    const oracle = new SqliteLog(undefined, clock)
    let log: Log = await EmbeddedLog.open('/log', options)
    for (let step = 0; step < STEPS; step++) {
      now += random.below(3)
      const what = random.below(10)
      if (what < 4) {
        const batches = Array.from({ length: 1 + random.below(3) }, () => someDrafts(random, now))
        const answers = (it: Log) => Promise.all(batches.map(async (drafts) => fieldsOf(await it.append(drafts))))
        const answered = await answers(log)
        expect(answered).toEqual(await answers(model))
        expect(answered).toEqual(await answers(oracle))
      } else if (what < 8) {
        const read = someRead(random, Number(model.stats().last), now)
        const asked = JSON.stringify(read, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))
        const found = await readAll(log, read)
        expect(found, asked).toEqual(await readAll(model, read))
        expect(found, asked).toEqual(await readAll(oracle, read))
      } else if (what === 8) {
        const positions = Array.from({ length: 5 }, () => BigInt(random.below(Number(model.stats().last) + 3)))
        const found = (await log.lookup(positions)).map(comparable)
        expect(found).toEqual((await model.lookup(positions)).map(comparable))
        expect(found).toEqual((await oracle.lookup(positions)).map(comparable))
      } else {
        await log.close()
        log = await EmbeddedLog.open('/log', options)
      }
    }
    await log.close()
    await oracle.close()
  })
})

function someDrafts(random: Random, now: number): Draft[] {
  return Array.from({ length: random.below(6) }, () => ({
    kind: kinds[random.below(kinds.length)]!,
    subject: subjects[random.below(subjects.length)]!,
    payload: Buffer.alloc(random.below(4) === 0 ? random.below(1_500) : 3, random.below(2)),
    ...(random.chance(0.5) && { time: now - 500 + random.below(1_000) }),
    ...(random.chance(0.5) && { key: `key ${random.below(30)}` }),
  }))
}

function someRead(random: Random, last: number, now: number): ReadOptions {
  const position = BigInt(1 + random.below(last + 2))
  const from = ([{ position }, { time: now - random.below(60) }, 'earliest', 'latest'] as const)[random.below(4)]!
  return {
    from,
    backwards: random.chance(0.4),
    batchSize: 1 + random.below(10),
    ...(random.chance(0.3) && { until: BigInt(random.below(last + 2)) }),
    ...(random.chance(0.3) && { limit: random.below(20) }),
    ...(random.chance(0.3) && { subjects: [patterns[random.below(patterns.length)]!] }),
    ...(random.chance(0.3) && { kinds: kinds.slice(random.below(kinds.length)) }),
  }
}

/** A log may work them out when they are asked for. */
function fieldsOf({ first, last, accepted, duplicates, positions, appendTime }: Appended): Appended {
  return { first, last, accepted, duplicates, positions, appendTime }
}

async function readAll(log: Log, options: ReadOptions): Promise<unknown[]> {
  const entries: unknown[] = []
  for await (const batch of log.read(options)) entries.push(...batch.map(comparable))
  return entries
}

/** Texts are compared far quicker than byte arrays. */
function comparable(entry: Entry | undefined): unknown {
  return entry && { ...entry, payload: Buffer.from(entry.payload).toString('latin1') }
}
