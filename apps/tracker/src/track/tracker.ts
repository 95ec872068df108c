/**
 * The tracker: follows the log and keeps the tables. States: `starting` (takes the shards, checks that the position belongs to this log),
 * `following` (batches, and deadlines that the clock has passed), `stopped`. A commit that fails for a passing reason is tried again from the
 * log; one that finds another owner stops the tracker. Models that are catching up read the log from its beginning, in turn with live batches.
 */
import { parseMapping, readProcesses } from '@tidemark/bpmn'
import type { Entry, Log } from '@tidemark/log'
import type { Logger } from 'pino'
import { TrackerError } from '../problem.js'
import type { Database, Queryable } from '../store/database.js'
import { contentHash } from '../store/identity.js'
import type { Committed, Progress } from '../store/progress.js'
import { acknowledgeAlert, clearAlert, openAlert, recordOperation, resolveAlert } from '../store/write/alerts.js'
import { dueUnits } from '../store/write/load-units.js'
import { insertModelVersion, readModelVersions, type ModelVersion } from '../store/write/model-versions.js'
import { moveModel, moveShards, takeShards, type ShardState } from '../store/write/shards.js'
import { commitBatch, foldBatch, type Batch } from './batch.js'
import { decode, type Decoded } from './core/decode.js'
import type { PlannedModel } from './core/plan.js'
import { Models, type LoadedVersion } from './models.js'
import { Units } from './units.js'

export interface TrackerOptions {
  readonly db: Database
  readonly log: Log
  readonly progress: Progress
  readonly logger: Logger
  /** Where alerts are announced; none: nobody is told. */
  readonly alertChannels: readonly string[]
}

/** Entries folded and committed together. */
const BATCH_ENTRIES = 1_000
/** Units whose deadlines are looked at in one commit. */
const DUE_UNITS = 1_000
/** A failed batch is tried again after this, doubled each time up to the longest. */
const RETRY_MS = 200
const MAX_RETRY_MS = 10_000
/** Event times can lie before 1970: the first version of a model is in force since for ever. */
const ALWAYS = -8_640_000_000_000_000

export class Tracker {
  readonly #db: Database
  readonly #log: Log
  readonly #progress: Progress
  readonly #logger: Logger
  readonly #alertChannels: readonly string[]
  readonly #models = new Models()
  readonly #stop = new AbortController()
  #units = new Units(this.#models, 1)
  #shards: readonly ShardState[] = []
  #position = 0n
  #clock = 0
  #running: Promise<void> | undefined
  #failure: Error | undefined
  /** A commit has failed, and none has succeeded since. */
  #careful = false

  constructor(options: TrackerOptions) {
    this.#db = options.db
    this.#log = options.log
    this.#progress = options.progress
    this.#logger = options.logger
    this.#alertChannels = options.alertChannels
  }

  /** Why it stopped by itself, if it did. */
  get failure(): Error | undefined {
    return this.#failure
  }

