import type { ModelSummary, PersonAction } from '@tidemark/api'
import { TrackerError } from '../problem.js'
import type { Database } from '../store/database.js'
import { act, type ActContext } from './act.js'
import type { Answer } from './answer.js'
import { findModel } from './models.js'

/** The brake stopped it; it goes on from where it was stopped. */
export async function resumeModel(context: ActContext & { readonly db: Database }, id: string, said: PersonAction): Promise<Answer<ModelSummary>> {
  const show = () => findModel(context.db, context.log, id)
  const { versions } = await show()
  if (!versions.some(({ status }) => status === 'suspended')) throw new TrackerError('modelStatus', 409, 'Only a suspended model can be resumed, and this one is not.')
  return act(context, { op: 'resumeModel', model: id, by: said.by, ...(said.comment === undefined ? {} : { comment: said.comment }) }, `/api/v1/models/${encodeURIComponent(id)}`, show)
}
