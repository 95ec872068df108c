import type { EventType, Page } from '@tidemark/api'
import type { ProcessModel } from '@tidemark/bpmn'
import type { Database } from '../store/database.js'
import { readEventTypes } from '../store/read/events.js'
import type { EventTypeRow } from '../store/read/events.js'
import { readNewestVersions } from '../store/read/models.js'
import { cursorPart, decodeCursor, pageOfRows } from './cursor.js'
import type { Processes } from './processes.js'
import { rfc3339 } from './times.js'

/** Models whose bindings are looked at. */
const MODELS = 200

/** The catalogue of observed types, by name, with the models whose newest version binds them. */
export async function listEventTypes(
  db: Database, processes: Processes, query: { cursor?: string | undefined; limit: number },
): Promise<Page<EventType>> {
  const after = query.cursor === undefined ? undefined : decodeCursor(query.cursor, [cursorPart.text])[0]
  const rows = await readEventTypes(db, after, query.limit + 1)
  const versions = await readNewestVersions(db, MODELS)
  const processOf = await processes.load(versions)
  const binders = versions.flatMap((version) => {
    const named = processOf(version)
    return named === undefined ? [] : [binderOf(named.process)]
  })
  return pageOfRows(rows, query.limit, (row) => showType(row, binders), (row) => [row.type])
}

interface TypeBinder {
  readonly model: string
  readonly binds: (type: string) => boolean
}

function binderOf(process: ProcessModel): TypeBinder {
  const patterns = process.elements.flatMap(({ bindings }) => bindings.map(({ event }) => event))
  const exact = new Set(patterns)
  const prefixes = patterns.filter((pattern) => pattern.endsWith('*')).map((pattern) => pattern.slice(0, -1))
  return { model: process.id, binds: (type) => exact.has(type) || prefixes.some((prefix) => type.startsWith(prefix)) }
}

function showType(row: EventTypeRow, binders: readonly TypeBinder[]): EventType {
  return {
    type: row.type, count: Number(row.count), firstSeen: rfc3339(row.first_seen), lastSeen: rfc3339(row.last_seen),
    models: binders.filter(({ binds }) => binds(row.type)).map(({ model }) => model),
  }
}
