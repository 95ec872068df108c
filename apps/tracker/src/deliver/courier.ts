/**
 * Sends what lies in an outbox table: claims a handful, sends them side by side, settles each. At least once: a claim is a lease, so what a
 * process that died had claimed is sent again by another, under the same id.
 *
 * One courier per outbox; commands and messages about alerts differ in how a row is claimed, sent and settled, not in this.
 */
import type { Committed, Progress } from '../store/progress.js'
import { nextStep } from './attempt.js'
import type { Outcome } from './attempt.js'
import type { HeadGate } from './head-gate.js'
import { Loop } from './loop.js'

/** Sent side by side; a slow receiver holds up so many at most for the length of a time-out. */
const AT_ONCE = 16
/** Longer than an attempt may take. */
const LEASE_SECONDS = 60
/** Retries come due by the clock alone. */
const LOOK_MS = 500
const SETTLE_MS = 20
/** At the end, attempts that run get this long; then they are cut off and made again after the next start. */
const STOP_GRACE_MS = 3_000

export interface Outbox<Row extends { readonly id: string; readonly attempts: number }> {
  claim(leaseSeconds: number, limit: number): Promise<Row[]>
  /** One attempt. Never throws. */
  send(row: Row, signal: AbortSignal): Promise<Outcome>
  settle(row: Row, status: 'delivered' | 'dead', error: string | undefined): Promise<void>
  postpone(row: Row, error: string, waitSeconds: number): Promise<void>
  /** Whether a commit may have put something in. */
  isTouchedBy(committed: Committed): boolean
}

export class Courier<Row extends { readonly id: string; readonly attempts: number }> {
  readonly #loop: Loop
  readonly #ending = new AbortController()

  constructor(
    private readonly outbox: Outbox<Row>, progress: Progress, private readonly gate: HeadGate,
    private readonly random: () => number, onError: (error: unknown) => void,
  ) {
    this.#loop = new Loop(() => this.#pass(), { progress, wokenBy: (committed) => outbox.isTouchedBy(committed), everyMs: LOOK_MS, settleMs: SETTLE_MS, onError })
  }

  start(): void {
    this.#loop.start()
  }

  async stop(): Promise<void> {
    const cut = setTimeout(() => this.#ending.abort(), STOP_GRACE_MS)
    await this.#loop.stop()
    clearTimeout(cut)
  }

  async #pass(): Promise<void> {
    if (!this.gate.knowsThePast) return
    const rows = await this.outbox.claim(LEASE_SECONDS, AT_ONCE)
    const done = await Promise.allSettled(rows.map((row) => this.#attempt(row)))
    for (const result of done) if (result.status === 'rejected') throw result.reason
    if (rows.length === AT_ONCE) this.#loop.wake()
  }

  async #attempt(row: Row): Promise<void> {
    const outcome = await this.outbox.send(row, this.#ending.signal)
    const step = nextStep(outcome, row.attempts, this.random())
    if (step.kind === 'wait') await this.outbox.postpone(row, step.error, step.seconds)
    else await this.outbox.settle(row, step.kind, step.kind === 'dead' ? step.error : undefined)
  }
}
