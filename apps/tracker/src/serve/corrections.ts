/** What a person says of an instance: checked against what is there, appended to the log, answered when it is folded. */
import type { Correction, Instance } from '@tidemark/api'
import { modelsAround, observableLabel, placesOf, type TrackedModel } from '@tidemark/bpmn'
import { TrackerError } from '../problem.js'
import type { Database } from '../store/database.js'
import type { OperationEntry } from '../store/entries.js'
import { readEntryName } from '../store/read/instance-parts.js'
import { readInstance, type InstanceDetailRow } from '../store/read/instances.js'
import { act, type ActContext } from './act.js'
import type { Answer } from './answer.js'
import { modelOf } from './follow-again.js'
import { showInstancePage } from './instance.js'
import { whyNotSaid } from './item-meant.js'
import { found, uuidOrUndefined } from './not-found.js'
import type { Processes } from './processes.js'
import { parseTime } from './times.js'

export interface CorrectionsContext extends ActContext {
  readonly db: Database
  readonly processes: Processes
}

export async function correctInstance(context: CorrectionsContext, id: string, correction: Correction): Promise<Answer<Instance>> {
  const uuid = uuidOrUndefined(id)
  const row = found(uuid === undefined ? undefined : await readInstance(context.db, uuid), 'instance', id, '/api/v1/instances')
  const operation = await operationOf(context, row, correction)
  const { db, processes, progress } = context
  const page = () => showInstancePage(db, processes, row.id, progress.clock)
  if (correction.what !== 'setAside') return act(context, operation, `/api/v1/instances/${row.id}`, page)
  // Where what began it is set aside there may be no such instance any more: then it is shown as it was.
  const before = await page()
  return act(context, operation, `/api/v1/instances/${row.id}`, async () => ((await readInstance(db, row.id)) === undefined ? before : page()))
}

async function operationOf({ db, processes, progress }: CorrectionsContext, row: InstanceDetailRow, correction: Correction): Promise<OperationEntry> {
  const { by, comment, at } = correction
  const about = {
    model: row.model, key: row.key, instance: row.id, by, ...(comment === undefined ? {} : { comment }), ...(at === undefined ? {} : { at: parseTime(at, 'at') as number }),
  }
  const check = async (elements: readonly string[], item: string | undefined, says: (model: TrackedModel) => boolean, nothing: string) => {
    const named = await processes.get(row.model, row.version)
    const then = about.at !== undefined && about.at < progress.clock ? about.at : undefined
    const read = () => showInstancePage(db, processes, row.id, progress.clock, then)
    const wrong = named === undefined ? nothing : await whyNotSaid({ elements, item }, modelOf(named), says, nothing, read)
    if (wrong !== undefined) throw refused(wrong)
    return item === undefined ? {} : { item }
  }
  switch (correction.what) {
    case 'accept':
      return { op: 'acceptDeviation', ...about, kind: correction.kind, ...(correction.element === undefined ? {} : { element: correction.element }) }
    case 'setAside': {
      const named = await readEntryName(db, row.unit, correction.position)
      if (named === undefined) throw refused(`No event of this instance stands at position ${correction.position}: its page lists them.`)
      return { op: 'setAside', ...about, source: named.source, id: named.event_id }
    }
    case 'end':
      if (row.status !== 'active') throw new TrackerError('instanceEnded', 409, `The instance is ${row.status}: there is nothing to end.`)
      return { op: 'endInstance', ...about }
    case 'done': {
      const { element, phase, item } = correction
      const nothing = `${element} is no step of this model that an event could tell of${phase === undefined ? '' : `, not its ${phase}`}.`
      const ofItem = await check([element], item, ({ net }) => observableLabel(net, element, phase) !== undefined, nothing)
      return { op: 'assertStep', ...about, element, ...(phase === undefined ? {} : { phase }), ...ofItem }
    }
    case 'move': {
      const { elements, item } = correction
      const named = await processes.get(row.model, row.version)
      const nowhere = elements.filter((element) => named === undefined || !modelsAround(modelOf(named), [element]).some(({ net }) => placesOf(net, [element]) !== undefined))
      const nothing = nowhere.length > 0 ? `No token can stand at ${nowhere.join(', ')} in this model.`
        : `${elements.join(', ')} do not lie in one item, nor all outside of items: say what is true of each by itself.`
      const ofItem = await check(elements, item, ({ net }) => placesOf(net, elements) !== undefined, nothing)
      return { op: 'moveTokens', ...about, elements: [...elements], ...ofItem }
    }
  }
}

function refused(detail: string): TrackerError {
  return new TrackerError('invalidCorrection', 422, detail)
}
