/**
 * Alerts open and clear: the tracker keeps who has a cause now (its members), this decides that people hear of it. Only while the tracker is
 * at the head, so that a lag of ours never calls anybody. What is decided is appended; the fold writes the alert and what is to be sent.
 */
import type { Draft, Log } from '@tidemark/log'
import type { Database } from '../store/database.js'
import { readClearing, readOpening, readSilenceOver } from '../store/deliver/alerts.js'
import type { SettlementEntry } from '../store/entries.js'
import type { Progress } from '../store/progress.js'
import type { HeadGate } from './head-gate.js'
import { Loop } from './loop.js'

/** Causes, not instances: a few hundred are a very bad day. The next pass takes the rest. */
const BATCH = 200
const LOOK_MS = 1_000
const SETTLE_MS = 50

export class AlertWatch {
  readonly #loop: Loop

  constructor(
    private readonly db: Database, private readonly log: Log, private readonly progress: Progress, private readonly gate: HeadGate,
    private readonly outageWaitMs: number,
    onError: (error: unknown) => void,
  ) {
    this.#loop = new Loop(() => this.#pass(), { progress, wokenBy: (committed) => committed.alerts, everyMs: LOOK_MS, settleMs: SETTLE_MS, onError })
  }

  start(): void {
    this.#loop.start()
  }

  stop(): Promise<void> {
    return this.#loop.stop()
  }

  async #pass(): Promise<void> {
    if (!this.progress.standing.leads || !this.gate.isOpen) return
    const opening = await readOpening(this.db, this.progress.clock, BATCH, this.outageWaitMs)
    const clearing = await readClearing(this.db, BATCH)
    const announcing = await readSilenceOver(this.db, this.progress.clock, BATCH)
    const drafts = [
      ...opening.map(({ id, episode, ...about }) => draft({ what: 'alertOpened', alert: id, episode: episode + 1, ...about })),
      ...announcing.map(({ id, episode }) => draft({ what: 'alertAnnounced', alert: id, episode })),
      ...clearing.map(({ id, episode }) => draft({ what: 'alertCleared', alert: id, episode })),
    ]
    if (drafts.length === 0) return
    const { last } = await this.log.append(drafts)
    this.gate.waitFor(last)
  }
}

function draft(entry: SettlementEntry): Draft {
  return { kind: 'settlement', subject: 'settlement.alert', payload: Buffer.from(JSON.stringify(entry)) }
}
