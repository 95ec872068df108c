import type { Log } from '@tidemark/log'
import type { Logger } from 'pino'
import type { Clock } from '../clock.js'
import type { Settings } from '../config.js'
import type { Database } from '../store/database.js'
import type { Progress } from '../store/progress.js'
import { AlertOutbox } from './alert-outbox.js'
import { AlertWatch } from './alert-watch.js'
import { commandsOverHttp } from './command-http.js'
import { CommandsOverNats } from './command-nats.js'
import { CommandOutbox } from './command-outbox.js'
import { Courier } from './courier.js'
import { Departures } from './departures.js'
import { HeadGate } from './head-gate.js'
import { HistoryKeeper } from './history-keeper.js'

/** After an outage of ours nothing that fell into it leaves for as long as it was, at most this: senders bring first what they kept meanwhile. */
const OUTAGE_WAIT_MS = 5 * 60_000

export interface DeliveryContext {
  readonly db: Database
  readonly log: Log
  readonly progress: Progress
  readonly clock: Clock
  readonly settings: Settings
  readonly logger: Logger
  /** For tests: how long a receiver may take. */
  readonly timeoutMs?: number
  readonly random?: () => number
}

/** The loops of the deliver room, made and ended together. */
export class Deliveries {
  readonly #loops: readonly { start(): void; stop(): Promise<void> }[]
  readonly #nats: CommandsOverNats | undefined

  constructor({ db, log, progress, clock, settings, logger, timeoutMs, random = Math.random }: DeliveryContext) {
    const failed = (what: string) => (error: unknown) => logger.error({ err: error }, `${what} failed, and is tried again`)
    this.#nats = settings.natsUrl === undefined ? undefined : new CommandsOverNats(settings.natsUrl)
    const ways = [commandsOverHttp(settings, clock, timeoutMs), ...(this.#nats === undefined ? [] : [this.#nats])]
    const gate = () => new HeadGate(log, progress, clock)
    this.#loops = [
      new Departures(db, log, progress, gate(), OUTAGE_WAIT_MS * clock.scale, failed('letting commands leave')),
      new Courier(new CommandOutbox(db, log, ways), progress, gate(), random, failed('sending commands')),
      new AlertWatch(db, log, progress, gate(), OUTAGE_WAIT_MS * clock.scale, failed('opening alerts')),
      new Courier(new AlertOutbox(db, log, settings, clock, timeoutMs), progress, gate(), random, failed('sending alerts')),
      ...(settings.historyKeptMs === undefined ? [] : [new HistoryKeeper(db, log, progress, gate(), settings.historyKeptMs, failed('dropping history'))]),
    ]
  }

  start(): void {
    for (const loop of this.#loops) loop.start()
  }

  /** Waits for what is on its way, at most a few seconds. */
  async stop(): Promise<void> {
    await Promise.all(this.#loops.map((loop) => loop.stop()))
    await this.#nats?.close()
  }
}
