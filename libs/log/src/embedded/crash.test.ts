/**
 * Seeded workloads, crashed at every operation they make. After each crash the log must open, hold a prefix of what was appended, and
 * hold all that was acknowledged or shown to a reader. TIDEMARK_CRASH_SEEDS sets how many seeds run (default a dozen).
 */
import { describe, expect, it } from 'vitest'
import type { Draft, Entry } from '../log.js'
import { LogError } from '../log.js'
import { deflate } from '../testing/deflate.js'
import { Crashed, FaultyDisk } from '../testing/faulty-disk.js'
import { Random } from '../testing/random.js'
import type { EmbeddedLogOptions } from './embedded-log.js'
import { EmbeddedLog } from './embedded-log.js'

const SEEDS = Number(process.env.TIDEMARK_CRASH_SEEDS ?? 12)
const DIRECTORY = '/log'

describe('A log whose machine crashes at any operation', () => {
  it(`opens again with all that was acknowledged (${SEEDS} seeds)`, async () => {
    let crashes = 0
    for (let seed = 1; seed <= SEEDS; seed++) crashes += await crashEverywhere(seed)
    expect(crashes).toBeGreaterThan(SEEDS * 50)
  }, 120_000 * Math.max(1, SEEDS / 12))
})

async function crashEverywhere(seed: number): Promise<number> {
  const whole = new FaultyDisk()
  await new Workload(seed, whole).run()
  for (let operation = 1; operation <= whole.operations; operation++) {
    const disk = new FaultyDisk()
    disk.crashAt = operation
    const workload = new Workload(seed, disk)
    await workload.run()
    const random = new Random(seed * 1_000_003 + operation)
    try {
      await verify(workload, disk.afterPowerLoss(random), random)
      if (operation % 5 === 0) await verify(workload, disk.afterKill(), random)
    } catch (cause) {
      throw new Error(`seed ${seed}, crashed at operation ${operation}: ${(cause as Error).message}`, { cause })
    }
  }
  return whole.operations
}

/** What was asked of a log, and what it answered. */
class Workload {
  /** All that was admitted, in order: position n is at index n - 1. */
  readonly admitted: string[] = []
  /** Positions up to this one were acknowledged as on disk, or shown to a reader. */
  acknowledged = 0
  trimmedBefore = 0
  readonly options: EmbeddedLogOptions
  readonly #random: Random
  #pending: Promise<unknown>[] = []
  #now = 1_000

  constructor(seed: number, disk: FaultyDisk) {
    this.#random = new Random(seed)
    this.options = {
      disk, clock: () => this.#now++, segmentSizeBytes: 300 + this.#random.below(1_500), tailCacheBytes: this.#random.below(2) * 10_000,
      idleMarkerMs: this.#random.chance(0.5) ? 0 : 1e9, syncIntervalMs: 0,
      // So small that a group is of several frames, which are answered one after the other while the next group is on its way.
      frameSizeBytes: seed % 2 === 0 ? 200 : 64 * 1024,
      compression: seed % 3 === 0 ? 'zstd' : 'none', codec: deflate,
    }
  }

  async run(): Promise<void> {
    try {
      for (let life = 0; life < 2; life++) await this.#oneLife(await EmbeddedLog.open(DIRECTORY, this.options))
    } catch (error) {
      if (!isCrash(error)) throw error
    }
  }

  async #oneLife(log: EmbeddedLog): Promise<void> {
    const following = this.#follow(log)
    for (let step = 0; step < 8; step++) {
      if (this.#random.chance(0.8)) this.#append(log)
      else if (this.#random.chance(0.5)) await this.#trim(log)
      if (this.#random.chance(0.5)) await Promise.all(this.#pending.splice(0))
    }
    await Promise.all(this.#pending.splice(0))
    await log.close()
    await following
  }

  #append(log: EmbeddedLog): void {
    const drafts: Draft[] = Array.from({ length: 1 + this.#random.below(4) }, (_, i) => {
      const text = `${this.admitted.length + i}:${'x'.repeat(this.#random.below(120))}`
      const key = this.#random.chance(0.5) ? `key ${this.admitted.length + i}` : ''
      return { kind: 'event', subject: 'event.test', payload: Buffer.from(text), key }
    })
    this.admitted.push(...drafts.map((it) => Buffer.from(it.payload).toString()))
    const durability = (['sync', 'sync', 'interval', 'os'] as const)[this.#random.below(4)]!
    const answered = log.append(drafts, { durability }).then(({ last }) => {
      if (durability === 'sync') this.acknowledged = Math.max(this.acknowledged, Number(last))
    })
    answered.catch(() => undefined)
    this.#pending.push(answered)
  }

  async #trim(log: EmbeddedLog): Promise<void> {
    const before = this.#random.below(this.admitted.length + 1)
    this.trimmedBefore = Math.max(this.trimmedBefore, before)
    await log.trim(BigInt(before))
  }

  async #follow(log: EmbeddedLog): Promise<void> {
    try {
      for await (const batch of log.read({ from: 'earliest', follow: true })) {
        this.acknowledged = Math.max(this.acknowledged, Number(batch.at(-1)!.position))
      }
    } catch (error) {
      const expected = isCrash(error) || (error instanceof LogError && ['closed', 'outOfRange'].includes(error.code))
      if (!expected) throw error
    }
  }
}

function isCrash(error: unknown): boolean {
  return error instanceof Crashed || (error instanceof LogError && isCrash(error.cause))
}

async function verify(workload: Workload, disk: FaultyDisk, random: Random): Promise<void> {
  const options = { ...workload.options, disk }
  const log = await EmbeddedLog.open(DIRECTORY, options)
  const entries = await readAll(log)
  const first = entries[0]?.position ?? log.stats().last + 1n
  const trimmedBefore = Math.max(1, workload.trimmedBefore)
  if (Number(first) > trimmedBefore) throw new Error(`begins at ${first}, trimmed only before ${trimmedBefore}`)
  for (const [i, entry] of entries.entries()) {
    const position = Number(first) + i
    const text = Buffer.from(entry.payload).toString()
    const isRight = Number(entry.position) === position && text === workload.admitted[position - 1]
    if (!isRight) throw new Error(`position ${position} holds ${text}`)
  }
  const last = Number(log.stats().last)
  if (last < workload.acknowledged) throw new Error(`ends at ${last}, acknowledged was ${workload.acknowledged}`)

  const repeated = entries.filter((it) => it.key !== '').map(({ kind, subject, key, payload }) => ({ kind, subject, key, payload }))
  const { accepted } = await log.append(repeated)
  if (accepted > 0) throw new Error(`${accepted} repetitions were not recognised`)
  await log.append([{ kind: 'clock', subject: 'clock', payload: Buffer.from('after') }])
  if (random.chance(0.5)) await log.close()
  const again = await EmbeddedLog.open(DIRECTORY, { ...options, disk: disk.afterPowerLoss(random) })
  const after = await readAll(again)
  if (after.length !== entries.length + 1) throw new Error(`held ${entries.length} entries and one more, reopened ${after.length}`)
  await again.close()
}

async function readAll(log: EmbeddedLog): Promise<Entry[]> {
  const entries: Entry[] = []
  for await (const batch of log.read({ from: 'earliest' })) entries.push(...batch)
  return entries
}
