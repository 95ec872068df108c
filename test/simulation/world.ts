/** Everything around a tracker, by a seed and in virtual time: stores, senders, receivers, whoever starts it again, and what goes wrong. */
import { readFile } from 'node:fs/promises'
import { DAY_MS, Dice, generateOrders, modelFile, type OrderRun } from '@tidemark/example-order-fulfilment'
import { MemoryLog } from '@tidemark/log'
import { systemClock, type Clock } from '../../apps/tracker/src/clock.js'
import type { Database } from '../../apps/tracker/src/store/database.js'
import { hurryCommand } from '../../apps/tracker/src/store/deliver/commands.js'
import { readRebuild } from '../../apps/tracker/src/store/rebuild/job.js'
import { retryFaults } from '../../apps/tracker/src/store/write/faults.js'
import { Chance } from './chance.js'
import { FaultyDatabase, Session, type Deed } from './faulty-database.js'
import { FaultyLog } from './faulty-log.js'
import { Life } from './life.js'
import { letThingsHappen } from './mishaps.js'
import { Onlooker } from './onlooker.js'
import { Receivers } from './receivers.js'
import { Senders } from './senders.js'
import { Switchboard } from './switchboard.js'
import { SimulatedTracker } from './tracker.js'
import { VirtualTime } from './virtual-time.js'

/** A day is a second. */
const SCALE = 86_400
const START = Date.UTC(2026, 0, 5, 8)
/** Every deadline of the model has passed so long after the last event. */
const QUIET_MS = 60 * DAY_MS
/** Virtual time in which a seed's orders come in and end, and in which everything is to be told and sent after that. */
const STORY_MS = 20 * 60_000
const SETTLING_MS = 30 * 60_000
const LOOK_MS = 100
/** Until whoever watches the tracker sees that it is gone, and starts it again. */
const RESTART_MS = { least: 50, most: 3_000 }
/** Defaults of the tables say the machine's time: virtual time is always later. */
const AHEAD_MS = 3_600_000

export interface Place {
  readonly name: string | undefined
  current: SimulatedTracker | undefined
}

export class World {
  readonly time = new VirtualTime()
  readonly chance: Chance
  readonly session: Session
  readonly log: MemoryLog
  readonly clock: Clock
  readonly receivers: Receivers
  readonly senders: Senders
  readonly onlooker = new Onlooker()
  readonly shop: OrderRun
  readonly deeds: Deed[] = []
  readonly said: string[] = []
  readonly story: string[] = []
  /** Moves the clock that everybody sees. */
  turnedMs = 0
  databaseIsDown = false
  logIsDown = false
  /** Where trackers run, each under a name of its own. */
  readonly places: readonly Place[]
  /** Where things happen now. */
  place: Place
  readonly #switchboard: Switchboard | undefined
  /** All that ever began, also those that are still starting. */
  readonly #lives: Life[] = []
  #isClosing = false
  #supervised: Promise<unknown> = Promise.resolve()
  readonly #former: SimulatedTracker[] = []
  /** Virtual time that it took. */
  lastedMs = 0
  readonly #beganAt: number

