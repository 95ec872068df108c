/**
 * Entries that are no events: what they ask of the tracker itself, which passes them one by one, each in a transaction of its own. A file of
 * models is deployed, a suspended model is resumed, a portion of history is dropped.
 */
import type { Entry } from '@tidemark/log'
import type { Database, Transaction, TransactionOptions } from '../store/database.js'
import type { SettlementEntry } from '../store/entries.js'
import { checksumOf } from '../store/log-position.js'
import { isAcceptedShadow } from '../store/shadow/job.js'
import { dropHistory } from '../store/write/history.js'
import { insertModelShards, insertModelVersion, moveModelShards, tellModelStatus, type ModelShard } from '../store/write/model-versions.js'
import type { Reached, ShardState } from '../store/write/shards.js'
import { applyToAlerts } from './alert-entries.js'
import { NOTHING_CHANGED, REPLAYABLE, type What } from './commits.js'
import type { Decoded } from './core/decode.js'
import { deployedVersions, type DeployedVersion } from './deployed-versions.js'
import { Fenced } from './fenced.js'
import type { Models } from './models.js'
import { takesOver } from './takes-over.js'

/** The tracker, as such an entry needs it. */
export interface ControlSide {
  readonly db: Database
  readonly models: Models
  /** Where alerts are announced. */
  readonly alertChannels: readonly string[]
  /** Ours, as committed. */
  shards(): readonly ShardState[]
  /** Of the shard of ours that is furthest behind. */
  clock(): number
  /** Whether what belongs to no instance is to be said by us. */
  tells(position: bigint): boolean
  hasToCatchUp(): boolean
  flush(): Promise<void>
  passDeadlines(): Promise<void>
  /** One transaction with which our shards move. */
  transact(to: Reached, what: What, write: Write, options?: TransactionOptions): Promise<void>
  /** The entry is committed. */
  took(entry: Entry): void
  /** Units that are gone. */
  forget(units: readonly string[]): void
}

type Write = (tx: Transaction) => Promise<unknown>
type HistoryDropped = Extract<SettlementEntry, { what: 'historyDropped' }>

/** It is passed by itself. */
export function isControlEntry(decoded: Decoded): boolean {
  return decoded.entry.kind === 'model' || resumesModel(decoded) !== undefined || dropsHistory(decoded) !== undefined
}

export class ControlEntries {
  readonly #tracker: ControlSide

  constructor(tracker: ControlSide) {
    this.#tracker = tracker
  }

  /** Answers false where what comes behind it has to wait until models have caught up. */
  async pass(decoded: Decoded): Promise<boolean> {
    if (decoded.entry.kind === 'model') {
      await this.#deploy(decoded)
      // It joins the others here: what comes behind it is folded once, live.
      return !this.#tracker.hasToCatchUp()
    }
    const resumed = resumesModel(decoded)
    if (resumed !== undefined) await this.#resumeModel(decoded, resumed)
    const portion = dropsHistory(decoded)
    if (portion !== undefined) {
      // What has ended of a model is not known before it has caught up.
      if (this.#tracker.hasToCatchUp()) return false
      await this.#dropHistory(decoded, portion)
    }
    return true
  }

  /** Each process of the file becomes a version; the first of a model catches up from the beginning of the log. */
  async #deploy(decoded: Decoded): Promise<void> {
    const tracker = this.#tracker
    await tracker.flush()
    const versions = await this.#withShadow(await deployedVersions(decoded, tracker.models))
    const { position } = decoded.entry
    const shards = this.#shardsBefore(position)
    const rows = versions.flatMap(({ model, version, status }): ModelShard[] =>
      shards.map((shard) => ({ model, version, shard, status, position: status === 'active' ? position : 0n })))
    await this.#commit(decoded, { models: versions.map(({ model }) => model) }, async (tx) => {
      for (const version of versions) await insertModelVersion(tx, version)
      await insertModelShards(tx, rows)
      for (const { model, version } of versions) await tellModelStatus(tx, model, version)
    })
    for (const version of versions) tracker.models.put(version)
    tracker.models.moveShards(rows)
  }

  /** A version that takes over is told in a shadow already, where one was accepted: then its model waits for the swap. */
  async #withShadow(versions: readonly DeployedVersion[]): Promise<readonly DeployedVersion[]> {
    return Promise.all(versions.map(async (version) =>
      (takesOver(version) && (await isAcceptedShadow(this.#tracker.db, version.model, version.hash)) ? { ...version, status: 'suspended' as const } : version)))
  }

  /** A suspended model catches up from where it was suspended. */
  async #resumeModel(decoded: Decoded, model: string): Promise<void> {
    const tracker = this.#tracker
    const { position } = decoded.entry
    await tracker.flush()
    const shards = new Set(this.#shardsBefore(position))
    const rows = tracker.models.rowsOf(model).filter(({ status, shard }) => status === 'suspended' && shards.has(shard))
    await this.#commit(decoded, { models: [model] }, async (tx) => {
      if (!(await moveModelShards(tx, rows, { status: 'catchingUp' }))) throw new Fenced()
      for (const version of new Set(rows.map((row) => row.version))) await tellModelStatus(tx, model, version)
      if (tracker.tells(position)) await applyToAlerts(tx, decoded, tracker.alertChannels)
    })
    tracker.models.moveShards(rows.map((row) => ({ ...row, status: 'catchingUp' })))
  }

  /** What has ended by then is known: everything before it is folded, and what fell due. */
  async #dropHistory(decoded: Decoded, { from, to }: HistoryDropped): Promise<void> {
    const tracker = this.#tracker
    const { position } = decoded.entry
    await tracker.passDeadlines()
    const shards = this.#shardsBefore(position)
    await this.#commit(decoded, { instances: 1 }, async (tx) => tracker.forget(await dropHistory(tx, shards, from, to, position)), REPLAYABLE)
  }

  /** Ours that have not passed it yet. */
  #shardsBefore(position: bigint): readonly number[] {
    return this.#tracker.shards().filter((shard) => shard.position < position).map(({ id }) => id)
  }

  async #commit({ entry }: Decoded, what: Partial<What>, write: Write, options?: TransactionOptions): Promise<void> {
    const tracker = this.#tracker
    const to = { position: entry.position, clock: Math.max(tracker.clock(), entry.appendTime), checksum: checksumOf(entry) }
    await tracker.transact(to, { ...NOTHING_CHANGED, ...what }, write, options)
    tracker.took(entry)
  }
}

function dropsHistory(decoded: Decoded): HistoryDropped | undefined {
  return decoded.kind === 'settlement' && decoded.settlement.what === 'historyDropped' ? decoded.settlement : undefined
}

function resumesModel(decoded: Decoded): string | undefined {
  return decoded.kind === 'operation' && decoded.operation.op === 'resumeModel' ? decoded.operation.model : undefined
}
