import { z } from 'zod'
import { PageQuery, PositionString, QueryFlag, Timestamp } from './problem.js'
import { Reading } from './event.js'
import { AlertSummary } from './alert.js'
import { CommandSummary } from './command.js'

export const InstanceStatus = z.enum(['active', 'completed', 'terminated'])
export type InstanceStatus = z.infer<typeof InstanceStatus>

export const Token = z.object({
  element: z.string(), name: z.string(), since: Timestamp, dueAt: Timestamp.optional(), stuck: z.boolean(), late: z.boolean(),
  /** A split whose branch is not known yet: where the token may be. */
  undecided: z.array(z.string()).optional(),
  /** An activity with a loop marker: instances that are done, and how many there are to be, where data says so. */
  instances: z.object({ done: z.number().int(), of: z.number().int().optional() }).optional(),
  /** The item that it belongs to, of what is followed item by item; of items inside items all of them, with ' / ' between. */
  item: z.string().optional(),
  /** A sub-process around other tokens of this list: they say where the instance is, it only says within what. */
  scope: z.boolean().optional(),
})
export type Token = z.infer<typeof Token>

/** `observed` by an event, `assumed` (its event is missing), `silent` (unbound), `timer`, `command`. */
export const VisitHow = z.enum(['observed', 'assumed', 'silent', 'timer', 'command'])
export const Visit = z.object({
  element: z.string(), name: z.string(), entered: Timestamp, left: Timestamp.optional(), how: VisitHow,
  /** Ended by a boundary event, a terminate end or an error. */
  interrupted: z.boolean().optional(),
  /** The item that it belongs to. */
  item: z.string().optional(),
})
export type Visit = z.infer<typeof Visit>

export const DeviationKind = z.enum([
  'skipped', 'outOfOrder', 'unexpected', 'repeated', 'rework', 'raceLost', 'afterCancel', 'afterEnd', 'missingStart',
  'decisionMismatch', 'timerOverruled', 'wrongOutcome',
])
export type DeviationKind = z.infer<typeof DeviationKind>
export const Deviation = z.object({
  kind: DeviationKind, element: z.string(), name: z.string(), at: Timestamp, count: z.number().int(),
  /** Later events may still explain it otherwise. */
  provisional: z.boolean(),
  accepted: z.boolean(),
  /** In plain words. */
  text: z.string(),
  /** The item that it is of, as of tokens. */
  item: z.string().optional(),
})
export type Deviation = z.infer<typeof Deviation>

export const Deadline = z.object({
  kind: z.enum(['timer', 'stuck', 'sla', 'completion']), element: z.string().optional(), name: z.string().optional(),
  dueAt: Timestamp,
  /** When Tidemark acts on it: due + grace, or later where senders need to catch up. */
  actsAt: Timestamp,
  passed: z.boolean(),
})
export type Deadline = z.infer<typeof Deadline>

export const InstanceEvent = z.object({
  position: PositionString, id: z.string(), source: z.string(), type: z.string(), time: Timestamp, appendTime: Timestamp,
  element: z.string().optional(), elementName: z.string().optional(), phase: z.enum(['start', 'end', 'occur']).optional(),
  reading: Reading,
  /** How it was read, in plain words. */
  text: z.string(),
})
export type InstanceEvent = z.infer<typeof InstanceEvent>

export const InstanceSummary = z.object({
  id: z.string(), model: z.string(), version: z.number().int(),
  key: z.string(),
  /** By name; the first is the primary key. */
  keys: z.array(z.object({ name: z.string(), value: z.string() })),
  status: InstanceStatus,
  stuck: z.boolean(), late: z.boolean(),
  /** Deviations that count. */
  deviations: z.number().int(),
  /** Deadlines or missing senders may still change what is shown. */
  settling: z.boolean(),
  /** A bound was hit: what is shown is the best known, not exact. */
  approximate: z.boolean(),
  startedAt: Timestamp, lastEventAt: Timestamp, endedAt: Timestamp.optional(),
  tokens: z.array(Token),
})
export type InstanceSummary = z.infer<typeof InstanceSummary>