  /** @param trackers that share the log; one has it for itself */
  constructor(readonly seed: string, db: Database, readonly xml: string, trackers: number) {
    const dice = new Dice(seed)
    this.chance = new Chance(dice, (what) => this.tell(what))
    this.session = new Session(db, this.time)
    this.time.begin(Date.now() + AHEAD_MS)
    this.#beganAt = Date.now()
    const steady = systemClock({ scale: SCALE, realOrigin: Date.now(), domainOrigin: START })
    this.clock = { ...steady, now: () => steady.now() + this.turnedMs }
    this.log = new MemoryLog({ clock: this.clock.now })
    this.receivers = new Receivers(this.chance, this.time)
    this.receivers.install()
    this.shop = generateOrders({ orders: dice.between(3, 14, 'orders'), startTime: START, seed, ordersPerDay: dice.pick([2, 5, 40], 'orders a day'), commands: 'timely' })
    this.places = Array.from({ length: trackers }, (_, number) => ({ name: trackers === 1 ? undefined : `tracker-${number + 1}`, current: undefined }))
    this.place = this.places[0]!
    this.#switchboard = trackers === 1 ? undefined : new Switchboard(this.chance, this.time)
    this.senders = new Senders({ tracker: () => this.#askedBySender(), now: this.clock.now, scale: SCALE }, this.chance, this.time)
  }

  /** The tracker where things happen now. */
  get current(): SimulatedTracker | undefined {
    return this.place.current
  }

  /** Another place may have its turn. */
  pickPlace(): void {
    if (this.places.length > 1) this.place = this.places[Math.floor(this.chance.roll('where it happens') * this.places.length)]!
  }

  tell(what: string): void {
    this.story.push(`${((Date.now() - this.#beganAt) / 1_000).toFixed(3)} ${what}`)
  }

  /** Plays it to the end, and leaves everything settled. Throws where it does not come to an end. */
  async play(): Promise<readonly string[]> {
    try {
      await this.log.append([{ kind: 'model', subject: 'model', payload: Buffer.from(JSON.stringify({ xml: this.xml, by: 'test' })) }])
      this.#supervised = Promise.all(this.places.map((place) => this.#supervise(place)))
      const over = new AbortController()
      const happening = letThingsHappen(this, over.signal)
      const looking = this.#keepLooking(over.signal)
      await this.time.until('the shop has told everything', this.senders.send([...this.shop.arrivals()]), STORY_MS)
      over.abort()
      await this.time.until('nothing goes wrong any more', happening, STORY_MS)
      await this.time.until('nobody looks any more', looking, STORY_MS)
      return await this.time.until('everything is settled', this.#end(), SETTLING_MS)
    } finally {
      this.#isClosing = true
      for (const life of this.#lives) life.die()
      await this.time.until('whoever watches the tracker goes home', this.#supervised, STORY_MS).catch(() => undefined)
      // One may have begun meanwhile: it would follow the log of a world that is over, in the tables of the next.
      for (const life of this.#lives) life.die()
      this.onlooker.leave()
      this.lastedMs = Date.now() - this.#beganAt
      this.receivers.remove()
      this.time.end()
    }
  }

  /** Starts one beside the one that runs: it takes over. */
  async takeOver(): Promise<SimulatedTracker | undefined> {
    const { place } = this
    const former = place.current
    const next = await this.#start(place)
    if (next === undefined || place.current !== former) {
      next?.life.die()
      return undefined
    }
    if (former !== undefined) this.#former.push(former)
    place.current = next
    return former
  }

  get #living(): readonly SimulatedTracker[] {
    return this.places.flatMap(({ current }) => current ?? [])
  }

  #askedBySender(): SimulatedTracker | undefined {
    return this.places.length === 1 ? this.current : this.places[Math.floor(this.chance.roll('whom a sender asks') * this.places.length)]!.current
  }

  async #start({ name }: Place): Promise<SimulatedTracker | undefined> {
    const { chance } = this
    const life = new Life(`life ${this.#lives.length + 1}${name === undefined ? '' : ` of ${name}`}`)
    this.#lives.push(life)
    const db = new FaultyDatabase(this.session, life, chance, () => this.databaseIsDown, (deed) => this.deeds.push(deed), this.#switchboard)
    const log = new FaultyLog(this.log, life, chance, this.time, () => this.logIsDown, chance.dice.pick([2_000, 2_000, 7, 1], 'batch'))
    this.tell(`${life.name} starts`)
    const stores = {
      ...(name === undefined ? {} : { name }), db, log, clock: this.clock, random: () => chance.roll('jitter'), onFatal: (what: string) => this.said.push(`${life.name}: ${what}`),
    }
    const started = SimulatedTracker.start(life, stores).catch((error: unknown) => {
      this.tell(`${life.name} cannot start: ${String(error)}`)
      life.die()
      return undefined
    })
    return Promise.race([started, life.ended.then(() => undefined)])
  }

  async #supervise(place: Place): Promise<void> {
    while (!this.#isClosing) {
      const here = place.current
      if (here === undefined) {
        await this.time.sleep(RESTART_MS.least + this.chance.roll('restart') ** 3 * (RESTART_MS.most - RESTART_MS.least))
        if (place.current === undefined && !this.#isClosing) {
          const next = await this.#start(place)
          if (place.current === undefined) place.current = next
          else next?.life.die()
        }
      } else if (here.life.isOver || here.failure !== undefined) {
        this.tell(`${here.life.name} has ended${here.failure === undefined ? '' : `: ${here.failure.message}`}`)
        here.life.die()
        place.current = undefined
      } else await this.time.sleep(LOOK_MS)
    }
  }

  /** The page of somebody whose streams end now and then. */
  async #keepLooking(over: AbortSignal): Promise<void> {
    let watched: SimulatedTracker | undefined
    while (!over.aborted) {
      await this.time.sleep(LOOK_MS)
      if (this.chance.happens('a stream ends', 0.02)) {
        this.onlooker.leave()
        watched = undefined
      }
      const here = this.#toBeWatched(watched)
      if (watched !== here) this.onlooker.leave()
      if (here === undefined || here.life.standsStill) continue
      if (watched !== here) this.onlooker.watch(here)
      watched = here
      await this.#look(here)
    }
    this.onlooker.leave()
  }

  /** The same as long as it lives. */
  #toBeWatched(watched: SimulatedTracker | undefined): SimulatedTracker | undefined {
    const living = this.#living
    return living.find((tracker) => tracker === watched) ?? living.find(({ life }) => !life.standsStill) ?? living[0]
  }

  async #look(reader: SimulatedTracker): Promise<void> {
    await Promise.race([this.onlooker.look(reader.stores.db), reader.life.ended, this.time.sleep(10_000)]).catch(() => undefined)
  }

