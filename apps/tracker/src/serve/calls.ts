import type { Instance } from '@tidemark/api'
import type { InstanceView } from '@tidemark/bpmn'
import type { Database, Queryable } from '../store/database.js'
import { unitOf } from '../store/identity.js'
import { readInstance, readInstances, type InstanceRow } from '../store/read/instances.js'
import { readCallers } from '../store/read/models.js'
import { nameOf } from './processes.js'
import type { NamedProcess, Processes, VersionOf } from './processes.js'

/** Called instances, and callers, that are shown: one page of each. */
const SHOWN = 50

/** The instances that this one has called, by the call that waits or has waited for them. */
export async function showCalls(db: Database, process: NamedProcess | undefined, calls: InstanceView['calls']): Promise<Instance['calls']> {
  const rows = await Promise.all(calls.slice(0, SHOWN).map(({ instance }) => readInstance(db, instance)))
  return calls.slice(0, SHOWN).flatMap(({ element }, index) => {
    const row = rows[index]
    return row === undefined ? [] : [{ element, name: nameOf(process, element), ...instanceOf(row) }]
  })
}

/** The newest versions of models that call a model's process. */
export function readCallersOf(db: Queryable, model: string): Promise<VersionOf[]> {
  return readCallers(db, model, SHOWN)
}

/** The instances of the same key that call this one's process and were there when it began. */
export async function showCallers(db: Database, processes: Processes, row: InstanceRow, callers: readonly VersionOf[]): Promise<Instance['calledBy']> {
  const processOf = await processes.load(callers)
  const shown: Instance['calledBy'] = []
  for (const caller of callers) {
    if (caller.model === row.model) continue
    const { rows: found } = await readInstances(db, { model: caller.model, key: { value: row.key, units: [unitOf(caller.model, row.key)] } }, SHOWN)
    const call = processOf(caller)?.process.elements.find((element) => element.calledElement === row.model)
    const instance = found.find((candidate) => Number(candidate.started_at) <= Number(row.started_at))
    if (call !== undefined && instance !== undefined) shown.push({ element: call.id, name: nameOf(processOf(caller), call.id), ...instanceOf(instance) })
  }
  return shown
}

function instanceOf(row: InstanceRow): Pick<Instance['calls'][number], 'model' | 'instance' | 'key' | 'status'> {
  return { model: row.model, instance: row.id, key: row.key, status: row.status }
}