/** An instance of another process, on one or the other end of a call. */
export const CallLink = z.object({
  /** The call activity, of the process that calls. */
  element: z.string(), name: z.string(),
  /** The other instance. */
  model: z.string(), instance: z.string(), key: z.string(), status: InstanceStatus,
})
export type CallLink = z.infer<typeof CallLink>

/** A message to or from another pool of the same file that was sent and has not been received. */
export const MessageInTransit = z.object({
  flow: z.string(), name: z.string(),
  /** `out`: this instance has sent it. `in`: it is on its way here. */
  direction: z.enum(['in', 'out']),
  element: z.string(), elementName: z.string(),
  otherModel: z.string(), otherElement: z.string(), otherName: z.string(),
  since: Timestamp, dueAt: Timestamp.optional(),
  /** It should have been received by now. */
  late: z.boolean(),
})
export type MessageInTransit = z.infer<typeof MessageInTransit>

export const Instance = InstanceSummary.extend({
  modelName: z.string(),
  /** The tracker's clock when this was true. */
  at: Timestamp,
  /** A moment of the past: event time, with what is known today. Alerts are left out. */
  past: z.boolean().optional(),
  visits: z.array(Visit),
  /** Sequence flows taken by the reading, with how often. */
  path: z.array(z.object({ flow: z.string(), count: z.number().int() })),
  /** What may come next, by element. `items`: of what is followed item by item, the items at work that may go on there; a further one has no name yet. */
  expected: z.array(z.object({ element: z.string(), name: z.string(), events: z.array(z.string()), items: z.array(z.string()).optional() })),
  events: z.array(InstanceEvent),
  deviationList: z.array(Deviation),
  deadlines: z.array(Deadline),
  alerts: z.array(AlertSummary),
  commands: z.array(CommandSummary),
  /** Instances that it has called; instances that call it. */
  calls: z.array(CallLink),
  calledBy: z.array(CallLink),
  messages: z.array(MessageInTransit),
  variables: z.record(z.string(), z.unknown()),
})
export type Instance = z.infer<typeof Instance>

export const InstanceQuery = PageQuery.extend({
  model: z.string().max(200).optional(),
  version: z.coerce.number().int().optional(),
  /** Exact, any of the instance's keys. */
  key: z.string().max(200).optional(),
  status: InstanceStatus.optional(),
  /** Has a token here now. */
  element: z.string().max(200).optional(),
  /** ISO 8601 duration: a token has waited longer (at `element`, where given). */
  waitingLongerThan: z.string().max(40).optional(),
  stuck: QueryFlag.optional(), late: QueryFlag.optional(), deviating: QueryFlag.optional(),
  deviation: DeviationKind.optional(),
  startedAfter: z.string().max(40).optional(), startedBefore: z.string().max(40).optional(),
})
export type InstanceQuery = z.infer<typeof InstanceQuery>

/** Of what is followed item by item: the one meant, as tokens name it; absent: the only one at work there. */
const ofItem = { item: z.string().min(1).max(1000).optional() }

/** Where and when a person says it; `at` is a moment of event time, RFC 3339, absent: now. */
const said = { by: z.string().min(1).max(100).default('operator'), comment: z.string().max(1000).optional(), at: z.string().max(40).optional() }

/**
 * What a person says of an instance. `accept`: a deviation is normal here, shown but not counted. `setAside`: an event does not belong, or what was
 * said before is taken back; by its position. `done`: a step was done, its event will not come. `move`: the tokens are here, all of them, of the instance or of one item. `end`: it is over.
 */
export const Correction = z.discriminatedUnion('what', [
  z.strictObject({ what: z.literal('accept'), kind: DeviationKind, element: z.string().max(400).optional(), ...said }),
  z.strictObject({ what: z.literal('setAside'), position: PositionString.regex(/^\d{1,19}$/, 'not a position: positions are decimal numbers'), ...said }),
  z.strictObject({ what: z.literal('done'), element: z.string().max(400), phase: z.enum(['start', 'end', 'occur']).optional(), ...ofItem, ...said }),
  z.strictObject({ what: z.literal('move'), elements: z.array(z.string().max(400)).min(1).max(100), ...ofItem, ...said }),
  z.strictObject({ what: z.literal('end'), ...said }),
])
export type Correction = z.infer<typeof Correction>
