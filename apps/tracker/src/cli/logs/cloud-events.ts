import type { RecordedEvent } from './event-log.js'

/** Digits that let sequences be compared as strings, for up to ten thousand million events a file. */
const SEQUENCE_DIGITS = 10

export interface ImportedEvent {
  /** A CloudEvent as JSON. */
  readonly json: string
  /** Without a time it counts as happening when it is appended, so that nothing may overtake it. */
  readonly timed: boolean
}

/**
 * A recorded event as a CloudEvent. Its id is made of what identifies it in the file, so that a second import of the same file repeats
 * events instead of adding some; `sequence` keeps the order of the file among equal times.
 */
export function toCloudEvent(event: RecordedEvent, options: { source: string; withData: boolean }): ImportedEvent {
  const json = JSON.stringify({
    specversion: '1.0',
    id: `${event.caseId}:${event.index}`,
    source: options.source,
    type: event.activity,
    subject: event.caseId,
    ...(event.timeMs === undefined ? {} : { time: new Date(event.timeMs).toISOString() }),
    sequence: String(event.index).padStart(SEQUENCE_DIGITS, '0'),
    ...(options.withData ? { datacontenttype: 'application/json', data: event.attributes } : {}),
  })
  return { json, timed: event.timeMs !== undefined }
}

/** The name of a log as the source of its events: a URI reference. */
export function sourceOf(logName: string): string {
  return `/import/${encodeURIComponent(logName)}`
}