  async #end(): Promise<readonly string[]> {
    const { chance, session } = this
    chance.calm()
    this.tell('all is well again')
    this.databaseIsDown = this.logIsDown = this.receivers.isDown = false
    for (const tracker of [...this.#former, ...this.#living]) tracker.life.goOn()
    // Whether one that lived through it is well, or one that starts on what it left, both matter.
    const isOld = chance.dice.roll('it lives on') < 0.5
    if (!isOld) for (const tracker of this.#living) tracker.life.die()
    this.turnedMs += QUIET_MS
    await this.log.append([{ kind: 'clock', subject: 'clock', payload: new Uint8Array() }])
    for (const tracker of this.#former) tracker.life.die()
    let watched: SimulatedTracker | undefined
    for (;;) {
      await this.time.sleep(LOOK_MS * 5)
      const here = this.#toBeWatched(watched)
      if (here === undefined) continue
      if (watched !== here) this.onlooker.watch(here)
      watched = here
      await this.#look(here)
      await retryFaults(session, undefined)
      for (const { id } of await session.query<{ id: string }>(`select id from command where status = 'failed'`)) await hurryCommand(session, id)
      if (!(await this.#isSettled(watched))) continue
      // What was committed last is told a moment later.
      await this.time.sleep(LOOK_MS * 5)
      await this.#look(here)
      if (this.onlooker.isUpToDate && this.#living.includes(here) && (await this.#isSettled(watched))) break
    }
    return this.onlooker.mistakes(session)
  }

  async #isSettled({ progress }: SimulatedTracker): Promise<boolean> {
    if (progress.position < this.log.stats().last) return false
    const { status } = (await readRebuild(this.session as unknown as Database)) ?? {}
    if (status === 'asked' || status === 'running' || status === 'cancelling') return false
    const [row] = await this.session.query<{ open: boolean }>(
      `select exists (select 1 from model_version where status <> 'active') or exists (select 1 from deadline where at <= $1::bigint)
         or exists (select 1 from faulted_unit)
         or exists (select 1 from command where status in ('scheduled', 'sending', 'failed')) or exists (select 1 from alert_delivery where status in ('pending', 'failed'))
         or exists (select 1 from alert a where status in ('open', 'acknowledged') and not exists (select 1 from alert_member m where m.alert = a.id))
         or exists (select 1 from alert a where status in ('quiet', 'resolved') and exists (
              select 1 from alert_member m where m.alert = a.id and not m.silent and m.joined_at > coalesce(a.resolved_at, -1))) as open`, [progress.clock])
    return row?.open === false && progress.position >= this.log.stats().last
  }
}

export async function readModel(): Promise<string> {
  return readFile(modelFile, 'utf8')
}
