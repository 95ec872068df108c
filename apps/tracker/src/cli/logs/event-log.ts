/** An event of a recorded log, whatever format it was recorded in. */
export interface RecordedEvent {
  readonly caseId: string
  readonly activity: string
  /** Epoch milliseconds; absent where the log gives none. */
  readonly timeMs?: number
  /** Number of the event in the file, 0-based, counted over all events, so that it also identifies it. Rises in file order. */
  readonly index: number
  /** Everything else the log says; attributes of the case stand at its first event, prefixed `case:`. */
  readonly attributes: Readonly<Record<string, unknown>>
}

export interface EventLog {
  /** File name without its extensions. */
  readonly name: string
  /** The events of a case come one after the other, so that a case is complete when the next one begins. */
  readonly casesAreContiguous: boolean
  /** What was noticed about the file, for people: rows that are skipped, events that are left out. */
  readonly remarks: readonly string[]
  /** Streams the file from its beginning, in constant memory, as often as it is called. */
  events(): AsyncIterable<RecordedEvent>
  /** How much of the file the present pass has read, 0..1. */
  fractionRead(): number
}

export interface LogOptions {
  /** XES: import events of every lifecycle, not only the completed ones. CSV with a start time: a start event beside each end. */
  readonly lifecycle?: boolean
  /** CSV: column names; guessed where absent. */
  readonly case?: string
  readonly activity?: string
  readonly time?: string
  readonly startTime?: string
  readonly resource?: string
  readonly delimiter?: string
  /** CSV: IANA zone of times that carry no offset. Default UTC. */
  readonly timeZone?: string
  /** CSV: how `01/02/2024` is read. */
  readonly dateOrder?: 'dmy' | 'mdy'
  readonly skipBadRows?: boolean
}
