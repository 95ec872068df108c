import { z } from 'zod'
import { Timestamp } from './problem.js'

/** Instances of a model, by state and by what is wrong with them. */
export const ShadowFigures = z.object({
  active: z.number().int(), completed: z.number().int(), terminated: z.number().int(), stuck: z.number().int(), late: z.number().int(), deviating: z.number().int(),
})
export type ShadowFigures = z.infer<typeof ShadowFigures>

const InstanceState = z.enum(['active', 'completed', 'terminated'])

/** An instance as one of the two tells it; `at`: the elements where it waits. */
const Told = z.object({ status: InstanceState, deviations: z.number().int(), stuck: z.boolean(), late: z.boolean(), at: z.array(z.string()) })

/** `instance` names its page; absent where only the new version knows it. */
export const ShadowSample = z.object({ key: z.string(), instance: z.string().optional(), before: Told.optional(), after: Told.optional() })
export type ShadowSample = z.infer<typeof ShadowSample>

export const ShadowComparison = z.object({
  before: ShadowFigures,
  after: ShadowFigures,
  /** Instances of which both say the same, and of which they do not: another state, other deviations, another place. */
  same: z.number().int(), different: z.number().int(),
  /** How many go from which state to which; absent: there is none. */
  statuses: z.array(z.object({ before: InstanceState.optional(), after: InstanceState.optional(), instances: z.number().int() })),
  /** Instances with this deviation, where the numbers differ; the greatest differences first. */
  deviations: z.array(z.object({ kind: z.string(), element: z.string(), before: z.number().int(), after: z.number().int() })),
  samples: z.array(ShadowSample),
})
export type ShadowComparison = z.infer<typeof ShadowComparison>

export const ShadowStatus = z.enum(['asked', 'running', 'ready', 'accepting', 'dropping', 'accepted', 'dropped', 'failed'])

/** A new version that is told beside the one in use. */
export const Shadow = z.object({
  id: z.string(),
  model: z.string(),
  /** That it gets when it is accepted. */
  version: z.number().int(),
  status: ShadowStatus,
  /** Instances that began since then are told again; absent: all. */
  since: Timestamp.optional(),
  by: z.string(),
  /** Entries of the log that are read, of those that there are. */
  done: z.number().int(), total: z.number().int(),
  startedAt: Timestamp, updatedAt: Timestamp,
  /** Once it is `ready`. */
  comparison: ShadowComparison.optional(),
  error: z.string().optional(),
})
export type Shadow = z.infer<typeof Shadow>

/** `move`: instances in flight, and those that have ended, are told by the new version. `stay`: it is for those that begin from now on. */
export const AcceptShadow = z.strictObject({ instances: z.enum(['move', 'stay']).default('move'), by: z.string().min(1).max(100).default('operator') })
export type AcceptShadow = z.infer<typeof AcceptShadow>