  async start(): Promise<void> {
    this.#shards = await takeShards(this.#db, `pid ${process.pid}`)
    const [first] = this.#shards
    if (first === undefined) throw new TrackerError('noShards', 500, 'The database has no shards: it was not set up by openDatabase.')
    if (first.logIdentity !== this.#log.identity) {
      throw new TrackerError('logMismatch', 500, `The database belongs to another log (${first.logIdentity}, not ${this.#log.identity}). Restore both from the same backup.`)
    }
    const head = this.#log.stats().last
    if (first.position > head) {
      throw new TrackerError('logMismatch', 500, `The database has followed the log up to ${first.position}, but the log ends at ${head}: it lost its tail. Restore both from the same backup.`)
    }
    this.#position = first.position
    this.#clock = first.clock
    this.#units = new Units(this.#models, this.#shards.length)
    for (const version of await readModelVersions(this.#db)) this.#models.put(version)
    this.#report({ models: [], instances: 0, alerts: false, commands: false, moves: [] })
    this.#running = this.#run().catch((error: unknown) => {
      this.#failure = error instanceof Error ? error : new Error(String(error))
      this.#logger.fatal({ err: this.#failure }, 'the tracker has stopped')
    })
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const live = this.#log.read({ from: { position: this.#position + 1n }, follow: true, batchSize: BATCH_ENTRIES, signal: this.#stop.signal })
      try {
        if (this.#models.catchingUp().length > 0) await this.#catchUp()
        for await (const entries of live) {
          await this.#patiently(() => this.#follow(entries))
          if (this.#models.catchingUp().length > 0) break
        }
      } catch (error) {
        if (this.#stop.signal.aborted) return
        throw error
      }
    }
  }

  /** Again from where the tables stand, until it succeeds: a passing fault of the database loses nothing. */
  async #patiently(work: () => Promise<void>): Promise<void> {
    for (let waitMs = RETRY_MS; ; waitMs = Math.min(waitMs * 2, MAX_RETRY_MS)) {
      try {
        await work()
        this.#careful = false
        return
      } catch (error) {
        this.#careful = true
        this.#units.clear()
        if (this.#stop.signal.aborted || error instanceof TrackerError) throw error
        this.#logger.error({ err: error, position: String(this.#position), retryMs: waitMs }, 'a batch failed and is tried again')
        await sleep(waitMs, this.#stop.signal)
      }
    }
  }

  /**
   * A live batch and the deadlines that its clock has passed. It is cut where a model is deployed, and before what is said of alerts: that was
   * said knowing everything before it, so that who joined an alert before it was resolved does not seem to have joined after.
   */
  async #follow(entries: readonly Entry[]): Promise<void> {
    const fresh = entries.filter((entry) => entry.position > this.#position).map(decode)
    for (let from = 0; from < fresh.length;) {
      const first = fresh[from] as Decoded
      if (first.entry.kind === 'model') {
        await this.#deploy(first)
        from++
        continue
      }
      const saysOfAlerts = concernsAlerts(first)
      if (saysOfAlerts) await this.#passDeadlines()
      const length = fresh.slice(from).findIndex((decoded) => decoded.entry.kind === 'model' || concernsAlerts(decoded) !== saysOfAlerts)
      const until = length < 0 ? fresh.length : from + length
      await this.#commit(fresh.slice(from, until))
      from = until
    }
    await this.#passDeadlines()
  }

  async #commit(entries: readonly Decoded[]): Promise<void> {
    const last = entries.at(-1)?.entry
    if (last === undefined) return
    const clock = Math.max(this.#clock, last.appendTime)
    const batch = await foldBatch(this.#db, this.#models, this.#units, {
      entries, models: this.#models.live(), clock, position: last.position, due: [], live: true,
    })
    const operations = entries.filter((entry) => entry.kind === 'operation' || entry.kind === 'settlement')
    await this.#db.transaction(async (tx) => {
      const moved = moveShards(tx, this.#shards, this.#position, last.position, clock)
      const written = commitBatch(tx, batch, this.#careful)
      if (!(await moved)) throw fenced()
      await written
      for (const entry of operations) await this.#applyToAlerts(tx, entry)
    })
    this.#position = last.position
    this.#clock = clock
    this.#units.keep(batch.units)
    this.#report(summary(batch, operations.length > 0))
  }

  /** Deadlines in order of their time, until none is left that the clock has passed. */
  async #passDeadlines(): Promise<void> {
    for (;;) {
      const due = await dueUnits(this.#db, this.#clock, DUE_UNITS)
      if (due.length === 0 || this.#stop.signal.aborted) return
      const batch = await foldBatch(this.#db, this.#models, this.#units, {
        entries: [], models: [], clock: this.#clock, position: this.#position, due, live: false,
      })
      await this.#db.transaction(async (tx) => {
        const moved = moveShards(tx, this.#shards, this.#position, this.#position, this.#clock)
        const written = commitBatch(tx, batch, this.#careful)
        if (!(await moved)) throw fenced()
        await written
      })
      this.#units.keep(batch.units)
      this.#report(summary(batch, false))
      if (due.length < DUE_UNITS) return
    }
  }

  /** Each process of the file becomes a version; the first of a model catches up from the beginning of the log. */
  async #deploy(decoded: Decoded): Promise<void> {
    const { entry } = decoded
    const versions: (ModelVersion & Parameters<typeof insertModelVersion>[1])[] = []
    if (decoded.kind === 'model') {
      const { xml, mapping } = decoded.model
      const side = mapping === undefined ? undefined : parseMapping(mapping)
      const read = await readProcesses(xml, side?.mapping === undefined ? {} : { mapping: side.mapping })
      const findings = [...(side?.findings ?? []), ...read.findings]
      const hash = contentHash(JSON.stringify([xml, mapping ?? null]))
      for (const process of findings.some((finding) => finding.severity === 'error') ? [] : read.processes) {
        const newest = this.#models.newest(process.id)
        if (newest?.stored.hash === hash) continue
        versions.push({
          model: process.id, version: (newest?.stored.version ?? 0) + 1, hash, process, xml, mapping: mapping ?? null, findings,
          status: newest === undefined ? 'catchingUp' : 'active', position: newest === undefined ? 0n : entry.position,
          // From the next moment on: what came before it in the same millisecond has been read by the one before.
          deployedAt: entry.appendTime, deployedPosition: entry.position, inForceFrom: newest === undefined ? ALWAYS : entry.appendTime + 1,
        })
      }
    }
    const clock = Math.max(this.#clock, entry.appendTime)
    await this.#db.transaction(async (tx) => {
      if (!(await moveShards(tx, this.#shards, this.#position, entry.position, clock))) throw fenced()
      for (const version of versions) await insertModelVersion(tx, version)
    })
    for (const version of versions) this.#models.put(version)
    this.#position = entry.position
    this.#clock = clock
    this.#report({ models: versions.map((version) => version.model), instances: 0, alerts: false, commands: false, moves: [] })
  }

  /** A new model reads the log from its beginning up to where the shards stand, and joins them there. */
  async #catchUp(): Promise<void> {
    for (const version of this.#models.catchingUp()) {
      await this.#patiently(() => this.#catchUpOne(this.#models.version(version.stored.model, version.stored.version) ?? version))
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
    }
    if (this.#stop.signal.aborted) return
    await this.#db.transaction(async (tx) => {
      const moved = await moveShards(tx, this.#shards, this.#position, this.#position, this.#clock)
      if (!moved || !(await moveModel(tx, model, version.stored.version, position, this.#position, 'active'))) throw fenced()
    })
    this.#models.put({ ...version.stored, position: this.#position, status: 'active' })
    this.#report({ models: [model], instances: 0, alerts: true, commands: true, moves: [] })
    await this.#passDeadlines()
  }

  async #catchUpBatch(version: LoadedVersion, planned: PlannedModel, before: bigint, entries: readonly Entry[]): Promise<bigint> {
    const last = entries.at(-1)
    if (last === undefined) return before
    const batch = await foldBatch(this.#db, this.#models, this.#units, {
      entries: entries.filter((entry) => entry.kind !== 'model').map(decode), models: [planned], clock: last.appendTime, position: last.position, due: [], live: false,
    })
    await this.#db.transaction(async (tx) => {
      const moved = moveShards(tx, this.#shards, this.#position, this.#position, this.#clock)
      const stepped = moveModel(tx, version.stored.model, version.stored.version, before, last.position, 'catchingUp')
      const written = commitBatch(tx, batch, this.#careful)
      if (!(await moved) || !(await stepped)) throw fenced()
      await written
    })
    this.#models.put({ ...version.stored, position: last.position })
    this.#units.keep(batch.units)
    this.#report({ ...summary(batch, false), models: [version.stored.model] })
    return last.position
  }

  /** Other models do not wait for one that is catching up. */
  async #followAvailable(): Promise<void> {
    for await (const entries of this.#log.read({ from: { position: this.#position + 1n }, limit: BATCH_ENTRIES, batchSize: BATCH_ENTRIES, signal: this.#stop.signal })) {
      await this.#follow(entries)
    }
  }

  async #applyToAlerts(tx: Queryable, decoded: Decoded): Promise<void> {
    const { position, appendTime } = decoded.entry
    if (decoded.kind === 'settlement') {
      const { settlement } = decoded
      if (settlement.what === 'alertOpened') await openAlert(tx, settlement, appendTime, this.#alertChannels)
      if (settlement.what === 'alertCleared') await clearAlert(tx, settlement.alert, settlement.episode, appendTime, this.#alertChannels)
    }
    if (decoded.kind !== 'operation') return
    const { operation } = decoded
    const target = 'alert' in operation ? operation.alert : operation.command
    let outcome = 'done'
    if (operation.op === 'acknowledgeAlert' && !(await acknowledgeAlert(tx, operation.alert, operation.by, operation.comment, appendTime))) outcome = 'without effect'
    if (operation.op === 'resolveAlert' && !(await resolveAlert(tx, operation.alert, operation.by, operation.comment, appendTime, this.#alertChannels))) outcome = 'without effect'
    await recordOperation(tx, position, operation.op, target, operation.by, appendTime, operation.comment, outcome)
  }

  #report(what: Omit<Committed, 'position' | 'clock'>): void {
    this.#progress.report({ position: this.#position, clock: this.#clock, ...what })
  }
}

function concernsAlerts(decoded: Decoded): boolean {
  if (decoded.kind === 'settlement') return decoded.settlement.what === 'alertOpened' || decoded.settlement.what === 'alertCleared'
  return decoded.kind === 'operation' && 'alert' in decoded.operation
}

function summary({ changes }: Batch, control: boolean): Omit<Committed, 'position' | 'clock'> {
  return {
    models: [...new Set([...changes.models.values()].map((row) => row.model))],
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
