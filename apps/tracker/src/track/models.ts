/** The model versions that are followed, ready to be followed on, and how far each of our shards has followed them. */
import { Binder, TrackedModel, type CalledModels, type Version } from '@tidemark/bpmn'
import { followedAfter } from '../store/followed-after.js'
import type { FollowStatus, ModelShard, ModelVersion } from '../store/write/model-versions.js'
import { takesOver } from './takes-over.js'
import type { PlannedModel } from './core/plan.js'

export interface LoadedVersion {
  readonly stored: Followed
  readonly tracked: TrackedModel
  /** As a fold knows it. */
  readonly followed: Version
  readonly binder: Binder
}

/** What never changes of a version. */
export type Followed = Omit<ModelVersion, 'status'>

function load(stored: Followed): LoadedVersion {
  const tracked = new TrackedModel(stored.process)
  return { stored, tracked, followed: { version: stored.version, model: tracked }, binder: new Binder(stored.process) }
}

export class Models {
  /** By model, oldest version first. */
  readonly #versions = new Map<string, LoadedVersion[]>()
  /** By model, version and shard. */
  readonly #shards = new Map<string, Map<string, ModelShard>>()

  /** Adds a version or replaces what is known of it. */
  put(stored: Followed): LoadedVersion {
    const versions = this.#versions.get(stored.model) ?? []
    const at = versions.findIndex((version) => version.stored.version === stored.version)
    const known = versions[at]
    const loaded = known === undefined ? load(stored) : { ...known, stored }
    if (at >= 0) versions[at] = loaded
    else versions.push(loaded)
    versions.sort((a, b) => a.stored.version - b.stored.version)
    this.#versions.set(stored.model, versions)
    return loaded
  }

  /** Instead of what was known of shards. */
  setShards(rows: readonly ModelShard[]): void {
    this.#shards.clear()
    this.moveShards(rows)
  }

  moveShards(rows: readonly ModelShard[]): void {
    for (const row of rows) {
      const own = this.#shards.get(row.model) ?? new Map<string, ModelShard>()
      own.set(`${row.version} ${row.shard}`, row)
      this.#shards.set(row.model, own)
    }
  }

  newest(model: string): LoadedVersion | undefined {
    return this.#versions.get(model)?.at(-1)
  }

  /** When the first version was deployed, epoch milliseconds. */
  deployedAt(model: string): number {
    return this.#versions.get(model)?.[0]?.stored.deployedAt ?? 0
  }

  /** The newest that was deployed before an entry: others may have gone further, and brought more. */
  newestBefore(model: string, position: bigint): LoadedVersion | undefined {
    return this.#versions.get(model)?.findLast(({ stored }) => stored.deployedPosition < position)
  }

  version(model: string, version: number): LoadedVersion | undefined {
    return this.#versions.get(model)?.find((candidate) => candidate.stored.version === version)
  }

  /** The version in force at a moment of event time. */
  inForce(model: string, time: number): Version | undefined {
    const versions = this.#versions.get(model)
    if (versions === undefined) return undefined
    let at = versions.length - 1
    while (at > 0 && (versions[at] as LoadedVersion).stored.inForceFrom > time) at--
    return versions[at]?.followed
  }

  /** In a shard of ours; undefined where that has not come to its deployment. Active where all its versions are. */
  statusIn(model: string, shard: number): FollowStatus | undefined {
    const own = this.rowsOf(model).filter((row) => row.shard === shard)
    if (own.length === 0) return undefined
    return own.find(({ status }) => status === 'suspended')?.status ?? own.find(({ status }) => status === 'catchingUp')?.status ?? 'active'
  }

  /** In our shards. */
  rowsOf(model: string): readonly ModelShard[] {
    return [...(this.#shards.get(model)?.values() ?? [])]
  }

  /** Models that take live events in any of our shards. */
  live(shards: readonly number[]): readonly PlannedModel[] {
    return [...this.#versions.entries()].flatMap(([id, versions]) => (shards.some((shard) => this.statusIn(id, shard) === 'active') ? [this.#planned(id, versions)] : []))
  }

  /** Whether every model that one of them follows, all do: then nobody needs to be asked for each event. */
  areAlike(shards: readonly number[]): boolean {
    return [...this.#versions.keys()].every((model) => new Set(shards.map((shard) => this.statusIn(model, shard))).size <= 1)
  }

  planned(model: string): PlannedModel | undefined {
    const versions = this.#versions.get(model)
    return versions === undefined ? undefined : this.#planned(model, versions)
  }

  /** What a model may know of the processes that it calls. */
  calledBy(caller: string): CalledModels {
    return {
      follows: (model, position) => position > this.#followedAfter(caller, model),
      versionAt: (model, time) => this.inForce(model, time),
    }
  }

  /** A model of which some of these shards have a version to catch up with, and what of it. */
  catchingUp(shards: readonly number[]): { readonly model: string; readonly rows: readonly ModelShard[] } | undefined {
    for (const [model, own] of this.#shards) {
      const open = [...own.values()].filter(({ status, shard }) => status === 'catchingUp' && shards.includes(shard))
      const version = open[0]?.version
      if (version !== undefined) return { model, rows: open.filter((row) => row.version === version) }
    }
    return undefined
  }

  #planned(id: string, versions: readonly LoadedVersion[]): PlannedModel {
    const called = [...new Set(versions.flatMap(({ tracked }) => [...tracked.calledModels]))].sort().filter((model) => model !== id && this.#versions.has(model))
    if (called.length === 0) return planned(id, versions, 0n)
    return { ...planned(id, versions, 0n), calls: called.map((model) => planned(model, this.#versions.get(model) ?? [], this.#followedAfter(id, model))) }
  }

  /** A called process counts from its deployment on; where it was there before its caller, from the beginning. */
  #followedAfter(caller: string, model: string): bigint {
    return followedAfter(this.#versions.get(caller)?.[0]?.stored, this.#versions.get(model)?.[0]?.stored)
  }
}

function planned(id: string, versions: readonly LoadedVersion[], firstAfter: bigint): PlannedModel {
  const newestFirst = [...versions].reverse()
  return {
    id,
    versions: newestFirst.map(({ stored, binder }, index) => ({
      version: stored.version, binder, after: index === versions.length - 1 || takesOver(stored) ? firstAfter : stored.deployedPosition, primaryKey: stored.process.keys[0]?.name ?? 'key',
    })),
  }
}
