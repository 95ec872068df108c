/**
 * History that has aged: an entry names the next portion, and whoever follows the log drops it there. Only while the tracker is at the head, one
 * portion at a time, so that it never stands in the way of what comes in.
 */
import type { Log } from '@tidemark/log'
import type { Database } from '../store/database.js'
import { readAged } from '../store/deliver/history.js'
import type { SettlementEntry } from '../store/entries.js'
import type { Progress } from '../store/progress.js'
import type { HeadGate } from './head-gate.js'
import { Loop } from './loop.js'

/** Instances of a portion, some thousand rows: its transaction takes a fraction of a second. */
export const PORTION_INSTANCES = 500
const LOOK_MS = 60_000
/** A portion is followed by the next no sooner. */
const PAUSE_MS = 100

export class HistoryKeeper {
  readonly #loop: Loop
  #hasMore = false

  /** @param keptMs how long an instance is kept after it closed, of the domain clock */
  constructor(
    private readonly db: Database, private readonly log: Log, private readonly progress: Progress, private readonly gate: HeadGate,
    private readonly keptMs: number, onError: (error: unknown) => void,
  ) {
    this.#loop = new Loop(() => this.#pass(), { progress, wokenBy: () => this.#hasMore, everyMs: LOOK_MS, settleMs: PAUSE_MS, onError })
  }

  start(): void {
    this.#loop.start()
  }

  stop(): Promise<void> {
    return this.#loop.stop()
  }

  async #pass(): Promise<void> {
    if (!this.progress.standing.leads || !this.gate.isOpen) return
    const aged = await readAged(this.db, this.progress.clock - this.keptMs, PORTION_INSTANCES)
    this.#hasMore = aged !== undefined && aged.instances === PORTION_INSTANCES
    if (aged === undefined) return
    const { from, to } = aged
    const entry: SettlementEntry = { what: 'historyDropped', ...(from === undefined ? {} : { from }), to }
    const { last } = await this.log.append([{ kind: 'settlement', subject: 'settlement.history', payload: Buffer.from(JSON.stringify(entry)) }])
    this.gate.waitFor(last)
  }
}
