/**
 * The tracker: follows the log and keeps the tables. States: `starting` (takes its shards, checks that their positions belong to this log),
 * `following` (batches, and deadlines that the clock has passed), `stopped`. A commit that fails for a passing reason is tried again from the
 * log, with everything that came after it; one that finds another owner goes on with what is left to it. Shards that were taken over may stand
 * behind the others: then following begins again at the one that is furthest behind. Models that are catching up read the log in turn with
 * live batches (catching-up.ts). Entries that ask something of the tracker itself are passed one by one (control-entries.ts). Batches overlap
 * (pipeline.ts); what needs to see everything before it flushes them first.
 */
import { LogError, type Log } from '@tidemark/log'
import type { Logger } from 'pino'
import { TrackerError } from '../problem.js'
import type { Database, Transaction, TransactionOptions } from '../store/database.js'
import { EarlyStatements } from '../store/early-statements.js'
import { assertSameLog, checksumOf } from '../store/log-position.js'
import { patiently } from '../store/patiently.js'
import type { Progress } from '../store/progress.js'
import { dueUnits, type DuePlace } from '../store/write/load-units.js'
import { insertOutages } from '../store/write/outages.js'
import { readModelShards, readModelVersions } from '../store/write/model-versions.js'
import { movedTo, moveShards, type Reached, type ShardState } from '../store/write/shards.js'
import { Aliases } from './aliases.js'
import { applyToAlerts, concernsAlerts } from './alert-entries.js'
import { Backlog, NOTHING_AFTER, STAY, type BacklogBounds, type Step } from './backlog.js'
import { commitBatch, foldBatch, loadBatch, planBatch, type Batch, type BatchInput, type Planned, type Prepared } from './batch.js'
import { Brake } from './brake.js'
import { CatchingUp, type LiveSide } from './catching-up.js'
import { ANYTHING, REPLAYABLE, summary, type What } from './commits.js'
import { ControlEntries, isControlEntry, type ControlSide } from './control-entries.js'
import type { Decoded } from './core/decode.js'
import { OUTAGE_MS, outagesIn } from './core/outages.js'
import { FoldFaults, Suspects } from './faults.js'
import { Fenced } from './fenced.js'
import { Models } from './models.js'
import { NextDue } from './next-due.js'
import { SoleOwner, type Ownership } from './ownership.js'
import { Pipeline } from './pipeline.js'
import { readAhead, type Read } from './read-ahead.js'
import { SMALL_ROOM, type Room } from './room.js'
import { leastOf, liveShare, NEVER } from './share.js'
import { Units } from './units.js'
import { aborted, sleep } from './waits.js'

export interface TrackerOptions {
  readonly db: Database
  readonly log: Log
  readonly progress: Progress
  readonly logger: Logger
  /** Where alerts are announced; none: nobody is told. */
  readonly alertChannels: readonly string[]
  /** Domain milliseconds that pass in a real one; 1 where nothing is said. */
  readonly clockScale?: number
  /** Absent: all shards are its own. */
  readonly ownership?: Ownership
  /** Nobody reads these tables yet: what happens to a unit is held back, and written together. */
  readonly holdsBack?: BacklogBounds
  /** Absent: a small one. */
  readonly room?: Room
}

/** Units whose deadlines are looked at in one commit. */
const DUE_UNITS = 1_000
/** After an outage very many fall due at once: what comes in waits for so many commits of them at a time. */
const PATIENCE_PORTIONS = 8
/** Batches that may be folded before deadlines are looked at, where there are always more: deadlines need to see everything before them. */
const MAX_BATCHES_BETWEEN_DEADLINES = 4
/** A failed batch is tried again after this, doubled each time up to the longest. */
const RETRY_MS = 200
const MAX_RETRY_MS = 10_000

