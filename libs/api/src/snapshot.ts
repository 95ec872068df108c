import { z } from 'zod'
import { Timestamp } from './problem.js'

/** `unchecked`: nobody has looked yet. `restored`: its files give every row back. `folded`: besides, the log gives the same state. `differs`: it gives another. */
export const SnapshotFound = z.enum(['unchecked', 'restored', 'folded', 'differs', 'damaged'])
export type SnapshotFound = z.infer<typeof SnapshotFound>

export const Snapshot = z.object({
  name: z.string(),
  /** Everything up to here is in it. Absent where it is damaged, as all that is only known from its manifest. */
  position: z.string().optional(),
  /** Machine time. */
  createdAt: Timestamp.optional(),
  /** Version of the program that had folded it. */
  program: z.string().optional(),
  rows: z.number().int().optional(), sizeBytes: z.number().int().optional(),
  found: SnapshotFound,
  /** What it was folded from: an older snapshot, or `log`, its beginning. */
  against: z.string().optional(),
  /** Why it was only restored, what differs, or what is damaged. */
  remarks: z.array(z.string()),
})
export type Snapshot = z.infer<typeof Snapshot>

/** `asked`: begins within a second. While it runs, what is shown goes on. */
export const SnapshotJob = z.object({
  id: z.string(),
  status: z.enum(['asked', 'taking', 'checking', 'done', 'failed']),
  /** Absent while none is taken. */
  name: z.string().optional(),
  /** Rows while it is taken, entries of the log while it is checked; a total of 0: not known. */
  done: z.number().int(), total: z.number().int(),
  /** Machine time. */
  startedAt: Timestamp, updatedAt: Timestamp,
  error: z.string().optional(),
})
export type SnapshotJob = z.infer<typeof SnapshotJob>

/** GET /api/v1/snapshots: newest first, and the latest job. */
export const Snapshots = z.object({ items: z.array(Snapshot), job: SnapshotJob.optional() })
export type Snapshots = z.infer<typeof Snapshots>
