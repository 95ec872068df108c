import type { Log } from '@tidemark/log'
import type { Clock } from '../clock.js'
import { Lookout } from './lookout.js'

/** The clock stands still while nothing is appended; this long at most, in real time. */
export const QUIET_MS = 5_000
/** How often it is looked whether something fell due. A deadline fires within a second of its moment. */
export const LOOK_MS = 250

export interface HeartbeatOptions {
  /** The first moment behind another, in domain time, at which something becomes due; undefined where nothing is. */
  readonly nextDue: (after: number) => Promise<number | undefined>
  readonly onError: (error: unknown) => void
  /** Whether it is for this process to do it. The others say something only where that one is silent for twice as long. */
  readonly leads?: () => boolean
  readonly quietMs?: number
  readonly lookMs?: number
}

/**
 * Appends clock entries. The tracker's clock is the append time of the last folded entry (so that it fires nothing early while it lags, or while
 * nothing could come in): in a quiet log somebody has to say that time goes on. That is said every few seconds, and at once when a deadline
 * has passed that no entry after it tells of.
 */
export class Heartbeat {
  readonly #log: Log
  readonly #clock: Clock
  readonly #options: HeartbeatOptions
  readonly #lookout: Lookout
  #seenAppend = -1
  #quietSince: number

  constructor(log: Log, clock: Clock, options: HeartbeatOptions) {
    this.#log = log
    this.#clock = clock
    this.#options = options
    // The log's refusals (it closes, the disk is full) and the database's are told, and tried again: time must not stop for good.
    this.#lookout = new Lookout(() => this.look(), options.lookMs ?? LOOK_MS, options.onError)
    this.#quietSince = clock.machine()
  }

  start(): void {
    this.#lookout.start()
  }

  stop(): Promise<void> {
    return this.#lookout.stop()
  }

  /** One look; true when a clock entry was appended. */
  async look(): Promise<boolean> {
    const { lastAppendTime } = this.#log.stats()
    if (lastAppendTime !== this.#seenAppend) {
      this.#seenAppend = lastAppendTime
      this.#quietSince = this.#clock.machine()
    }
    const leads = this.#options.leads?.() ?? true
    const isQuiet = this.#clock.machine() - this.#quietSince >= (this.#options.quietMs ?? QUIET_MS) * (leads ? 1 : 2)
    if (!isQuiet && (!leads || !(await this.#isDueUnseen(lastAppendTime)))) return false
    // It says when, so that no two of them are alike: a log that lost its end is known by what stands where (store/log-position.ts).
    await this.#log.append([{ kind: 'clock', subject: 'clock', payload: Buffer.from(String(this.#clock.now())) }])
    return true
  }

  async #isDueUnseen(lastAppendTime: number): Promise<boolean> {
    const due = await this.#options.nextDue(lastAppendTime)
    return due !== undefined && due <= this.#clock.now() && lastAppendTime < due
  }
}
