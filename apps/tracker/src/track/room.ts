import { LARGE_BACKLOG, SMALL_BACKLOG, type BacklogBounds } from './backlog.js'
import type { HeapBounds } from './heap.js'

/** How much memory following may take: more of it makes it quicker. */
export interface Room {
  /** Entries folded and committed together at most: a batch costs a fixed twenty statements, and is to take a fraction of a second. */
  readonly batchEntries: number
  /** Instances kept in memory, by the estimate of units.ts. What is kept is marked again and again by the collector of garbage. */
  readonly cachedBytes: number
  readonly heap: HeapBounds
  /** What is held back where nobody reads the tables yet. */
  readonly backlog: BacklogBounds
}

const MB = 1024 * 1024
/** From here on memory is given for speed. */
const ROOMY_MB = 1_024

/** With this the process stays within 512 MB beside a server when a log is imported, and with the embedded database within 768 MB. */
export const SMALL_ROOM: Room = { batchEntries: 2_000, cachedBytes: 96 * MB, heap: { leastBytes: 0, mostBytes: 0, processBytes: 0 }, backlog: SMALL_BACKLOG }
const LARGE_ROOM: Room = { batchEntries: 4_000, cachedBytes: 128 * MB, heap: { leastBytes: 480 * MB, mostBytes: 640 * MB, processBytes: 880 * MB }, backlog: LARGE_BACKLOG }

export function roomOf(memoryMb: number): Room {
  return memoryMb < ROOMY_MB ? SMALL_ROOM : LARGE_ROOM
}
