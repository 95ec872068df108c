import { type Log, type Position, retain, type Retention } from '@tidemark/log'
import type { Clock } from '../clock.js'
import { Lookout } from './lookout.js'

/** How often old entries are looked for. Longer than a database may keep a commit from its disk. */
const LOOK_MS = 60_000
/** As a reader of the log. */
const SNAPSHOTS = 'snapshots'

export interface LogKeeperOptions {
  readonly limits: Retention
  /** The first position that the tables have not taken in. */
  readonly needed: () => Promise<Position>
  /** Where the positions of the ways in stand that keep theirs in the log. */
  readonly held: () => Promise<readonly { readonly name: string; readonly position: Position }[]>
  /** The first position that a snapshot, from which state could be built, is followed on from. Absent: nothing is held for snapshots. */
  readonly heldBySnapshots?: () => Promise<Position>
  /** False: another process does it. */
  readonly leads?: () => boolean
  readonly onError: (error: unknown) => void
  readonly onDropped: (first: Position) => void
  readonly lookMs?: number
}

/**
 * Drops what the limits let go, and nothing that is still needed. What the tables say that they have taken in may not be on the database's disk yet
 * (it may commit without waiting), so what counts is what they said at the look before. Snapshots are on disk when they are there.
 */
export class LogKeeper {
  readonly #log: Log
  readonly #clock: Clock
  readonly #options: LogKeeperOptions
  #neededBefore: Position | undefined
  readonly #lookout: Lookout

  constructor(log: Log, clock: Clock, options: LogKeeperOptions) {
    this.#log = log
    this.#clock = clock
    this.#options = options
    this.#lookout = new Lookout(() => this.look(), options.lookMs ?? LOOK_MS, options.onError)
  }

  start(): void {
    const { maxAgeMs, maxEntries, maxSizeBytes } = this.#options.limits
    if ((maxAgeMs ?? maxEntries ?? maxSizeBytes) !== undefined) this.#lookout.start()
  }

  stop(): Promise<void> {
    return this.#lookout.stop()
  }

  /** One look. Answers the first position that is left. */
  async look(): Promise<Position> {
    const { first } = this.#log.stats()
    if (this.#options.leads?.() === false) return first
    const needed = this.#neededBefore
    this.#neededBefore = await this.#options.needed()
    if (needed === undefined) return first
    await this.#log.registerReader('tables', needed)
    await this.#holdForSnapshots()
    for (const { name, position } of await this.#options.held()) await this.#log.registerReader(name, position)
    const left = await retain(this.#log, this.#options.limits, this.#clock.now())
    if (left > first) this.#options.onDropped(left)
    return left
  }

  async #holdForSnapshots(): Promise<void> {
    const position = await this.#options.heldBySnapshots?.()
    if (position !== undefined) await this.#log.registerReader(SNAPSHOTS, position)
    else if ((await this.#log.readerPosition(SNAPSHOTS)) !== undefined) await this.#log.unregisterReader(SNAPSHOTS)
  }
}
