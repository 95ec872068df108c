/**
 * The durable log: a total order of entries that survives a crash. This file is the whole port; every implementation passes the
 * suite in testing/log-contract.ts.
 */

/** A place in a log: opaque, strictly increasing, gaps allowed. A decimal string in JSON. */
export type Position = bigint

/**
 * What an entry is. The kind stands in the frame, never in the payload, so that nobody who sends events can approve a command
 * or move the clock.
 */
export type EntryKind = 'event' | 'model' | 'operation' | 'clock' | 'settlement'

/** What is handed to the log. */
export interface Draft {
  readonly kind: EntryKind
  /** A dotted name, e.g. `event.order.placed`. Matched by the wildcards of {@link ReadOptions.subjects}. At most 255 bytes of UTF-8. */
  readonly subject: string
  /**
   * When it happened, epoch milliseconds. Absent: the append time. A time later than the append time is stored as the append
   * time: the effective time of an entry is fixed when it is appended and never changes.
   */
  readonly time?: number
  /** Names the producer's event (CloudEvents: source, NUL, id). Drafts with a key seen lately, and the same payload, are not appended again. */
  readonly key?: string
  readonly payload: Uint8Array
}

/** What the log gives back. */
export interface Entry {
  readonly position: Position
  readonly kind: EntryKind
  readonly subject: string
  /** Epoch milliseconds, stamped by the log, never falls from one entry to the next. */
  readonly appendTime: number
  /** Effective time, epoch milliseconds, never later than `appendTime`. */
  readonly time: number
  /** The key of the draft, '' where it had none. */
  readonly key: string
  readonly payload: Uint8Array
}

export interface AppendOptions {
  /** Refuse with WrongExpectedPosition unless the log's last position is this one (0n: an empty log). */
  readonly expectedLast?: Position
  /** Idempotent retry: the same producer, epoch and sequence again answers with the first result; an older epoch is Fenced. */
  readonly producer?: { readonly id: string; readonly epoch: number; readonly sequence: number }
  /** `sync` (default): on disk before the answer. `interval`: written, synced within the configured interval. `os`: written, left to the system. */
  readonly durability?: 'sync' | 'interval' | 'os'
}

/** What became of an append. A log may work out its fields when they are asked for: name those that are wanted, do not spread it. */
export interface Appended {
  /** Position of the first and the last entry that was written; both the last position of the log where all were duplicates. */
  readonly first: Position
  readonly last: Position
  readonly accepted: number
  readonly duplicates: number
  /** Per draft: its position, or the position of the original it repeats. */
  readonly positions: readonly Position[]
  readonly appendTime: number
}

export interface ReadOptions {
  /** Where to begin, inclusive. `latest`: only what is appended from now on. A time: the first entry appended at or after it. */
  readonly from: { readonly position: Position } | { readonly time: number } | 'earliest' | 'latest'
  /** Stop after this position, inclusive. Absent: at the head if `follow` is false. */
  readonly until?: Position
  /** Wait for more at the head. Default false. */
  readonly follow?: boolean
  /** Entries per delivered batch at most. Default 1,000. */
  readonly batchSize?: number
  /** Entries in all at most. */
  readonly limit?: number
  /** NATS wildcards: `*` one token, `>` the rest. Any match counts. Absent: all. */
  readonly subjects?: readonly string[]
  readonly kinds?: readonly EntryKind[]
  /** Newest first, for people who page back. Cannot be combined with `follow`. */
  readonly backwards?: boolean
  /**
   * Gives memory for what a batch holds. No two batches share any of it, so that whoever gave it may use it again when done with the batch. A log asks
   * where it would have to make new memory, and never where `backwards` is set. Absent: what was read stays as it was for as long as somebody keeps it.
   */
  readonly memory?: (bytes: number) => Buffer
  readonly signal?: AbortSignal
}

export interface LogStats {
  /** First position that can be read and last one that was made durable; first > last where the log is empty. */
  readonly first: Position
  readonly last: Position
  readonly lastAppendTime: number
  readonly entries: number
  readonly sizeBytes: number
  readonly syncs: number
  /** Bytes waiting to be written, which bound back-pressure. */
  readonly pendingBytes: number
  /** What recovery found at open, in plain words, oldest first. */
  readonly recovered: readonly string[]
}

/** All waits end with a {@link LogError} once the log is closed or poisoned. */
export interface Log {
  /** The log's identity: a stored position is only valid together with it. Survives reopening, differs between logs. */
  readonly identity: string
  /** All or nothing: resolves when durable. An empty batch resolves at once. */
  append(drafts: readonly Draft[], options?: AppendOptions): Promise<Appended>
  /** Batches are never empty. A reader sees durable entries only. Ends at `until`, at the head, or when the signal aborts. */
  read(options: ReadOptions): AsyncIterable<readonly Entry[]>
  /** Entries at these positions, in the order asked; undefined where trimmed or never there. */
  lookup(positions: readonly Position[]): Promise<readonly (Entry | undefined)[]>
  /** Drops whole segments that end before the position, never past the slowest registered reader unless forced. Answers the new first position. */
  trim(before: Position, options?: { readonly force?: boolean }): Promise<Position>
  /** Notes, durably, the first position that this reader still needs: it reads on from there, and trimming is held back to it. */
  registerReader(name: string, position: Position): Promise<void>
  /** The position that was registered last under this name; undefined where there is none. */
  readerPosition(name: string): Promise<Position | undefined>
  unregisterReader(name: string): Promise<void>
  stats(): LogStats
  /** How many stored entries stand behind a position: exact where positions have no gaps, else near enough to see a lag. */
  entriesAfter(position: Position): number
  /** Waits for pending appends, then releases everything. A second call is fine. */
  close(): Promise<void>
}

export type LogErrorCode =
  | 'closed' | 'poisoned' | 'fenced' | 'wrongExpectedPosition' | 'outOfRange' | 'corrupt' | 'tooLarge' | 'backpressure' | 'locked' | 'invalid'
  | 'unavailable'

/** The one error class of this library. `retryable`: the same call may succeed later without anybody mending anything. */
export class LogError extends Error {
  readonly code: LogErrorCode
  readonly retryable: boolean
  /** outOfRange: the first position available. wrongExpectedPosition: the last one. corrupt: where the damage begins. */
  readonly position?: Position
  constructor(code: LogErrorCode, message: string, options: { position?: Position; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'LogError'
    this.code = code
    this.retryable = code === 'backpressure' || code === 'unavailable'
    if (options.position !== undefined) this.position = options.position
  }
}
