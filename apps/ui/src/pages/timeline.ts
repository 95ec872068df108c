import type { Instance, InstanceEvent } from '@tidemark/api'
import { durationText } from '../times.js'

export type RowKind = 'fits' | 'redeemed' | 'deviates' | 'noted' | 'assumed' | 'timer' | 'command' | 'skipped' | 'end'

/** A line of an instance's story: an event and how it was read, or what was concluded without one. */
export interface TimelineRow {
  id: string
  kind: RowKind
  at: string
  element?: string
  /** The item that it is about, of what is followed item by item. */
  item?: string
  title: string
  text: string
  /** Position of the event in the log. */
  position?: string
  /** "arrived 1 d 3 h later", where the event came to the log much after its time. */
  arrived?: string
}

/** Less than this between an event's time and its arrival is the ordinary way of events; on a fast clock their way takes long. */
const tellArrivalMs = 60_000
const ordinaryWayMs = 750
/** No sender holds every one of its events back for so long. */
const broughtInLaterMs = 30 * 86_400_000

/** In the order of event time; what was concluded stands before the event that made it be concluded. */
export function timelineOf(instance: Instance, clockScale = 1): TimelineRow[] {
  const tellMs = Math.max(tellArrivalMs, ordinaryWayMs * clockScale)
  const broughtIn = wasBroughtInLater(instance.events)
  const rows: TimelineRow[] = instance.events.map((event) => eventRow(event, broughtIn ? Infinity : tellMs))
  const skipped = new Set(instance.deviationList.filter(({ kind }) => kind === 'skipped').map(({ element, item }) => placeOf(element, item)))
  for (const { element, name, entered, left, how, interrupted, item } of instance.visits) {
    // A stay that was cut off is no step of its own: what cut it off is told.
    if (how === 'observed' || how === 'silent' || interrupted === true) continue
    // The deviation tells it, and better.
    if (how === 'assumed' && (skipped.has(placeOf(element, item)) || skipped.has(element))) continue
    // What is said is how the stay ended, so it is said where it ended.
    const text = how === 'timer' && left !== undefined && left !== entered ? 'Left because a timer of the model fired.' : conclusions[how]
    rows.push({ id: `${how} ${placeOf(element, item)} ${entered}`, kind: how, at: left ?? entered, element, ...(item !== undefined && { item }), title: name || element, text })
  }
  for (const { kind, element, name, at, text, item } of instance.deviationList) {
    if (kind !== 'skipped') continue
    rows.push({ id: `skipped ${placeOf(element, item)} ${at}`, kind: 'skipped', at, element, ...(item !== undefined && { item }), title: name || element, text })
  }
  if (instance.endedAt !== undefined) {
    rows.push({
      id: 'end',
      kind: 'end',
      at: instance.endedAt,
      title: instance.status === 'terminated' ? 'Terminated' : 'Completed',
      text: `${durationText(Date.parse(instance.endedAt) - Date.parse(instance.startedAt))} after its start`,
    })
  }
  return rows
    .map((row, index) => ({ row, index }))
    .sort((a, b) => compare(a.row, b.row) || a.index - b.index)
    .map(({ row }) => row)
}

/** An element, or one item at it. */
function placeOf(element: string, item: string | undefined): string {
  return item === undefined ? element : `${element} ${item}`
}

const conclusions = {
  assumed: 'No event was seen for it, but what came later needs it.',
  timer: 'Its time had come: the timer of the model fired.',
  command: 'Done by a command that Tidemark decided.',
} as const

/** How an event was read, where the tracker gives no sentence of its own. */
export function readingText({
  reading,
  elementName,
  element,
  phase,
}: Pick<InstanceEvent, 'reading' | 'elementName' | 'element' | 'phase'>): string {
  const where = elementName || element
  if (where === undefined) return reading === 'noted' ? 'Kept with the instance; it moves nothing.' : 'It has no place in the model.'
  const what = phase === 'start' ? `start of “${where}”` : phase === 'end' ? `end of “${where}”` : `“${where}”`
  switch (reading) {
    case 'fits':
      return `Read as the ${what}, as the model expects.`.replace('the “', '“')
    case 'redeemed':
      return `Read as the ${what}, which had been taken as missing: it came out of order.`.replace('the “', '“')
    case 'deviates':
      return `Read as the ${what}, which the model does not allow here.`.replace('the “', '“')
    case 'noted':
      return `Noted at “${where}”; it moves nothing.`
  }
}

function eventRow(event: InstanceEvent, tellMs: number): TimelineRow {
  const behindMs = Date.parse(event.appendTime) - Date.parse(event.time)
  return {
    id: event.position,
    kind: event.reading,
    at: event.time,
    title: event.type,
    text: event.text || readingText(event),
    position: event.position,
    ...(event.element !== undefined && { element: event.element }),
    ...(behindMs >= tellMs && { arrived: `arrived ${durationText(behindMs)} later` }),
  }
}

/** History that was imported: every event came long after its time, and to say so at each tells nothing. */
function wasBroughtInLater(events: readonly InstanceEvent[]): boolean {
  return events.length > 0 && events.every(({ time, appendTime }) => Date.parse(appendTime) - Date.parse(time) >= broughtInLaterMs)
}

const concluded: readonly RowKind[] = ['assumed', 'skipped', 'timer', 'command']

function compare(a: TimelineRow, b: TimelineRow): number {
  if (a.at !== b.at) return a.at < b.at ? -1 : 1
  if (a.kind === 'end' || b.kind === 'end') return a.kind === 'end' ? 1 : -1
  return Number(concluded.includes(b.kind)) - Number(concluded.includes(a.kind))
}
