import { z } from 'zod'
import { PageQuery, Timestamp } from './problem.js'

/**
 * `noted`: observe mode, nothing is sent. `proposed`: waits for a person. `scheduled`: leaves when settled. `sending`: left, not yet delivered.
 * `withdrawn`: reality overtook it before it left. `missed`: its moment had passed, or the work was seen done.
 */
export const CommandStatus = z.enum(['noted', 'proposed', 'scheduled', 'sending', 'delivered', 'failed', 'dead', 'rejected', 'withdrawn', 'missed'])
export type CommandStatus = z.infer<typeof CommandStatus>

export const CommandSummary = z.object({
  /** The idempotency key: one for ever. */
  id: z.string(),
  type: z.string(), target: z.string().optional(), status: CommandStatus,
  model: z.string(), instance: z.string(), key: z.string(), element: z.string(), elementName: z.string(),
  decidedAt: Timestamp, leftAt: Timestamp.optional(), deliveredAt: Timestamp.optional(),
  attempts: z.number().int(), error: z.string().optional(),
  data: z.unknown(),
  /** Why it was proposed and not sent, or who approved or rejected it. */
  note: z.string().optional(),
})
export type CommandSummary = z.infer<typeof CommandSummary>

export const CommandQuery = PageQuery.extend({
  /** One, or several with commas. */
  status: z.string().max(200).transform((text) => text.split(',')).pipe(z.array(CommandStatus).min(1)).optional(), model: z.string().max(200).optional(), instance: z.string().max(80).optional(),
})
export type CommandQuery = z.infer<typeof CommandQuery>
