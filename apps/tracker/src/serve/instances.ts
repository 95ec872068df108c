import type { InstanceQuery, InstanceSummary, Page } from '@tidemark/api'
import type { Database } from '../store/database.js'
import { unitOf } from '../store/identity.js'
import { readInstances, readKeys } from '../store/read/instances.js'
import type { KeyRow } from '../store/read/instances.js'
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
  const { rows, goesOn } = await readInstances(db, { ...filterOf(query, clock), key: await keyFilter(db, query) }, query.limit + 1, placeOf(query))
  const processOf = await processes.load(rows)
  const keysOf = byUnit(await readKeys(db, [...new Set(rows.map(({ unit }) => unit))]))
  const page = pageOfRows(rows, query.limit, (row) => showInstance(row, keysOf.get(row.unit) ?? [], processOf(row)), (row) => [row.at, row.id])
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

/** The unit of a primary key is a hash of model and key, so that the key is found without an index of its own. */
async function keyFilter(db: Database, { key, model }: InstanceQuery): Promise<InstanceFilter['key']> {
  if (key === undefined) return undefined
  const models = model === undefined ? (await readNewestVersions(db, MODELS)).map((newest) => newest.model) : [model]
  return { value: key, units: models.map((id) => unitOf(id, key)) }
}

function byUnit(rows: readonly KeyRow[]): Map<string, KeyRow[]> {
  const units = new Map<string, KeyRow[]>()
  for (const row of rows) {
    const unit = units.get(row.unit)
    if (unit === undefined) units.set(row.unit, [row])
    else unit.push(row)
  }
  return units
}