export class Tracker {
  readonly #db: Database
  readonly #log: Log
  readonly #progress: Progress
  readonly #logger: Logger
  readonly #alertChannels: readonly string[]
  readonly #outageMs: number
  readonly #ownership: Ownership
  readonly #models = new Models()
  readonly #stop = new AbortController()
  readonly #suspects = new Suspects()
  readonly #pipeline = new Pipeline((prepared) => this.#fold(prepared))
  readonly #nextDue: NextDue
  readonly #aliases = new Aliases()
  readonly #backlog: Backlog | undefined
  readonly #catchingUp: CatchingUp
  readonly #room: Room
  readonly #controlEntries: ControlEntries
  readonly #brake: Brake
  #units: Units
  /** As committed. */
  #shards: readonly ShardState[] = []
  /** What we know is what the tables say. */
  #isSettled = false
  /** Ends what runs, because we stop, are to settle, or a batch that was on its way has failed. */
  #halt: AbortSignal = this.#stop.signal
  /** The last entry that is committed or on its way. */
  #taken = 0n
  /** Its append time. */
  #takenAt = 0
  #running: Promise<void> | undefined
  #failure: Error | undefined
  #batchesSinceDeadlines = 0
  /** A commit has failed, and none has succeeded since. */
  #careful = false

  constructor(options: TrackerOptions) {
    this.#db = options.db
    this.#log = options.log
    this.#progress = options.progress
    this.#logger = options.logger
    this.#alertChannels = options.alertChannels
    this.#outageMs = OUTAGE_MS * (options.clockScale ?? 1)
    this.#nextDue = new NextDue(options.clockScale ?? 1)
    this.#ownership = options.ownership ?? new SoleOwner(options.db, options.progress)
    this.#room = options.room ?? SMALL_ROOM
    this.#backlog = options.holdsBack && new Backlog(options.holdsBack)
    this.#units = new Units(this.#models, 1, this.#room.cachedBytes)
    const live = this.#liveSide()
    this.#catchingUp = new CatchingUp(live)
    this.#controlEntries = new ControlEntries(this.#controlSide())
    this.#brake = new Brake({ models: this.#models, suspects: this.#suspects, logger: this.#logger, positionOf: (shard) => this.#positionOf(shard), tell: live.tell })
  }

  /** Why it stopped by itself, if it did. */
  get failure(): Error | undefined {
    return this.#failure
  }

  async start(): Promise<void> {
    try {
      await patiently('looking where following stands', this.#logger, () => this.#settle(), this.#stop.signal)
    } catch (error) {
      // After a swap of tables nobody else would say that nothing is followed any more.
      this.#fail(error)
      throw error
    }
    this.#progress.standing.failure = undefined
    this.#running = this.#run().catch((error: unknown) => this.#fail(error))
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  /** How far it has read, for all that it follows; what is behind that may not be committed yet. */
  get taken(): bigint {
    return this.#catchingUp.taken ?? this.#taken
  }

  /** Where our shards stand; the one that is furthest behind, where they are not level. */
  get #behind(): { readonly position: bigint; readonly clock: number } {
    return leastOf(this.#shards)
  }

  get #shardIds(): readonly number[] {
    return this.#shards.map(({ id }) => id)
  }

  /** All, where they are level. */
  get #atTheBack(): readonly number[] {
    const { position } = this.#behind
    return this.#shards.filter((shard) => shard.position === position).map(({ id }) => id)
  }

