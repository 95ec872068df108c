/** One life of the tracker: its rooms as the application puts them together, without HTTP, on the stores as this life sees them. */
import type { Log } from '@tidemark/log'
import { pino, type Logger } from 'pino'
import type { Clock } from '../../apps/tracker/src/clock.js'
import type { Settings } from '../../apps/tracker/src/config.js'
import { Deliveries } from '../../apps/tracker/src/deliver/deliveries.js'
import { Heartbeat } from '../../apps/tracker/src/ingest/heartbeat.js'
import { Intake } from '../../apps/tracker/src/ingest/intake.js'
import { readPolicy } from '../../apps/tracker/src/policy/read-policy.js'
import { LiveChannel } from '../../apps/tracker/src/serve/live-channel.js'
import type { Database } from '../../apps/tracker/src/store/database.js'
import { nextDue } from '../../apps/tracker/src/store/next-due.js'
import { Progress } from '../../apps/tracker/src/store/progress.js'
import { ensureShards } from '../../apps/tracker/src/store/shards.js'
import { Following } from '../../apps/tracker/src/track/following.js'
import type { Life } from './life.js'

export const SHARDS = 4

/** Of trackers that share a log: one that has not been heard of for so long is given up by the others. */
const LEASE_MS = 3_000

export interface Stores {
  readonly db: Database
  readonly log: Log
  readonly clock: Clock
  readonly random: () => number
  /** What it says that it cannot help. */
  readonly onFatal: (what: string) => void
  /** Its name among those that share the log; absent: it has it for itself. */
  readonly name?: string
}

export class SimulatedTracker {
  readonly progress = new Progress()
  readonly intake: Intake
  readonly live: LiveChannel
  readonly #following: Following
  readonly #deliveries: Deliveries
  readonly #heartbeat: Heartbeat

  private constructor(readonly life: Life, readonly stores: Stores) {
    const { db, log, clock, random, name } = stores
    const { progress } = this
    const logger = listener(stores.onFatal)
    const sharing = name === undefined ? {} : { sharing: { name, leaseMs: LEASE_MS } }
    const settings = { commandUrls: { order: 'http://order.test/order', notification: 'http://notification.test/notification' }, webhookUrls: ['http://people.test/alerts'], host: 'localhost', port: 0 }
    this.intake = new Intake(log, readPolicy(undefined, undefined))
    this.live = new LiveChannel(progress, clock)
    this.#following = new Following({ db, log, progress, logger, clockScale: clock.scale, alertChannels: ['webhook'], now: () => clock.machine(), version: '1', ...sharing })
    this.#deliveries = new Deliveries({ db, log, progress, clock, settings: settings as unknown as Settings, logger, random })
    this.#heartbeat = new Heartbeat(log, clock, { nextDue: (after) => nextDue(db, after), leads: () => progress.standing.leads, onError: () => undefined })
  }

  /** As main.ts: rejects where it cannot start. */
  static async start(life: Life, stores: Stores): Promise<SimulatedTracker> {
    await ensureShards(stores.db, SHARDS, stores.log)
    const tracker = new SimulatedTracker(life, stores)
    await tracker.#following.start()
    tracker.live.start()
    tracker.#deliveries.start()
    tracker.#heartbeat.start()
    return tracker
  }

  get failure(): Error | undefined {
    return this.#following.failure
  }

  /** Politely, as a deployment does. */
  async stop(): Promise<void> {
    await this.#heartbeat.stop()
    await this.#following.stop()
    await this.#deliveries.stop()
    this.live.stop()
  }
}

function listener(onFatal: (what: string) => void): Logger {
  return pino({ level: 'error', base: null }, { write: (line: string) => onFatal(line.trim()) })
}
