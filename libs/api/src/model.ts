import { z } from 'zod'
import { Timestamp } from './problem.js'

export const Severity = z.enum(['error', 'warning', 'info'])
export const Finding = z.object({ code: z.string(), severity: Severity, elementId: z.string().optional(), message: z.string() })
export type Finding = z.infer<typeof Finding>

/** 201 of POST /api/v1/models (200 with `?dryRun=true`, 202 while its entry is not folded yet, 422 with findings where it cannot be tracked). */
export const Deployed = z.object({
  id: z.string(),
  version: z.number().int(),
  findings: z.array(Finding),
  /** Every process of the file, the first is `id`. */
  models: z.array(z.object({ id: z.string(), version: z.number().int(), name: z.string() })),
  dryRun: z.boolean().optional(),
})
export type Deployed = z.infer<typeof Deployed>

/** `catchingUp`: still reading the log from its beginning; `active`: follows live events; `suspended`: the brake stopped it. */
export const ModelStatus = z.enum(['catchingUp', 'active', 'suspended'])

export const ModelSummary = z.object({
  id: z.string(),
  name: z.string(),
  /** Newest version. */
  version: z.number().int(),
  versions: z.array(z.object({
    version: z.number().int(), deployedAt: Timestamp, status: ModelStatus,
    /** 0..1 while catching up. */
    progress: z.number().optional(),
    findings: z.array(Finding),
  })),
  /** A new version is tried, or being taken over: see `/shadow`. */
  isTried: z.boolean().optional(),
  mode: z.enum(['observe', 'suggest', 'manage']),
  active: z.number().int(), completed: z.number().int(), terminated: z.number().int(),
  stuck: z.number().int(), late: z.number().int(), deviating: z.number().int(),
  lastEventAt: Timestamp.optional(),
})
export type ModelSummary = z.infer<typeof ModelSummary>

export const ElementFlow = z.object({
  element: z.string(),
  name: z.string(),
  kind: z.string(),
  /** Instances with a token here now; those of them that wait too long; that are past a deadline; that have a deviation here that counts. */
  tokens: z.number().int(), stuck: z.number().int(), late: z.number().int(), deviating: z.number().int(),
  /** Stays that began, ever. */
  visits: z.number().int(),
  /** Of finished stays with both ends observed; milliseconds. */
  durationP50Ms: z.number().optional(), durationP95Ms: z.number().optional(),
  /** Of tokens waiting here now; milliseconds. */
  waitP50Ms: z.number().optional(), waitP95Ms: z.number().optional(), waitMaxMs: z.number().optional(),
})
export type ElementFlow = z.infer<typeof ElementFlow>

export const Flow = z.object({
  model: z.string(), version: z.number().int(),
  /** The tracker's clock when this was true. */
  at: Timestamp,
  /** A moment of the past: event time, with what is known today. Visits, flows and durations are then those of what was under way. */
  past: z.boolean().optional(),
  /** Where too many were under way to follow all again: how many were, for which the others stand. */
  sampled: z.number().int().optional(),
  active: z.number().int(), completed: z.number().int(), terminated: z.number().int(),
  stuck: z.number().int(), late: z.number().int(), deviating: z.number().int(),
  elements: z.array(ElementFlow),
  /** How often each sequence flow was taken. */
  flows: z.array(z.object({ flow: z.string(), count: z.number().int() })),
})
export type Flow = z.infer<typeof Flow>
