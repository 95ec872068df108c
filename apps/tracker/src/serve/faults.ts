import type { Fault, FaultDetail, FaultsTried, Page } from '@tidemark/api'
import { TrackerError } from '../problem.js'
import type { Database } from '../store/database.js'
import { readFault, readFaults, readWaitingOf, type FaultedRow } from '../store/read/faults.js'
import { retryFaults } from '../store/write/faults.js'
import { cursorPart, decodeCursor, pageOfRows } from './cursor.js'
import { uuidOrUndefined } from './not-found.js'
import type { CatalogueQuery } from './queries.js'
import { rfc3339 } from './times.js'

/** Of the events that wait. */
const SHOWN_WAITING = 100

export async function listFaults(db: Database, query: CatalogueQuery): Promise<Page<Fault>> {
  const [since, unit] = query.cursor === undefined ? [] : decodeCursor(query.cursor, [cursorPart.number, cursorPart.uuid])
  const rows = await readFaults(db, since === undefined || unit === undefined ? undefined : { since, unit }, query.limit + 1)
  return pageOfRows(rows, query.limit, showFault, (row) => [row.since, row.unit])
}

export async function findFault(db: Database, unit: string): Promise<FaultDetail> {
  const uuid = uuidOrUndefined(unit)
  const row = uuid === undefined ? undefined : await readFault(db, uuid)
  if (row === undefined) throw noSuchFault()
  const waiting = await readWaitingOf(db, row.unit, undefined, SHOWN_WAITING)
  return { ...showFault(row), waiting: waiting.map(({ event_id: id, time, ...event }) => ({ ...event, id, time: rfc3339(time) })) }
}

/** One, or all: folded again within seconds, by the program as it is now. It is no entry of the log: the state is the same function of it. */
export async function tryFaults(db: Database, unit?: string): Promise<FaultsTried> {
  const uuid = unit === undefined ? undefined : uuidOrUndefined(unit)
  const tried = unit !== undefined && uuid === undefined ? 0 : await retryFaults(db, uuid === undefined ? undefined : [uuid])
  if (unit !== undefined && tried === 0) throw noSuchFault()
  return { tried }
}

export function noSuchFault(): TrackerError {
  return new TrackerError('faultNotFound', 404, 'No suspended instance has this unit: GET /api/v1/faults lists them.')
}

function showFault({ events, since, ...row }: FaultedRow): Fault {
  return { ...row, events: Number(events), since: rfc3339(since) }
}
