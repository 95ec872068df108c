/** The shop's services: each sends what it has to tell when it happened, until somebody says that it is kept; some of it several times. */
import type { Arrival } from '@tidemark/example-order-fulfilment'
import { LogError } from '@tidemark/log'
import { readEvents } from '../../apps/tracker/src/ingest/read-events.js'
import { TrackerError } from '../../apps/tracker/src/problem.js'
import type { Chance } from './chance.js'
import type { SimulatedTracker } from './tracker.js'
import type { VirtualTime } from './virtual-time.js'

const PATIENCE_MS = 1_000
const HEADERS = { 'content-type': 'application/cloudevents-batch+json' }

export interface Way {
  /** Whoever answers at the tracker's address now. */
  readonly tracker: () => SimulatedTracker | undefined
  readonly now: () => number
  readonly scale: number
}

export class Senders {
  readonly acknowledged = new Set<string>()
  readonly refused: string[] = []
  #again: Promise<void>[] = []
  readonly #repeating: number
  readonly #mostTogether: number

  constructor(private readonly way: Way, private readonly chance: Chance, private readonly time: VirtualTime) {
    this.#repeating = chance.dice.roll('repeating') * 0.3
    this.#mostTogether = chance.dice.pick([1, 1, 5, 30], 'most together')
  }

  /** Each service its own, in the order in which it has them. */
  async send(arrivals: readonly Arrival[]): Promise<void> {
    const services = new Set(arrivals.map(({ service }) => service))
    await Promise.all([...services].map((service) => this.#sendAll(arrivals.filter((arrival) => arrival.service === service))))
    while (this.#again.length > 0) await Promise.all(this.#again.splice(0))
  }

  /** Until it is acknowledged or refused. */
  async sendNow(events: readonly Arrival['event'][]): Promise<void> {
    for (let tries = 0; ; tries++) {
      try {
        const { duplicates, accepted } = await this.#post(JSON.stringify(events))
        if (duplicates + accepted !== events.length) this.refused.push(`${events.length} events were sent, and ${accepted} taken and ${duplicates} known`)
        for (const { source, id } of events) this.acknowledged.add(`${source}\0${id}`)
        return
      } catch (error) {
        if (error instanceof TrackerError && error.status < 500) return void this.refused.push(error.message)
        if (error instanceof LogError && !error.retryable) return void this.refused.push(`${error.code}: ${error.message}`)
        await this.time.sleep(5 + this.chance.roll('a sender waits') * 30 * Math.min(tries + 1, 10))
      }
    }
  }

  async #sendAll(own: readonly Arrival[]): Promise<void> {
    for (let from = 0; from < own.length;) {
      await this.#until(own[from]!.at)
      const due = own.slice(from, from + this.#mostTogether).filter(({ at }) => at <= this.way.now())
      const batch = due.length === 0 ? own.slice(from, from + 1) : due
      await this.sendNow(batch.map(({ event }) => event))
      from += batch.length
      if (this.chance.happens('events come again', this.#repeating)) this.#again.push(this.#repeat(batch))
    }
  }

  async #repeat(batch: readonly Arrival[]): Promise<void> {
    for (let times = 1 + Math.floor(this.chance.roll('how often again') * 3); times > 0; times--) {
      await this.time.sleep(this.chance.roll('when again') ** 2 * 10_000)
      await this.sendNow(batch.map(({ event }) => event))
    }
  }

  async #until(at: number): Promise<void> {
    for (let early = at - this.way.now(); early > 0; early = at - this.way.now()) await this.time.sleep(Math.ceil(early / this.way.scale))
  }

  async #post(body: string): Promise<{ readonly accepted: number; readonly duplicates: number }> {
    const tracker = this.way.tracker()
    if (tracker === undefined) throw new Error('connect ECONNREFUSED')
    const cut = (message: string) => (): never => {
      throw new Error(message)
    }
    const answer = await Promise.race([
      tracker.intake.take(readEvents(HEADERS, Buffer.from(body))),
      tracker.life.ended.then(cut('read ECONNRESET')), this.time.sleep(PATIENCE_MS).then(cut('no answer')),
    ])
    if (this.chance.strikes('the answer to a sender is lost')) throw new Error('read ECONNRESET')
    return answer
  }
}
