/** Trackers that share a log, in one process: each follows through a gate of its own, which holds everything back that passes to the database, as a process that stands still does. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Log } from '@tidemark/log'
import { pino } from 'pino'
import type { Database } from '../../apps/tracker/src/store/database.js'
import { Progress } from '../../apps/tracker/src/store/progress.js'
import { ensureShards } from '../../apps/tracker/src/store/shards.js'
import { Following } from '../../apps/tracker/src/track/following.js'
import type { SnapshotOptions } from '../../apps/tracker/src/track/snapshot.js'

export interface Sharing {
  readonly db: Database
  readonly log: Log
  readonly shards: number
  readonly leaseMs: number
  readonly snapshots?: SnapshotOptions
}

export class SharingTracker {
  readonly progress = new Progress()
  readonly #following: Following
  #opened: Promise<void> | undefined
  #passing = 0
  #open: () => void = () => undefined

  private constructor(readonly name: string, { db, log, leaseMs, snapshots }: Sharing) {
    this.#following = new Following({
      db: this.#behindGate(db), log, progress: this.progress, logger: pino({ level: process.env['TIDEMARK_TEST_LOG'] ?? 'silent', base: { name } }), alertChannels: [], now: () => Date.now(), version: '1', sharing: { name, leaseMs }, ...(snapshots === undefined ? {} : { snapshots }),
    })
  }

  static async start(name: string, sharing: Sharing): Promise<SharingTracker> {
    await ensureShards(sharing.db, sharing.shards, sharing.log)
    const tracker = new SharingTracker(name, sharing)
    await tracker.#following.start()
    return tracker
  }

  get failure(): Error | undefined {
    return this.#following.failure
  }

  get shards(): readonly number[] {
    return this.progress.standing.shards
  }

  get fencedWrites(): number {
    return this.progress.standing.fencedWrites
  }

  /** Nothing of it is on its way to the database. */
  get rests(): boolean {
    return this.#passing === 0
  }

  standStill(): void {
    this.#opened = new Promise((resolve) => (this.#open = resolve))
  }

  goOn(): void {
    this.#opened = undefined
    this.#open()
  }

  async stop(): Promise<void> {
    this.goOn()
    await this.#following.stop()
  }

  #behindGate(db: Database): Database {
    const passes = async <Result>(pass: () => Promise<Result>): Promise<Result> => {
      this.#passing++
      try {
        await this.#opened
        return await pass()
      } finally {
        this.#passing--
      }
    }
    return {
      embedded: db.embedded,
      query: (sql, params) => passes(() => db.query(sql, params)),
      transaction: (run, options) => passes(() => db.transaction(async (tx) => {
        const result = await run(tx)
        await this.#opened
        return result
        // A commit that goes out with its statements would not wait for the gate.
      }, { ...options, atOnce: false })),
      ...(db.listen === undefined ? {} : { listen: db.listen.bind(db) }),
      close: async () => undefined,
    }
  }
}

/** Asks until it is so. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>, patienceMs = 60_000): Promise<void> {
  const end = Date.now() + patienceMs
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`waited ${patienceMs / 1_000} seconds until ${what}, in vain`)
    await pause(10)
  }
}
