import { z } from 'zod'
import { PageQuery, PositionString, Timestamp } from './problem.js'

/** 202 of POST /api/v1/events: durable when this is sent. */
export const EventsAccepted = z.object({
  accepted: z.number().int(), duplicates: z.number().int(), position: PositionString,
  /** Not stored, because a rule of the operator says so. */
  dropped: z.number().int().optional(),
})
export type EventsAccepted = z.infer<typeof EventsAccepted>

/**
 * What became of an event in a model. `pending`: in the log, not followed yet. `unmatched`: no model binds it. `waiting`: bound, but its key is
 * not linked to an instance yet, or the grace time of its model has not passed. `ignored`, `incident`: what the model's decision says of an event without
 * an instance; both give way when an instance can take it. `tooOld`: the history of its instance was dropped before it came. `discarded`: it was quarantined,
 * and a person says that nothing is to become of it. `settling` never appears here: an event that was folded is `tracked`.
 */
export const FateKind = z.enum(['pending', 'tracked', 'duplicate', 'waiting', 'ignored', 'incident', 'unmatched', 'quarantined', 'tooOld', 'discarded'])
export type FateKind = z.infer<typeof FateKind>

/** How an event was read in its run. */
export const Reading = z.enum(['fits', 'redeemed', 'deviates', 'noted'])
export type Reading = z.infer<typeof Reading>

export const Fate = z.object({
  kind: FateKind,
  model: z.string().optional(),
  version: z.number().int().optional(),
  instance: z.string().optional(),
  element: z.string().optional(),
  /** Why, in a sentence: the rule that ignored it, the original of a duplicate, the key it waits under. */
  reason: z.string().optional(),
})
export type Fate = z.infer<typeof Fate>

export const LoggedEvent = z.object({
  position: PositionString,
  id: z.string(),
  source: z.string(),
  type: z.string(),
  subject: z.string().optional(),
  time: Timestamp,
  appendTime: Timestamp,
  data: z.unknown().optional(),
  extensions: z.record(z.string(), z.unknown()).optional(),
  fates: z.array(Fate),
})
export type LoggedEvent = z.infer<typeof LoggedEvent>

export const EventQuery = PageQuery.extend({
  type: z.string().max(200).optional(),
  source: z.string().max(400).optional(),
  fate: FateKind.optional(),
  subject: z.string().max(400).optional(),
  after: z.string().max(40).optional(),
  before: z.string().max(40).optional(),
})
export type EventQuery = z.infer<typeof EventQuery>

/** The JSON Schema that the data of a type is held to, and how events have kept to it since the process began. */
export const TypeSchema = z.object({
  /** The type, or the beginning of types, that it is for. */
  for: z.string(),
  onFault: z.enum(['reject', 'report']),
  checked: z.number().int(),
  faults: z.number().int(),
  /** Where in the data, and what it must be; never what stood there. */
  lastFault: z.string().optional(),
})
export type TypeSchema = z.infer<typeof TypeSchema>

/** The catalogue of observed types. */
export const EventType = z.object({
  type: z.string(), count: z.number().int(), firstSeen: Timestamp, lastSeen: Timestamp,
  /** Events per minute over the last five minutes, or over the newest events where these are many. */
  perMinute: z.number(),
  schema: TypeSchema.optional(),
  /** Models that bind it. */
  models: z.array(z.string()),
})
export type EventType = z.infer<typeof EventType>

/** One type, with the newest event of it as it is stored, so masked. Absent where the log no longer has one. */
export const EventTypeDetail = EventType.extend({ example: LoggedEvent.omit({ fates: true }).optional(), schemaSource: z.unknown().optional() })
export type EventTypeDetail = z.infer<typeof EventTypeDetail>
