import { z } from 'zod'
import { PageQuery, Timestamp } from './problem.js'

export const AlertKind = z.enum(['stuck', 'late', 'deviation', 'commandFailed', 'incident', 'suspended', 'modelSuspended', 'logMismatch'])
export type AlertKind = z.infer<typeof AlertKind>
export const AlertStatus = z.enum(['open', 'acknowledged', 'resolved'])
export type AlertStatus = z.infer<typeof AlertStatus>

/** One per cause (model, element, kind): instances are its members. */
export const AlertSummary = z.object({
  id: z.string(), kind: AlertKind, severity: z.enum(['info', 'warning', 'critical']), status: AlertStatus,
  model: z.string(), modelName: z.string(), element: z.string().optional(), elementName: z.string().optional(),
  /** In plain words. */
  title: z.string(),
  /** Instances that have the cause now. */
  count: z.number().int(),
  openedAt: Timestamp,
  acknowledgedBy: z.string().optional(), acknowledgedAt: Timestamp.optional(), resolvedBy: z.string().optional(), resolvedAt: Timestamp.optional(),
  assignedTo: z.string().optional(),
  /** Until then nobody is told of it; when it is still open then, they are. */
  silencedUntil: Timestamp.optional(), silencedBy: z.string().optional(),
})
export type AlertSummary = z.infer<typeof AlertSummary>

export const AlertQuery = PageQuery.extend({
  status: AlertStatus.optional(), model: z.string().max(200).optional(), kind: AlertKind.optional(), instance: z.string().max(80).optional(),
})
export type AlertQuery = z.infer<typeof AlertQuery>

/** Body of acknowledge and resolve. */
export const PersonAction = z.strictObject({ by: z.string().min(1).max(100).default('operator'), comment: z.string().max(1000).optional() })
export type PersonAction = z.infer<typeof PersonAction>

export const AssignAction = PersonAction.extend({ to: z.string().trim().min(1).max(100) })
export type AssignAction = z.infer<typeof AssignAction>

/** `for`: ISO 8601 duration from now, up to 90 days; PT0S ends the silence. */
export const SilenceAction = PersonAction.extend({ for: z.string().max(40) })
export type SilenceAction = z.infer<typeof SilenceAction>

/** An alert with the instances that have its cause now, longest first. */
export const Alert = AlertSummary.extend({
  instances: z.array(z.object({ id: z.string(), key: z.string(), since: Timestamp })),
  deliveries: z.array(z.object({ channel: z.string(), status: z.enum(['pending', 'delivered', 'failed', 'dead']), at: Timestamp, attempts: z.number().int(), error: z.string().optional() })),
})
export type Alert = z.infer<typeof Alert>