  #liveSide(): LiveSide {
    return {
      log: this.#log, models: this.#models, batchEntries: this.#room.batchEntries,
      shards: () => this.#units.shards,
      position: () => this.#behind.position,
      atTheBack: () => this.#atTheBack,
      halt: () => this.#halt,
      push: (input, step) => this.#push(input, step),
      flush: () => this.#flush(),
      tell: (model, write) => this.#transact(undefined, { ...ANYTHING, models: [model] }, write),
      forget: () => {
        this.#units.clear()
        this.#aliases.clear()
      },
      followAvailable: () => this.#followAvailable(),
      passDeadlines: () => this.#passDeadlines(),
    }
  }

  #controlSide(): ControlSide {
    return {
      db: this.#db, models: this.#models, alertChannels: this.#alertChannels,
      shards: () => this.#shards,
      clock: () => this.#behind.clock,
      tells: (position) => this.#tells(position),
      hasToCatchUp: () => this.#catchingUp.open !== undefined,
      flush: () => this.#flush(),
      passDeadlines: () => this.#passDeadlines(),
      transact: (to, what, write, options) => this.#transact(to, what, write, options),
      took: ({ position, appendTime }) => {
        this.#taken = position
        this.#takenAt = Math.max(this.#takenAt, appendTime)
      },
      forget: (units) => this.#units.forget(units),
    }
  }

  /** It stops, and everybody can see it: the log, the status, the readiness and the metrics. */
  #fail(error: unknown): void {
    const known = error instanceof TrackerError ? error : undefined
    this.#failure = error instanceof Error ? error : new Error(String(error))
    this.#progress.standing.failure = known ?? new TrackerError('followingStopped', 500, `Following has stopped: ${this.#failure.message}`, undefined, { cause: error })
    this.#logger.fatal({ err: this.#failure }, 'the tracker has stopped')
  }

  async #run(): Promise<void> {
    let waitMs = RETRY_MS
    while (!this.#stop.signal.aborted) {
      const before = this.#behind.position
      try {
        if (!this.#isSettled) await this.#settle()
        await this.#brake.pull()
        // What failed may have been a look at deadlines, which otherwise waits for the next entry.
        await this.#passDeadlines()
        await this.#catchingUp.run()
        await this.#followLive()
        await this.#flush()
        if (this.#ownership.unsettled.aborted) this.#isSettled = false
      } catch (error) {
        await this.#pipeline.abandon()
        this.#backlog?.clear()
        if (this.#stop.signal.aborted) return
        if (error instanceof TrackerError) throw error
        // A log that cannot vouch for what it acknowledged says so to every reader, until the process starts again.
        if (error instanceof LogError && error.code === 'poisoned') {
          throw new TrackerError('followingStopped', 500, `Following has stopped: ${error.message}`, undefined, { cause: error })
        }
        this.#isSettled = false
        this.#careful = true
        if (error instanceof FoldFaults) {
          this.#logger.warn({ err: error }, 'a fold failed and is tried again')
          this.#brake.note(error)
          continue
        }
        // To find another owner is no fault that lasts: what is left to us does not wait longer each time.
        if (this.#behind.position > before || error instanceof Fenced) waitMs = RETRY_MS
        if (error instanceof Fenced) {
          this.#progress.standing.fencedWrites++
          this.#logger.warn({ shards: this.#shards.map(({ id }) => id) }, 'a shard was taken over: what was to be committed to it is left to its new owner')
        } else {
          this.#logger.error({ err: error, position: String(this.#behind.position), retryMs: waitMs }, 'a batch failed and is tried again')
        }
        await sleep(waitMs, this.#stop.signal)
        waitMs = Math.min(waitMs * 2, MAX_RETRY_MS)
      }
    }
    await this.#pipeline.abandon()
  }

  /**
   * Everything again from where the tables stand, so that a passing fault of the database loses nothing. They may stand further than we know: a
   * commit whose answer was lost has happened. And shards may have come and gone.
   */
  async #settle(): Promise<void> {
    const { total, mine } = await this.#ownership.settle()
    if (total === 0) throw new TrackerError('noShards', 500, 'The database has no shards: it was not set up by openDatabase.')
    await assertSameLog(this.#log, mine)
    this.#aliases.clear()
    if (this.#units.shards === total) this.#units.clear()
    else this.#units = new Units(this.#models, total, this.#room.cachedBytes)
    this.#progress.standing.keptBytes = this.#units.bytes
    const versions = await readModelVersions(this.#db)
    for (const version of versions) this.#models.put(version)
    this.#models.setShards(await readModelShards(this.#db, mine.map(({ id }) => id)))
    this.#shards = mine
    this.#progress.standing.shards = this.#shardIds
    this.#taken = this.#behind.position
    this.#takenAt = this.#behind.clock
    this.#nextDue.forget()
    this.#halt = AbortSignal.any([this.#stop.signal, this.#ownership.unsettled, this.#pipeline.broken])
    this.#isSettled = true
    // They may be other than was said last: swapped, or moved by a commit whose answer was lost.
    this.#ownership.report({ ...ANYTHING, models: [...new Set(versions.map(({ model }) => model))], ...this.#behind }, mine)
  }

  /** Until a model has to catch up, or we are to settle. */
  async #followLive(): Promise<void> {
    if (this.#shards.length === 0) return aborted(this.#halt)
    const options = { from: { position: this.#taken + 1n }, follow: true, batchSize: this.#room.batchEntries, signal: this.#halt }
    for await (const batch of readAhead((memory) => this.#log.read({ ...options, memory }), (position) => this.#isFarBehind(position))) {
      const isDone = await this.#follow(batch)
      if (!isDone || this.#halt.aborted || this.#catchingUp.open !== undefined) return
    }
  }

  /**
   * A live batch and the deadlines that its clock has passed. It is cut where a model is deployed, and before what is said of alerts: that was
   * said knowing everything before it, so that who joined an alert before it was resolved does not seem to have joined after. Answers false where the
   * rest has to wait until models have caught up.
   */
  async #follow({ entries, memory }: Read): Promise<boolean> {
    const begin = entries.findIndex(({ entry }) => entry.position > this.#taken)
    const fresh = begin < 0 ? [] : begin === 0 ? entries : entries.slice(begin)
    for (let from = 0; from < fresh.length;) {
      const first = fresh[from] as Decoded
      if (isControlEntry(first)) {
        if (!(await this.#controlEntries.pass(first))) return false
        from++
        continue
      }
      const saysOfAlerts = concernsAlerts(first)
      if (saysOfAlerts) await this.#passDeadlines()
      const length = fresh.slice(from).findIndex((decoded) => isControlEntry(decoded) || concernsAlerts(decoded) !== saysOfAlerts)
      const until = length < 0 ? fresh.length : from + length
      await this.#take(fresh.slice(from, until), until < fresh.length ? NOTHING_AFTER : () => memory.giveBack())
      from = until
    }
    if (this.#isFarBehind(this.#taken)) return true
    if (this.#taken >= this.#log.stats().last || ++this.#batchesSinceDeadlines >= MAX_BATCHES_BETWEEN_DEADLINES) {
      this.#batchesSinceDeadlines = 0
      if (await this.#nextDue.mayBe(this.#db, this.#shardIds, this.#takenAt)) await this.#passDeadlines(PATIENCE_PORTIONS)
    }
    return true
  }

  /** @param after called when what the entries hold is written, or held back elsewhere */
  async #take(entries: readonly Decoded[], after: () => void): Promise<void> {
    const last = entries.at(-1)?.entry
    if (last === undefined) return
    const since = performance.now()
    const clock = Math.max(this.#behind.clock, last.appendTime)
    const outages = this.#positionOf(0) < last.position ? outagesIn(this.#takenAt, entries, this.#outageMs) : []
    const operations = entries.filter((entry) => (entry.kind === 'operation' || entry.kind === 'settlement') && this.#tells(entry.entry.position))
    const said = operations.filter((entry) => entry.kind === 'operation' || concernsAlerts(entry))
    const input = { entries, models: this.#models.live(this.#shardIds), clock, position: last.position, due: [], live: true, share: liveShare(this.#models, this.#shards, this.#units.shards) }
    await this.#push(input, {
      to: { position: last.position, clock, checksum: checksumOf(last) }, models: [], isControl: operations.length > 0, after: this.#backlog === undefined ? after : NOTHING_AFTER,
      ...(outages.length + said.length === 0 ? {} : {
        also: async (tx: Transaction) => {
          await Promise.all(insertOutages(tx, outages))
          for (const entry of said) await applyToAlerts(tx, entry, this.#alertChannels)
        },
      }),
    }, since)
    if (this.#backlog !== undefined) after()
    this.#taken = last.position
    this.#takenAt = Math.max(this.#takenAt, last.appendTime)
    // What comes in meanwhile joins the next batch. Where a whole batch of it is there already, that is loaded while this one is folded.
    if (this.#log.entriesAfter(this.#taken) < this.#room.batchEntries) await this.#pipeline.ready()
  }

  async #fold(prepared: Prepared): Promise<Batch> {
    const batch = await foldBatch(this.#models, this.#suspects, prepared)
    this.#nextDue.tell(batch.changes.deadlines)
    return batch
  }

  async #push(input: BatchInput, step: Step, since?: number): Promise<void> {
    const planned = await planBatch(this.#db, this.#units.shards, this.#aliases, input)
    if (this.#backlog === undefined) return this.#load(planned, step, since)
    this.#backlog.add(planned, step)
    if (this.#backlog.isFull || !this.#isFarBehind(input.position)) await this.#pushBacklog()
  }

  async #pushBacklog(): Promise<void> {
    for (const { planned, step } of this.#backlog?.take() ?? []) {
      // Whoever stops does not wait for seconds of work: the log has it. Nothing behind it may move the shards past it.
      this.#stop.signal.throwIfAborted()
      await this.#load(planned, step)
    }
  }

  /** On its way to the tables. Resolves as {@link Pipeline.push} does. */
  #load(planned: Planned, step: Step, since?: number): Promise<void> {
    return this.#pipeline.push(loadBatch(this.#db, this.#units, planned), (batch) => this.#commit(batch, step), since)
  }

  /** So far that more is held back before it is written. */
  #isFarBehind(position: bigint): boolean {
    return this.#backlog !== undefined && this.#log.stats().last - position > BigInt(this.#backlog.bounds.near)
  }

  /** Until everything that was taken is committed. */
  async #flush(): Promise<void> {
    await this.#pushBacklog()
    await this.#pipeline.flush()
  }

  #commit(batch: Batch, { to, models, isControl, also, after }: Step): () => Promise<void> {
    const changed = summary(batch, isControl)
    const what = { ...changed, models: [...new Set([...changed.models, ...models])] }
    const early = new EarlyStatements()
    const written = commitBatch(early, batch, this.#careful)
    written.catch(() => undefined)
    const { plans, units, changes: { faults } } = batch
    // One that moves nothing waits for its answers: if it came late, after we had given it up, it would find the shards where they stood, and count.
    const options = { ...REPLAYABLE, atOnce: also === undefined && to !== undefined }
    return async () => {
      await this.#transact(to, what, (tx) => {
        early.send(tx)
        return Promise.all([written, also?.(tx)])
      }, options)
      early.end()
      after()
      this.#careful = false
      for (const plan of plans) this.#aliases.end(plan)
      this.#units.keep(units)
      this.#progress.standing.keptBytes = this.#units.bytes
      this.#suspects.forget(units)
      for (const { model, key, error } of faults) this.#logger.error({ model, key, error }, 'an instance cannot be folded: it is suspended, and its events are kept')
    }
  }

  /** One transaction: our shards move from where they stand, or stay there, or nothing is written. */
  async #transact(to: Reached | undefined, what: What, write: (tx: Transaction) => Promise<unknown>, options: TransactionOptions = {}): Promise<void> {
    const shards = this.#shards.map((shard) => movedTo(shard, to))
    const committed = { ...what, ...leastOf(shards) }
    await this.#db.transaction(async (tx) => {
      const held = moveShards(tx, this.#shards, to)
      const written = Promise.all([write(tx), this.#ownership.announce(tx, committed, shards)])
      // Where the shards are not ours any more, what else fails comes of that.
      written.catch(() => undefined)
      if (!(await held)) throw new Fenced()
      await written
    }, { ...options, ...this.#ownership.commits })
    this.#shards = shards
    this.#ownership.report(committed, shards)
  }

  #positionOf(shard: number): bigint {
    return this.#shards.find(({ id }) => id === shard)?.position ?? NEVER
  }

  /** What belongs to no instance is said by the owner of the first shard, once. */
  #tells(position: bigint): boolean {
    return position > this.#positionOf(0)
  }

  /**
   * Deadlines in order of their time, until none is left that the clock has passed. Of shards that are behind: the others have passed theirs. While one
   * portion is folded, the next is looked for: what is passed has its next deadline in the future.
   * @param patience portions for which what came in meanwhile waits; the rest comes after the next batch
   */
  async #passDeadlines(patience = Infinity): Promise<void> {
    this.#batchesSinceDeadlines = 0
    await this.#flush()
    const here = this.#behind
    const shards = this.#atTheBack
    if (shards.length === 0) return
    await this.#nextDue.passing(this.#db, this.#shardIds, here.clock)
    let after: DuePlace | undefined
    for (let portions = 0; ; portions++) {
      if (this.#stop.signal.aborted || (portions >= patience && this.#taken < this.#log.stats().last)) {
        this.#nextDue.forget()
        break
      }
      const { units: due, next } = await dueUnits(this.#db, shards, here.clock, after, DUE_UNITS)
      if (due.length > 0) {
        await this.#load(await planBatch(this.#db, this.#units.shards, this.#aliases, { entries: [], models: [], ...here, due, live: false, share: undefined }), STAY)
      }
      after = next
      if (next === undefined) break
    }
    await this.#flush()
  }

  /** In turn with a model that catches up. */
  async #followAvailable(): Promise<void> {
    const options = { from: { position: this.#taken + 1n }, limit: this.#room.batchEntries, batchSize: this.#room.batchEntries, signal: this.#halt }
    for await (const batch of readAhead((memory) => this.#log.read({ ...options, memory }), () => false)) {
      if (!(await this.#follow(batch))) return
    }
  }
}
