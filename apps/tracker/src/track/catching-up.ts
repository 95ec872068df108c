/**
 * Models that were deployed or resumed late: they read the log from where they stand up to where our shards do, in turn with live batches, and join
 * them there.
 */
import type { Entry, Log } from '@tidemark/log'
import type { Transaction } from '../store/database.js'
import { deleteModelRows } from '../store/shadow/model-rows.js'
import type { ModelShard } from '../store/write/model-versions.js'
import type { Step } from './backlog.js'
import type { BatchInput } from './batch.js'
import { decode } from './core/decode.js'
import { inTurns } from './in-turns.js'
import { movedRows, moveRows } from './model-moves.js'
import type { Models } from './models.js'
import { catchUpShare } from './share.js'
import { takesOver } from './takes-over.js'

/** The tracker, as a model needs it that catches up. */
export interface LiveSide {
  /** Read and folded together at most. */
  readonly batchEntries: number
  readonly log: Log
  readonly models: Models
  /** Shards of all trackers. */
  shards(): number
  /** Where the one of ours stands that is furthest behind, and all that stand there. */
  position(): bigint
  atTheBack(): readonly number[]
  /** Ends what runs. */
  halt(): AbortSignal
  push(input: BatchInput, step: Step): Promise<void>
  flush(): Promise<void>
  /** One transaction in which our shards stay where they are, and people are told of a model. */
  tell(model: string, write: (tx: Transaction) => Promise<unknown>): Promise<void>
  /** What is known of units and keys is looked up again. */
  forget(): void
  /** A live batch, if there is one. */
  followAvailable(): Promise<void>
  passDeadlines(): Promise<void>
}

interface Open {
  readonly model: string
  readonly rows: readonly ModelShard[]
}

export class CatchingUp {
  readonly #live: LiveSide
  /** How far the one that catches up has been read. */
  #read: bigint | undefined

  constructor(live: LiveSide) {
    this.#live = live
  }

  /** The next model that has to catch up. */
  get open(): Open | undefined {
    return this.#live.models.catchingUp(this.#live.atTheBack())
  }

  /** How far it has been read; what is behind that may not be committed yet. Undefined where none has to. */
  get taken(): bigint | undefined {
    const { open } = this
    return open && (this.#read ?? leastPosition(open.rows))
  }

  /** Until none has to. */
  async run(): Promise<void> {
    // Looked up each time: one that is deployed while another catches up is not to wait for the next live entry.
    for (;;) {
      const { open } = this
      if (open === undefined || this.#live.halt().aborted) return
      await this.#catchUp(open)
    }
  }

  async #catchUp({ model, rows }: Open): Promise<void> {
    const live = this.#live
    const version = rows[0]?.version ?? 0
    const shards = new Set(rows.map(({ shard }) => shard))
    const open = () => live.models.rowsOf(model).filter((row) => row.version === version && row.status === 'catchingUp' && shards.has(row.shard))
    let position = leastPosition(rows)
    this.#read = undefined
    const stored = live.models.version(model, version)?.stored
    if (stored !== undefined && takesOver(stored)) await this.#forgetModel(model, rows.filter((row) => row.position === 0n).map(({ shard }) => shard))
    while (position < live.position() && !live.halt().aborted) {
      const from = position === 0n ? 'earliest' as const : { position: position + 1n }
      for await (const entries of live.log.read({ from, until: live.position(), batchSize: live.batchEntries, signal: live.halt() })) {
        position = await this.#take(model, open, entries)
        this.#read = position
        // Other models do not wait for it. Where it has come as far as they have, it joins them: they would be ahead again each time.
        if (position < live.position()) await live.followAvailable()
      }
      await live.flush()
    }
    if (live.halt().aborted) return
    await live.tell(model, (tx) => moveRows(tx, open(), 'active', live.position()))
    live.models.moveShards(movedRows(open(), 'active', live.position()))
    await live.passDeadlines()
  }

  /** What was told of it by the versions before is told again. */
  async #forgetModel(model: string, shards: readonly number[]): Promise<void> {
    if (shards.length === 0) return
    await this.#live.flush()
    await this.#live.tell(model, (tx) => deleteModelRows(tx, model, shards.length === this.#live.shards() ? undefined : shards))
    this.#live.forget()
  }

  /** Answers how far the model has come with it. */
  async #take(model: string, open: () => readonly ModelShard[], entries: readonly Entry[]): Promise<bigint> {
    const { models } = this.#live
    const last = entries.at(-1)
    // Looked up each time: a new version may have been deployed meanwhile.
    const planned = models.planned(model)
    if (last === undefined || planned === undefined) return this.#live.position()
    const input = {
      entries: await inTurns(entries.filter((entry) => entry.kind !== 'model'), (some) => some.map(decode)), models: [planned], clock: last.appendTime, position: last.position, due: [], live: false,
      share: catchUpShare(open(), this.#live.shards()),
    }
    await this.#live.push(input, {
      to: undefined, models: [model], isControl: false,
      also: (tx) => moveRows(tx, open(), 'catchingUp', last.position),
      after: () => models.moveShards(movedRows(open(), 'catchingUp', last.position)),
    })
    return last.position
  }
}

function leastPosition(rows: readonly ModelShard[]): bigint {
  return rows.reduce((least, { position }) => (position < least ? position : least), rows[0]?.position ?? 0n)
}
