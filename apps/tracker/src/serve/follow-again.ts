import { setImmediate } from 'node:timers/promises'
import { TrackedModel, Unit, type CalledModels, type InstanceView } from '@tidemark/bpmn'
import type { Database, Queryable } from '../store/database.js'
import { followedAfter } from '../store/followed-after.js'
import { identityInUnit } from '../store/identity.js'
import { lookUpTogether } from '../store/look-up.js'
import { readVersionsInForce, type VersionInForce } from '../store/read/models.js'
import { loadUnits, type StoredUnit } from '../store/write/load-units.js'
import type { NamedProcess, Processes, VersionOf } from './processes.js'

/** Models that were followed lately by a page, by version; a version never changes. */
const tracked = new WeakMap<NamedProcess, TrackedModel>()

export interface UnitKey {
  readonly unit: string
  readonly key: string
}

/** Some milliseconds at a stretch; then others have a turn. */
const UNITS_AT_A_STRETCH = 64

/** What is stored of units of a model, and its versions. */
export interface Stored {
  readonly units: ReadonlyMap<string, StoredUnit>
  readonly versions: readonly VersionInForce[]
}

export async function readStored(tx: Queryable, model: string, units: readonly string[]): Promise<Stored> {
  const [stored, versions] = await Promise.all([loadUnits(tx, units), readVersionsInForce(tx, model)])
  return { units: stored, versions }
}

/**
 * What is shown of these units of a model at a moment of the clock, followed again from their stored facts, by the id of the instance.
 * @param past only what had happened by then counts: the moment lies in the past
 * @param known what {@link readStored} has answered for them already
 */
export async function followAgain(
  db: Database, processes: Processes, model: string, wanted: readonly UnitKey[], clock: number, past: boolean, known?: Stored,
): Promise<ReadonlyMap<string, InstanceView>> {
  const { units: stored, versions } = known ?? await lookUpTogether(db, (tx) => readStored(tx, model, wanted.map(({ unit }) => unit)))
  const processOf = await processes.load(versions)
  const calledIds = new Set(versions.flatMap((version) => (processOf(version)?.process.elements ?? []).flatMap(({ calledElement }) => (
    calledElement === undefined || calledElement === model ? [] : [calledElement]))))
  const called = await calledModels(db, processes, versions[0], [...calledIds])
  const views = new Map<string, InstanceView>()
  for (const [index, { unit: id, key }] of wanted.entries()) {
    if (index % UNITS_AT_A_STRETCH === UNITS_AT_A_STRETCH - 1) await setImmediate()
    const unit = new Unit({ model, identify: identityInUnit, versionAt: (time) => inForce(versions, processOf, time), ...(called === undefined ? {} : { called }) }, key)
    const facts = (stored.get(id)?.facts ?? []).map(({ fact }) => fact)
    try {
      unit.add(past ? facts.filter((fact) => fact.time <= clock) : facts)
      for (const view of unit.view(clock)) views.set(view.id, view)
    } catch {
      // It is suspended: GET /api/v1/faults says why.
    }
  }
  return views
}

async function calledModels(db: Database, processes: Processes, caller: VersionInForce | undefined, ids: readonly string[]): Promise<CalledModels | undefined> {
  if (ids.length === 0) return undefined
  const versionsOf = new Map<string, readonly VersionInForce[]>()
  for (const id of ids) versionsOf.set(id, await readVersionsInForce(db, id))
  const processOf = await processes.load([...versionsOf.values()].flat())
  return {
    follows: (model, position) => position > followedAfter(caller, versionsOf.get(model)?.[0]),
    versionAt: (model, time) => inForce(versionsOf.get(model) ?? [], processOf, time),
  }
}

function inForce(versions: readonly VersionInForce[], processOf: (version: VersionOf) => NamedProcess | undefined, time: number): { version: number; model: TrackedModel } | undefined {
  const version = versions.findLast(({ inForceFrom }) => inForceFrom <= time) ?? versions[0]
  const named = version === undefined ? undefined : processOf(version)
  return version === undefined || named === undefined ? undefined : { version: version.version, model: modelOf(named) }
}

/** Made ready once per version. */
export function modelOf(process: NamedProcess): TrackedModel {
  const known = tracked.get(process)
  if (known !== undefined) return known
  const made = new TrackedModel(process.process)
  tracked.set(process, made)
  return made
}
