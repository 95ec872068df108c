import { z } from 'zod'
import { Timestamp } from './problem.js'

/** `asked`: begins within a second; `cancelling`: ends within one. While it runs, what is shown is the state as it was and goes on. */
export const RebuildStatus = z.enum(['asked', 'running', 'paused', 'cancelling', 'done', 'failed', 'cancelled'])
export type RebuildStatus = z.infer<typeof RebuildStatus>

/** GET /api/v1/rebuild: the latest time that the state was folded again from the log. */
export const Rebuild = z.object({
  id: z.string(),
  status: RebuildStatus,
  /** Entries of the log that are folded again, and that there are. */
  done: z.number().int(), total: z.number().int(),
  /** Machine time. */
  startedAt: Timestamp, updatedAt: Timestamp,
  /** Why it failed; the tables in use are then as they were. */
  error: z.string().optional(),
})
export type Rebuild = z.infer<typeof Rebuild>
