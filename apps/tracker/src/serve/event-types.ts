import type { EventType, EventTypeDetail, Page } from '@tidemark/api'
import type { ProcessModel } from '@tidemark/bpmn'
import { type Log, subjectFor } from '@tidemark/log'
import type { Clock } from '../clock.js'
import type { EventSchema, Policy, SchemaRecord } from '../policy/policy.js'
import type { Database } from '../store/database.js'
import { readEventType, readEventTypes } from '../store/read/events.js'
import type { EventTypeRow } from '../store/read/events.js'
import { readNewestVersions } from '../store/read/models.js'
import { cursorPart, decodeCursor, pageOfRows } from './cursor.js'
import { showLogged } from './logged-event.js'
import { found } from './not-found.js'
import type { Processes } from './processes.js'
import { readPace, type Pace } from './pace.js'
import { rfc3339 } from './times.js'

/** Models whose bindings are looked at. */
const MODELS = 200

/** Entries of its subject among which the newest event of a type is looked for. */
const LOOKED_AT = 100

export interface TypesContext {
  readonly db: Database
  readonly processes: Processes
  readonly log: Log
  readonly clock: Clock
  readonly policy: Policy
}

/** The catalogue of observed types, by name, with the models whose newest version binds them. */
export async function listEventTypes(
  { db, processes, log, clock, policy }: TypesContext, query: { cursor?: string | undefined; limit: number },
): Promise<Page<EventType>> {
  const after = query.cursor === undefined ? undefined : decodeCursor(query.cursor, [cursorPart.text])[0]
  const rows = await readEventTypes(db, after, query.limit + 1)
  const [binders, pace] = await Promise.all([bindersOf(db, processes), readPace(log, clock)])
  return pageOfRows(rows, query.limit, (row) => showType(row, { binders, pace, policy }), (row) => [row.type])
}

/** One type with its schema and its newest event. */
export async function findEventType({ db, processes, log, clock, policy }: TypesContext, type: string): Promise<EventTypeDetail> {
  const row = found(await readEventType(db, type), 'eventType', type, '/api/v1/event-types')
  const [binders, pace, example] = await Promise.all([bindersOf(db, processes), readPace(log, clock), newestOf(log, row)])
  const schema = policy.schemaOf(type)
  return {
    ...showType(row, { binders, pace, policy }),
    ...(example === undefined ? {} : { example }), ...(schema === undefined ? {} : { schemaSource: schema.source }),
  }
}

/** The table says when it was appended, the log finds it by that. Subjects of two types may be the same, so the type is compared as well. */
async function newestOf(log: Log, row: EventTypeRow): Promise<EventTypeDetail['example']> {
  const from = { time: Number(row.last_seen) }
  for await (const entries of log.read({ from, subjects: [subjectFor('event', row.type)], kinds: ['event'], limit: LOOKED_AT })) {
    const example = entries.map(showLogged).findLast((event) => event.type === row.type)
    if (example !== undefined) return example
  }
  return undefined
}

async function bindersOf(db: Database, processes: Processes): Promise<TypeBinder[]> {
  const versions = await readNewestVersions(db, MODELS)
  const processOf = await processes.load(versions)
  return versions.flatMap((version) => {
    const named = processOf(version)
    return named === undefined ? [] : [binderOf(named.process)]
  })
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

function showType(row: EventTypeRow, { binders, pace, policy }: { binders: readonly TypeBinder[]; pace: Pace; policy: Policy }): EventType {
  const schema = policy.schemaOf(row.type)
  return {
    type: row.type, count: Number(row.count), firstSeen: rfc3339(row.first_seen), lastSeen: rfc3339(row.last_seen), perMinute: pace(row.type),
    ...(schema === undefined ? {} : { schema: showSchema(schema) }),
    models: binders.filter(({ binds }) => binds(row.type)).map(({ model }) => model),
  }
}

function showSchema({ type, onFault, checked, faults, lastFault }: EventSchema & SchemaRecord): NonNullable<EventType['schema']> {
  return { for: type, onFault, checked, faults, ...(lastFault === undefined ? {} : { lastFault }) }
}
