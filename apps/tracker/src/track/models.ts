/** The model versions that are followed, ready to be followed on. */
import { Binder, TrackedModel, type CalledModels } from '@tidemark/bpmn'
import { followedAfter } from '../store/followed-after.js'
import type { ModelVersion } from '../store/write/model-versions.js'
import type { PlannedModel } from './core/plan.js'

export interface LoadedVersion {
  readonly stored: ModelVersion
  readonly tracked: TrackedModel
  readonly binder: Binder
}

export class Models {
  /** By model, oldest version first. */
  readonly #versions = new Map<string, LoadedVersion[]>()

  /** Adds a version or replaces what is known of it. */
  put(stored: ModelVersion): LoadedVersion {
    const versions = this.#versions.get(stored.model) ?? []
    const at = versions.findIndex((version) => version.stored.version === stored.version)
    const known = versions[at]
    const loaded: LoadedVersion = known === undefined
      ? { stored, tracked: new TrackedModel(stored.process), binder: new Binder(stored.process) }
      : { ...known, stored }
    if (at >= 0) versions[at] = loaded
    else versions.push(loaded)
    versions.sort((a, b) => a.stored.version - b.stored.version)
    this.#versions.set(stored.model, versions)
    return loaded
  }

  newest(model: string): LoadedVersion | undefined {
    return this.#versions.get(model)?.at(-1)
  }

  /** When the first version was deployed, epoch milliseconds. */
  deployedAt(model: string): number {
    return this.#versions.get(model)?.[0]?.stored.deployedAt ?? 0
  }

  all(): readonly LoadedVersion[] {
    return [...this.#versions.values()].flat()
  }

  version(model: string, version: number): LoadedVersion | undefined {
    return this.#versions.get(model)?.find((candidate) => candidate.stored.version === version)
  }

  /** The version in force at a moment of event time. */
  inForce(model: string, time: number): LoadedVersion | undefined {
    const versions = this.#versions.get(model) ?? []
    return versions.findLast((version) => version.stored.inForceFrom <= time) ?? versions[0]
  }

  /** Models of which all versions have caught up: they take live events. */
  live(): readonly PlannedModel[] {
    return [...this.#versions.entries()].flatMap(([id, versions]) => (versions.every(({ stored }) => stored.status === 'active') ? [this.#planned(id, versions)] : []))
  }

  planned(model: string): PlannedModel | undefined {
    const versions = this.#versions.get(model)
    return versions === undefined ? undefined : this.#planned(model, versions)
  }

  /** What a model may know of the processes that it calls. */
  calledBy(caller: string): CalledModels {
    return {
      follows: (model, position) => position > this.#followedAfter(caller, model),
      versionAt: (model, time) => {
        const version = this.inForce(model, time)
        return version === undefined ? undefined : { version: version.stored.version, model: version.tracked }
      },
    }
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

  catchingUp(): readonly LoadedVersion[] {
    return this.all().filter(({ stored }) => stored.status === 'catchingUp')
  }
}

function planned(id: string, versions: readonly LoadedVersion[], firstAfter: bigint): PlannedModel {
  const newestFirst = [...versions].reverse()
  return {
    id,
    versions: newestFirst.map(({ stored, binder }, index) => ({
      version: stored.version, binder, after: index === versions.length - 1 ? firstAfter : stored.deployedPosition, primaryKey: stored.process.keys[0]?.name ?? 'key',
    })),
  }
}
