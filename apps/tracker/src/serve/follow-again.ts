import { TrackedModel, Unit, type CalledModels, type InstanceView } from '@tidemark/bpmn'
import type { Database } from '../store/database.js'
import { followedAfter } from '../store/followed-after.js'
import { identityOf } from '../store/identity.js'
import type { InstanceDetailRow } from '../store/read/instances.js'
import { readVersionsInForce, type VersionInForce } from '../store/read/models.js'
import { loadUnits } from '../store/write/load-units.js'
import type { NamedProcess, Processes, VersionOf } from './processes.js'

/** Models that were followed lately by a page, by version; a version never changes. */
const tracked = new WeakMap<NamedProcess, TrackedModel>()

/** The instance, followed again from its stored facts up to the clock. */
export async function followAgain(db: Database, processes: Processes, row: InstanceDetailRow, clock: number): Promise<InstanceView | undefined> {
  const stored = (await loadUnits(db, [row.unit])).get(row.unit)
  if (stored === undefined) return undefined
  const versions = await readVersionsInForce(db, row.model)
  const processOf = await processes.load(versions)
  const calledIds = new Set(versions.flatMap((version) => (processOf(version)?.process.elements ?? []).flatMap(({ calledElement }) => (calledElement === undefined || calledElement === row.model ? [] : [calledElement]))))
  const called = await calledModels(db, processes, versions[0], [...calledIds])
  const unit = new Unit({ model: row.model, identify: identityOf, versionAt: (time) => inForce(versions, processOf, time), ...(called === undefined ? {} : { called }) }, row.key)
  unit.add(stored.facts.map(({ fact }) => fact))
  return unit.view(clock).find((view) => view.id === row.id)
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
