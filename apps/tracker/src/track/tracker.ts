/**
 * The tracker: follows the log and keeps the tables. States: `starting` (takes the shards, checks that the position belongs to this log),
 * `following` (batches, and deadlines that the clock has passed), `stopped`. A commit that fails for a passing reason is tried again from the
 * log, with everything that came after it; one that finds another owner stops the tracker. Models that are catching up read the log from its
 * beginning, in turn with live batches. Batches overlap (pipeline.ts); what needs to see everything before it flushes them first.
 */
import { LogError, type Entry, type Log } from '@tidemark/log'
import type { Logger } from 'pino'
import { TrackerError } from '../problem.js'
import type { Database, Transaction } from '../store/database.js'
import type { SettlementEntry } from '../store/entries.js'
import type { Committed, Progress } from '../store/progress.js'
import { dropHistory, type ClosedPlace } from '../store/write/history.js'
import { dueUnits } from '../store/write/load-units.js'
import { assertSameLog, checksumOf } from '../store/log-position.js'
import { insertOutages } from '../store/write/outages.js'
import { insertModelVersion, readModelVersions } from '../store/write/model-versions.js'
import { moveModel, moveShards, suspendModel, readShards, takeShards, type Reached, type ShardState } from '../store/write/shards.js'
import { Aliases } from './aliases.js'
import { applyToAlerts, concernsAlerts } from './alert-entries.js'
import { commitBatch, foldBatch, prepareBatch, type Batch, type BatchInput } from './batch.js'
import { decode, type Decoded } from './core/decode.js'
import { OUTAGE_MS, outagesIn } from './core/outages.js'
import type { PlannedModel } from './core/plan.js'
import { deployedVersions } from './deployed-versions.js'
import { FoldFaults, Suspects } from './faults.js'
import { inTurns } from './in-turns.js'
import { Models, type LoadedVersion } from './models.js'
import { Pipeline, type Commit } from './pipeline.js'
import { Units } from './units.js'

export interface TrackerOptions {
  readonly db: Database
  readonly log: Log
  readonly progress: Progress
  readonly logger: Logger
  /** Where alerts are announced; none: nobody is told. */
  readonly alertChannels: readonly string[]
  /** Domain milliseconds that pass in a real one; 1 where nothing is said. */
  readonly clockScale?: number
}

