import type { InstanceQuery, InstanceSummary, Page } from '@tidemark/api'
import type { Database, Queryable } from '../store/database.js'
import { unitOf } from '../store/identity.js'
import { lookUp } from '../store/look-up.js'
import { readInstances } from '../store/read/instances.js'
import type { InstanceFilter } from '../store/read/instance-filter.js'
import type { Place } from '../store/read/instance-walk.js'
import { readNewestVersions } from '../store/read/models.js'
import { cursorPart, decodeCursor, encodeCursor, pageOfRows } from './cursor.js'
import { parseDurationMs } from './durations.js'
import type { StrictInstanceQuery } from './queries.js'
import type { Processes } from './processes.js'
import { showInstance } from './show-instance.js'
import { parseTime } from './times.js'

/** A key without a model is looked for in this many. */
const MODELS = 1_000

/**
 * A page of instances, newest first; where tokens are asked for, by when the latest of them came. A handful of statements, whatever the page holds.
 * Where few fit, a page may come back short, or empty, with a cursor to go on from.
 */
export async function listInstances(
  db: Database, processes: Processes, query: StrictInstanceQuery, clock: number,
): Promise<Page<InstanceSummary>> {
  const key = await keyFilter(db, query)
  const read = (from: Queryable) => readInstances(from, { ...filterOf(query, clock), key }, query.limit + 1, placeOf(query))
  const { rows, goesOn } = await (asksForKeyAlone(query) ? lookUp(db, read) : read(db))
  const processOf = await processes.load(rows)
  const page = pageOfRows(rows, query.limit, (row) => showInstance(row, processOf(row)), (row) => [row.at, row.id])
  return goesOn === undefined ? page : { ...page, nextCursor: encodeCursor([goesOn.at, goesOn.id]) }
}

function filterOf(query: StrictInstanceQuery, clock: number): InstanceFilter {
  const { model, version, status, element, stuck, late, deviating, deviation, variables } = query
  const waitedMs = parseDurationMs(query.waitingLongerThan, 'waitingLongerThan')
  return {
    model, version, status, element, stuck, late, deviating, deviation, variables,
    waitingSince: waitedMs === undefined ? undefined : clock - waitedMs,
    startedAfter: parseTime(query.startedAfter, 'startedAfter'),
    startedBefore: parseTime(query.startedBefore, 'startedBefore'),
  }
}

function placeOf({ cursor }: StrictInstanceQuery): Place | undefined {
  const [at, id] = cursor === undefined ? [] : decodeCursor(cursor, [cursorPart.number, cursorPart.uuid])
  return at === undefined || id === undefined ? undefined : { at, id }
}

/** Of one model or of all: there are two such statements. */
function asksForKeyAlone({ key, model, limit, variables, ...others }: StrictInstanceQuery): boolean {
  return key !== undefined && (variables ?? []).length === 0 && Object.values(others).every((asked) => asked === undefined)
}

/** The unit of a primary key is a hash of model and key, so that the key is found without an index of its own. */
async function keyFilter(db: Database, { key, model }: InstanceQuery): Promise<InstanceFilter['key']> {
  if (key === undefined) return undefined
  const models = model === undefined ? (await lookUp(db, (tx) => readNewestVersions(tx, MODELS))).map((newest) => newest.model) : [model]
  return { value: key, units: models.map((id) => unitOf(id, key)) }
}
