/** The model versions that are followed, ready to be followed on. */
import { Binder, TrackedModel } from '@tidemark/bpmn'
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
    return [...this.#versions.entries()].flatMap(([id, versions]) => (versions.every(({ stored }) => stored.status === 'active') ? [planned(id, versions)] : []))
  }

  planned(model: string): PlannedModel | undefined {
    const versions = this.#versions.get(model)
    return versions === undefined ? undefined : planned(model, versions)
  }

  catchingUp(): readonly LoadedVersion[] {
    return this.all().filter(({ stored }) => stored.status === 'catchingUp')
  }
}

function planned(id: string, versions: readonly LoadedVersion[]): PlannedModel {
  const newestFirst = [...versions].reverse()
  return {
    id,
    versions: newestFirst.map(({ stored, binder }, index) => ({
      version: stored.version, binder, after: index === versions.length - 1 ? 0n : stored.deployedPosition, primaryKey: stored.process.keys[0]?.name ?? 'key',
    })),
  }
}
