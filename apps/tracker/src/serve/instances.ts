import type { InstanceQuery, InstanceSummary, Page } from '@tidemark/api'
import type { Database } from '../store/database.js'
import { unitOf } from '../store/identity.js'
import { readInstances, readKeys } from '../store/read/instances.js'
import type { InstanceFilter, KeyRow } from '../store/read/instances.js'
import { readNewestVersions } from '../store/read/models.js'
import { cursorPart, decodeCursor, pageOfRows } from './cursor.js'
import { parseDurationMs } from './durations.js'
import type { StrictInstanceQuery } from './queries.js'
import type { Processes } from './processes.js'
import { showInstance } from './show-instance.js'
import { parseTime } from './times.js'

/** A key without a model is looked for in this many. */
const MODELS = 1_000

/** A page of instances, newest first. A handful of statements, whatever the page holds. */
export async function listInstances(
  db: Database, processes: Processes, query: StrictInstanceQuery, clock: number,
): Promise<Page<InstanceSummary>> {
  const rows = await readInstances(db, { ...filterOf(query, clock), key: await keyFilter(db, query) }, query.limit + 1)
  const processOf = await processes.load(rows)
  const keysOf = byUnit(await readKeys(db, [...new Set(rows.map(({ unit }) => unit))]))
  return pageOfRows(rows, query.limit,
    (row) => showInstance(row, keysOf.get(row.unit) ?? [], processOf(row)), (row) => [row.started_at, row.id])
}

function filterOf(query: StrictInstanceQuery, clock: number): InstanceFilter {
  const { model, version, status, element, stuck, late, deviating, deviation, variables } = query
  const below = query.cursor === undefined ? undefined : decodeCursor(query.cursor, [cursorPart.number, cursorPart.uuid])
  const waitedMs = parseDurationMs(query.waitingLongerThan, 'waitingLongerThan')
  return {
    model, version, status, element, stuck, late, deviating, deviation, variables,
    waitingSince: waitedMs === undefined ? undefined : clock - waitedMs,
    startedAfter: parseTime(query.startedAfter, 'startedAfter'),
    startedBefore: parseTime(query.startedBefore, 'startedBefore'),
    below: below === undefined ? undefined : { startedAt: below[0]!, id: below[1]! },
  }
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
