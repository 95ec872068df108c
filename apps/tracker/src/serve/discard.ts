/** What nobody can make anything of any more is thrown away by a person, with a reason: an entry in the log, as all that people do. */
import type { DiscardAction, FaultDiscardAction, FaultDiscarded, LoggedEvent } from '@tidemark/api'
import type { Draft } from '@tidemark/log'
import { TrackerError } from '../problem.js'
import type { OperationEntry } from '../store/entries.js'
import { readFault, readWaitingOf } from '../store/read/faults.js'
import { act } from './act.js'
import type { Answer } from './answer.js'
import { findEvent, type EventsContext } from './events.js'
import { noSuchFault, tryFaults } from './faults.js'
import { FOLD_WAIT_MS } from './fold-wait.js'
import { uuidOrUndefined } from './not-found.js'

/** Of one instance in one answer: who has more that waits says so again. */
const MAX_DISCARDED = 1_000

/** An event that was quarantined: its bytes stay in the log, and nobody is asked about it any more. */
export async function discardEvent(context: EventsContext, position: bigint, { by, comment }: DiscardAction): Promise<Answer<LoggedEvent>> {
  const { fates } = await findEvent(context, position)
  if (!fates.some(({ kind }) => kind === 'quarantined')) {
    throw new TrackerError('notQuarantined', 409, `Only an event that is quarantined can be discarded; this one is ${[...new Set(fates.map(({ kind }) => kind))].join(', ')}.`)
  }
  return act(context, { op: 'discardEvent', position: String(position), by, comment }, `/api/v1/events/${position}`, () => findEvent(context, position))
}

/**
 * Events of a suspended instance, all that wait or those that are named: each is set aside, as a correction of an instance does, and what is left is
 * folded again.
 */
export async function discardFault({ db, log, progress }: EventsContext, unit: string, { by, comment, positions }: FaultDiscardAction): Promise<FaultDiscarded> {
  const uuid = uuidOrUndefined(unit)
  const fault = uuid === undefined ? undefined : await readFault(db, uuid)
  if (fault === undefined) throw noSuchFault()
  const waiting = await readWaitingOf(db, fault.unit, positions, MAX_DISCARDED)
  const unknown = positions?.filter((position) => !waiting.some((event) => event.position === position)) ?? []
  if (unknown.length > 0) throw new TrackerError('invalidCorrection', 422, `No event of this instance waits at ${unknown.join(', ')}: GET /api/v1/faults/${unit} lists those that do.`)
  const drafts = waiting.map(({ source, event_id: id }): Draft => {
    const operation: OperationEntry = { op: 'setAside', model: fault.model, key: fault.key, instance: fault.unit, by, comment, source, id }
    return { kind: 'operation', subject: 'operation.setAside', payload: Buffer.from(JSON.stringify(operation)) }
  })
  const { last } = await log.append(drafts)
  // Where that takes longer, whoever tries it again later folds it without them just as well.
  if (await progress.reached(last, FOLD_WAIT_MS)) await tryFaults(db, unit)
  return { discarded: waiting.length }
}
