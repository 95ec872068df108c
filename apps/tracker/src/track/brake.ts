/** A model of which too much cannot be folded is suspended where our shards stand, and the others go on. */
import type { Logger } from 'pino'
import { suspendModelShards, tellModelStatus } from '../store/write/model-versions.js'
import type { LiveSide } from './catching-up.js'
import type { FoldFaults, Suspects } from './faults.js'
import type { Models } from './models.js'

/** The tracker, as the brake needs it. */
export interface BrakeSide {
  readonly models: Models
  readonly suspects: Suspects
  readonly logger: Logger
  /** Where a shard of ours stands. */
  positionOf(shard: number): bigint
  readonly tell: LiveSide['tell']
}

export class Brake {
  readonly #tracker: BrakeSide
  /** Models to be suspended, and why. */
  #stopped: ReadonlyMap<string, FoldFaults> = new Map()

  constructor(tracker: BrakeSide) {
    this.#tracker = tracker
  }

  note(error: FoldFaults): void {
    this.#stopped = new Map(this.#tracker.suspects.note(error).map((model) => [model, error]))
  }

  /** Suspends the models that were noted. */
  async pull(): Promise<void> {
    for (const [model, { faults }] of this.#stopped) await this.#suspend(model, faults)
    this.#stopped = new Map()
  }

  async #suspend(model: string, faults: FoldFaults['faults']): Promise<void> {
    const { models, suspects, logger } = this.#tracker
    const version = models.newest(model)?.stored.version
    const rows = models.rowsOf(model).filter((row) => row.version === version && row.status !== 'suspended')
    if (version === undefined || rows.length === 0) return
    const stopped = rows.map((row) => ({ ...row, status: 'suspended' as const, position: row.status === 'active' ? this.#tracker.positionOf(row.shard) : row.position }))
    await this.#tracker.tell(model, async (tx) => {
      await suspendModelShards(tx, stopped)
      await tellModelStatus(tx, model, version)
    })
    suspects.forgetModel(model, faults)
    models.moveShards(stopped)
    logger.error({ model, faults: faults.length, first: faults[0] }, 'too many instances of a model cannot be folded: it is suspended; POST /api/v1/models/{id}/resume goes on with it')
  }
}