/** Entries folded and committed together: a batch costs a fixed twenty statements, and is to take a fraction of a second. */
const BATCH_ENTRIES = 2_000
/** Units whose deadlines are looked at in one commit. */
const DUE_UNITS = 1_000
/** Batches that may be folded before deadlines are looked at, where there are always more: deadlines need to see everything before them. */
const MAX_BATCHES_BETWEEN_DEADLINES = 4
/** What was committed and then lost to a crash of the machine is folded again from the log. */
const REPLAYABLE = { synchronousCommit: false, byKey: true }
const NOTHING_ELSE = async () => undefined
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
  readonly #models = new Models()
  readonly #stop = new AbortController()
  readonly #suspects = new Suspects()
  readonly #pipeline = new Pipeline((prepared) => foldBatch(this.#models, this.#suspects, prepared))
  readonly #aliases = new Aliases()
  #units = new Units(this.#models, 1)
  #shards: readonly ShardState[] = []
  /** As committed. */
  #position = 0n
  #clock = 0
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
  }

  /** Why it stopped by itself, if it did. */
  get failure(): Error | undefined {
    return this.#failure
  }

  async start(): Promise<void> {
    this.#shards = await takeShards(this.#db, `pid ${process.pid}`)
    const [first] = this.#shards
    if (first === undefined) throw new TrackerError('noShards', 500, 'The database has no shards: it was not set up by openDatabase.')
    await assertSameLog(this.#log, this.#shards)
    this.#position = this.#taken = first.position
    this.#clock = this.#takenAt = first.clock
    this.#units = new Units(this.#models, this.#shards.length)
    for (const version of await readModelVersions(this.#db)) this.#models.put(version)
    this.#reportAll()
    this.#progress.standing.failure = undefined
    this.#running = this.#run().catch((error: unknown) => this.#fail(error))
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#running
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
      const before = this.#position
      try {
        if (this.#careful) {
          await this.#resume()
          // What failed may have been a look at deadlines, which otherwise waits for the next entry.
          await this.#passDeadlines()
        }
        await this.#catchUp()
        await this.#followLive()
      } catch (error) {
        await this.#pipeline.abandon()
        if (this.#stop.signal.aborted) return
        if (error instanceof TrackerError) throw error
        // A log that cannot vouch for what it acknowledged says so to every reader, until the process starts again.
        if (error instanceof LogError && error.code === 'poisoned') {
          throw new TrackerError('followingStopped', 500, `Following has stopped: ${error.message}`, undefined, { cause: error })
        }
        this.#careful = true
        if (error instanceof FoldFaults) {
          await this.#brake(error)
          continue
        }
        if (this.#position > before) waitMs = RETRY_MS
        this.#logger.error({ err: error, position: String(this.#position), retryMs: waitMs }, 'a batch failed and is tried again')
        await sleep(waitMs, this.#stop.signal)
        waitMs = Math.min(waitMs * 2, MAX_RETRY_MS)
      }
    }
  }

  /** What cannot be folded is tried once more; a model of which too much cannot is suspended where the tables stand, and the others go on. */
  async #brake(faults: FoldFaults): Promise<void> {
    this.#logger.warn({ err: faults }, 'a fold failed and is tried again')
    for (const model of this.#suspects.note(faults)) {
      const newest = this.#models.newest(model)?.stored
      const [shard] = await readShards(this.#db)
      if (newest === undefined || newest.status === 'suspended' || shard === undefined) continue
      const position = newest.status === 'active' ? shard.position : newest.position
      await suspendModel(this.#db, model, newest.version, position)
      this.#suspects.forgetModel(model, faults.faults)
      this.#models.put({ ...newest, position, status: 'suspended' })
      this.#logger.error({ model, faults: faults.faults.length, first: faults.faults[0] }, 'too many instances of a model cannot be folded: it is suspended; POST /api/v1/models/{id}/resume goes on with it')
    }
  }

  /**
   * Everything again from where the tables stand, so that a passing fault of the database loses nothing. They may stand further than we know:
   * a commit whose answer was lost has happened.
   */
  async #resume(): Promise<void> {
    this.#units.clear()
    this.#aliases.clear()
    const shards = await readShards(this.#db)
    const [first] = shards
    if (first === undefined || shards.some((shard, index) => shard.epoch !== this.#shards[index]?.epoch)) throw fenced()
    await assertSameLog(this.#log, shards)
    this.#position = this.#taken = first.position
    this.#clock = this.#takenAt = first.clock
    for (const version of await readModelVersions(this.#db)) this.#models.put(version)
    this.#reportAll()
  }

  /** Until a model has to catch up. */
  async #followLive(): Promise<void> {
    for await (const entries of this.#log.read({ from: { position: this.#taken + 1n }, follow: true, batchSize: BATCH_ENTRIES, signal: this.#stop.signal })) {
      await this.#follow(entries)
      if (this.#models.catchingUp().length > 0) return
    }
  }

  /**
   * A live batch and the deadlines that its clock has passed. It is cut where a model is deployed, and before what is said of alerts: that was
   * said knowing everything before it, so that who joined an alert before it was resolved does not seem to have joined after. Answers false where the
   * rest has to wait until models have caught up.
   */
  async #follow(entries: readonly Entry[]): Promise<boolean> {
    const fresh = await inTurns(entries.filter((entry) => entry.position > this.#taken), (some) => some.map(decode))
    for (let from = 0; from < fresh.length;) {
      const first = fresh[from] as Decoded
      if (first.entry.kind === 'model') {
        await this.#deploy(first)
        from++
        continue
      }
      if (resumesModel(first) !== undefined) {
        await this.#resumeModel(first)
        from++
        continue
      }
      const portion = dropsHistory(first)
      if (portion !== undefined) {
        // What has ended of a model is not known before it has caught up.
        if (this.#models.catchingUp().length > 0) return false
        await this.#dropHistory(first, portion)
        from++
        continue
      }
      const saysOfAlerts = concernsAlerts(first)
      if (saysOfAlerts) await this.#passDeadlines()
      const length = fresh.slice(from).findIndex((decoded) => isByItself(decoded) || concernsAlerts(decoded) !== saysOfAlerts)
      const until = length < 0 ? fresh.length : from + length
      await this.#take(fresh.slice(from, until))
      from = until
    }
    if (this.#taken >= this.#log.stats().last || ++this.#batchesSinceDeadlines >= MAX_BATCHES_BETWEEN_DEADLINES) await this.#passDeadlines()
    return true
  }

  async #take(entries: readonly Decoded[]): Promise<void> {
    const last = entries.at(-1)?.entry
    if (last === undefined) return
    const clock = Math.max(this.#clock, last.appendTime)
    const outages = outagesIn(this.#takenAt, entries, this.#outageMs)
    const operations = entries.filter((entry) => entry.kind === 'operation' || entry.kind === 'settlement')
    await this.#push({ entries, models: this.#models.live(), clock, position: last.position, due: [], live: true }, async (batch) => {
      await this.#commit(batch, { position: last.position, clock, checksum: checksumOf(last) }, async (tx) => {
        await Promise.all(insertOutages(tx, outages))
        for (const entry of operations) await applyToAlerts(tx, entry, this.#alertChannels)
      })
      this.#report(summary(batch, operations.length > 0))
    })
    this.#taken = last.position
    this.#takenAt = Math.max(this.#takenAt, last.appendTime)
  }

  async #push(input: BatchInput, commit: Commit): Promise<void> {
    await this.#pipeline.push(await prepareBatch(this.#db, this.#units, this.#aliases, input), commit)
  }

  /** One transaction: the shards move from where they stand, or nothing is written. */
  async #commit(batch: Batch, to: Reached, also: (tx: Transaction) => Promise<unknown>): Promise<void> {
    await this.#db.transaction(async (tx) => {
      const [moved] = await Promise.all([
        moveShards(tx, this.#shards, this.#position, to), commitBatch(tx, batch, this.#careful), also(tx),
      ])
      if (!moved) throw fenced()
    }, REPLAYABLE)
    this.#careful = false
    this.#position = to.position
    this.#clock = to.clock
    this.#aliases.end(batch.plan)
    this.#units.keep(batch.units)
    this.#suspects.forget(batch.units)
    for (const { model, key, error } of batch.changes.faults) this.#logger.error({ model, key, error }, 'an instance cannot be folded: it is suspended, and its events are kept')
  }

  /** Deadlines in order of their time, until none is left that the clock has passed. */
  async #passDeadlines(): Promise<void> {
    this.#batchesSinceDeadlines = 0
    for (;;) {
      await this.#pipeline.flush()
      const due = await dueUnits(this.#db, this.#clock, DUE_UNITS)
      if (due.length === 0 || this.#stop.signal.aborted) return
      const here = { position: this.#position, clock: this.#clock }
      await this.#push({ entries: [], models: [], ...here, due, live: false }, async (batch) => {
        await this.#commit(batch, here, NOTHING_ELSE)
        this.#report(summary(batch, false))
      })
      if (due.length < DUE_UNITS) return this.#pipeline.flush()
    }
  }

  /** Each process of the file becomes a version; the first of a model catches up from the beginning of the log. */
  async #deploy(decoded: Decoded): Promise<void> {
    const { position, appendTime } = decoded.entry
    await this.#pipeline.flush()
    const versions = await deployedVersions(decoded, this.#models)
    const clock = Math.max(this.#clock, appendTime)
    await this.#db.transaction(async (tx) => {
      if (!(await moveShards(tx, this.#shards, this.#position, { position, clock, checksum: checksumOf(decoded.entry) }))) throw fenced()
      for (const version of versions) await insertModelVersion(tx, version)
    })
    for (const version of versions) this.#models.put(version)
    this.#position = this.#taken = position
    this.#clock = this.#takenAt = clock
    this.#report({ models: versions.map((version) => version.model), instances: 0, alerts: false, commands: false, moves: [] })
  }

  /** A suspended model catches up from where it was suspended. */
  async #resumeModel(decoded: Decoded): Promise<void> {
    const { position, appendTime } = decoded.entry
    await this.#pipeline.flush()
    const newest = this.#models.newest(resumesModel(decoded) ?? '')?.stored
    const clock = Math.max(this.#clock, appendTime)
    await this.#db.transaction(async (tx) => {
      if (!(await moveShards(tx, this.#shards, this.#position, { position, clock, checksum: checksumOf(decoded.entry) }))) throw fenced()
      if (newest?.status === 'suspended' && !(await moveModel(tx, newest.model, newest.version, newest.position, newest.position, 'catchingUp'))) throw fenced()
      await applyToAlerts(tx, decoded, this.#alertChannels)
    })
    if (newest?.status === 'suspended') this.#models.put({ ...newest, status: 'catchingUp' })
    this.#position = this.#taken = position
    this.#clock = this.#takenAt = clock
    this.#report({ models: newest === undefined ? [] : [newest.model], instances: 0, alerts: false, commands: false, moves: [] })
  }

  /** What has ended by then is known: everything before it is folded, and what fell due. */
  async #dropHistory(decoded: Decoded, { from, to }: { readonly from?: ClosedPlace | undefined; readonly to: ClosedPlace }): Promise<void> {
    const { position, appendTime } = decoded.entry
    await this.#passDeadlines()
    const clock = Math.max(this.#clock, appendTime)
    const dropped = await this.#db.transaction(async (tx) => {
      if (!(await moveShards(tx, this.#shards, this.#position, { position, clock, checksum: checksumOf(decoded.entry) }))) throw fenced()
      return dropHistory(tx, this.#shards.map(({ id }) => id), from, to, position)
    }, REPLAYABLE)
    this.#units.forget(dropped)
    this.#position = this.#taken = position
    this.#clock = this.#takenAt = clock
    this.#report({ models: [], instances: dropped.length, alerts: false, commands: false, moves: [] })
  }

  /** New models read the log from its beginning up to where the shards stand, and join them there. */
  async #catchUp(): Promise<void> {
    // Looked up each time: one that is deployed while another catches up is not to wait for the next live entry.
    for (let [version] = this.#models.catchingUp(); version !== undefined && !this.#stop.signal.aborted; [version] = this.#models.catchingUp()) {
      await this.#catchUpOne(version)
    }
  }

  async #catchUpOne(version: LoadedVersion): Promise<void> {
    const { model } = version.stored
    let { position } = version.stored
    while (position < this.#position && !this.#stop.signal.aborted) {
      const from = position === 0n ? 'earliest' as const : { position: position + 1n }
      for await (const entries of this.#log.read({ from, until: this.#position, batchSize: BATCH_ENTRIES, signal: this.#stop.signal })) {
        // Looked up each time: a new version may have been deployed meanwhile.
        const planned = this.#models.planned(model)
        if (planned === undefined) return
        position = await this.#catchUpBatch(version, planned, position, entries)
        await this.#followAvailable()
      }
      await this.#pipeline.flush()
    }
    if (this.#stop.signal.aborted) return
    await this.#db.transaction(async (tx) => {
      const moved = await moveShards(tx, this.#shards, this.#position, { position: this.#position, clock: this.#clock })
      if (!moved || !(await moveModel(tx, model, version.stored.version, position, this.#position, 'active'))) throw fenced()
    })
    this.#models.put({ ...version.stored, position: this.#position, status: 'active' })
    this.#report({ models: [model], instances: 0, alerts: true, commands: true, moves: [] })
    await this.#passDeadlines()
  }

  /** Answers how far the model has come with it. */
  async #catchUpBatch(version: LoadedVersion, planned: PlannedModel, before: bigint, entries: readonly Entry[]): Promise<bigint> {
    const last = entries.at(-1)
    if (last === undefined) return before
    const { model, version: number } = version.stored
    const input = {
      entries: await inTurns(entries.filter((entry) => entry.kind !== 'model'), (some) => some.map(decode)), models: [planned], clock: last.appendTime, position: last.position, due: [], live: false,
    }
    await this.#push(input, async (batch) => {
      await this.#commit(batch, { position: this.#position, clock: this.#clock }, async (tx) => {
        if (!(await moveModel(tx, model, number, before, last.position, 'catchingUp'))) throw fenced()
      })
      this.#models.put({ ...version.stored, position: last.position })
      this.#report({ ...summary(batch, false), models: [model] })
    })
    return last.position
  }

  /** Other models do not wait for one that is catching up. */
  async #followAvailable(): Promise<void> {
    for await (const entries of this.#log.read({ from: { position: this.#taken + 1n }, limit: BATCH_ENTRIES, batchSize: BATCH_ENTRIES, signal: this.#stop.signal })) {
      if (!(await this.#follow(entries))) return
    }
  }

  /** What the tables hold may be other than was said last: they were swapped, or a commit happened whose answer was lost. */
  #reportAll(): void {
    this.#report({ models: [...new Set(this.#models.all().map(({ stored }) => stored.model))], instances: 0, alerts: true, commands: true, moves: [] })
  }

  #report(what: Omit<Committed, 'position' | 'clock'>): void {
    this.#progress.report({ position: this.#position, clock: this.#clock, ...what })
  }
}

/** It is folded in a transaction of its own. */
function isByItself(decoded: Decoded): boolean {
  return decoded.entry.kind === 'model' || resumesModel(decoded) !== undefined || dropsHistory(decoded) !== undefined
}

function dropsHistory(decoded: Decoded): Extract<SettlementEntry, { what: 'historyDropped' }> | undefined {
  return decoded.kind === 'settlement' && decoded.settlement.what === 'historyDropped' ? decoded.settlement : undefined
}

function resumesModel(decoded: Decoded): string | undefined {
  return decoded.kind === 'operation' && decoded.operation.op === 'resumeModel' ? decoded.operation.model : undefined
}

function summary({ changes }: Batch, control: boolean): Omit<Committed, 'position' | 'clock'> {
  return {
    models: [...new Set([...changes.counts.values()].map((counts) => counts.model))],
    instances: changes.instances.length,
    alerts: control || changes.members.length > 0 || changes.goneMembers.length > 0,
    commands: control || changes.commands.length > 0 || changes.goneCommands.length > 0,
    moves: changes.moves,
  }
}

function fenced(): TrackerError {
  return new TrackerError('fenced', 500, 'Another tracker has taken over the shards of this database: this one has stopped and committed nothing more.')
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms)
    function done(): void {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    signal.addEventListener('abort', done, { once: true })
  })
}
