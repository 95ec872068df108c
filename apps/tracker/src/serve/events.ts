/**
 * The explorer: the log, read backwards, with what became of each event. A page looks at a bounded number of entries; where that was not enough
 * to fill it, it comes back short, or empty, with a cursor to go on from.
 */
import type { EventQuery, LoggedEvent, Page } from '@tidemark/api'
import { subjectFor } from '@tidemark/log'
import type { Entry, Log, Position } from '@tidemark/log'
import type { Database } from '../store/database.js'
import type { Progress } from '../store/progress.js'
import { candidates } from './event-candidates.js'
import { encodeCursor } from './cursor.js'
import { fatesOf } from './fates.js'
import { showLogged } from './logged-event.js'
import { found } from './not-found.js'
import { parseTime } from './times.js'

/** Entries looked at for one page: some tens of milliseconds. */
const SCANNED = 20_000
/** Events may have a megabyte each. */
const PAGE_BYTES = 4_000_000

export interface EventsContext {
  readonly db: Database
  readonly log: Log
  readonly progress: Progress
}

/** A page of events, newest first. `after` and `before` are times of append. */
export async function listEvents(context: EventsContext, query: EventQuery): Promise<Page<LoggedEvent>> {
  const range = { after: parseTime(query.after, 'after') ?? Number.NEGATIVE_INFINITY, before: parseTime(query.before, 'before') }
  const items: LoggedEvent[] = []
  let bytes = 0
  let scanned = 0
  for await (const batch of candidates(context, query, range.before)) {
    for (const { event, sizeBytes } of await matchesOf(context, query, batch, range.after)) {
      items.push(event)
      bytes += sizeBytes
      if (items.length >= query.limit || bytes >= PAGE_BYTES) return { items, nextCursor: encodeCursor([event.position]) }
    }
    scanned += batch.length
    const oldest = batch.at(-1)!
    if (oldest.appendTime < range.after) return { items }
    if (scanned >= SCANNED) return { items, nextCursor: encodeCursor([String(oldest.position)]) }
  }
  return { items }
}

/** One event by its position. */
export async function findEvent(context: EventsContext, position: Position): Promise<LoggedEvent> {
  const [entry] = await context.log.lookup([position])
  const event = found(entry?.kind === 'event' ? entry : undefined, 'event', String(position), '/api/v1/events')
  const fateOf = await fatesOf(context.db, context.progress, [String(position)])
  return { ...showLogged(event), fates: fateOf(String(position)) }
}

/** Those of a batch that the query asks for, in the order of the batch. */
async function matchesOf(
  { db, progress }: EventsContext, query: EventQuery, batch: readonly Entry[], after: number,
): Promise<{ event: LoggedEvent; sizeBytes: number }[]> {
  const subject = query.type === undefined ? undefined : subjectFor('event', query.type)
  const shown = batch
    // The subject is cheap to compare and tells most of them apart; two types may share one, so the type is compared too.
    .filter((entry) => entry.kind === 'event' && entry.appendTime >= after && (subject === undefined || entry.subject === subject))
    .map((entry) => ({ event: showLogged(entry), sizeBytes: entry.payload.length }))
    .filter(({ event }) => (query.type === undefined || event.type === query.type)
      && (query.source === undefined || event.source === query.source) && (query.subject === undefined || event.subject === query.subject))
    .slice(0, query.fate === undefined ? query.limit : undefined)
  const fateOf = await fatesOf(db, progress, shown.map(({ event }) => event.position))
  return shown
    .map(({ event, sizeBytes }) => ({ event: { ...event, fates: fateOf(event.position) }, sizeBytes }))
    .filter(({ event }) => query.fate === undefined || event.fates.some(({ kind }) => kind === query.fate))
}
