/**
 * What stands in the payload of the log's control entries (JSON). Events are CloudEvents in structured JSON. Only our own rooms write these
 * kinds; the kind stands in the log's frame, so that no sender of events can forge one.
 */
import { z } from 'zod'

/** The subject of what came in and is no event: it is kept, and gets the fate `quarantined`, whatever it says of itself. */
export const QUARANTINE_SUBJECT = 'undecodable'

/**
 * kind `model`, subject `model`. One file may hold several processes; each is deployed as a model of its own. A new version is for instances that
 * begin from now on, unless it takes over: then the instances of that process which began at `since` (epoch milliseconds of event time) or later are
 * told again by it, as if it had been there.
 */
export const ModelEntry = z.object({
  xml: z.string(), mapping: z.string().optional(), decision: z.string().optional(), by: z.string(),
  takesOver: z.object({ model: z.string(), since: z.number().int() }).optional(),
})
export type ModelEntry = z.infer<typeof ModelEntry>

/** What a person says of an instance; `at` is the moment of event time that they state, else it is now. */
const aboutInstance = {
  model: z.string(), key: z.string(), instance: z.string(), by: z.string(), comment: z.string().optional(), at: z.number().int().optional(),
}

/** Absent: the only one at work there. */
const ofItem = { item: z.string().optional() }

/** kind `operation`, subject `operation.<op>`: what a person did. */
export const OperationEntry = z.discriminatedUnion('op', [
  z.object({ op: z.literal('acknowledgeAlert'), alert: z.string(), by: z.string(), comment: z.string().optional() }),
  z.object({ op: z.literal('resolveAlert'), alert: z.string(), by: z.string(), comment: z.string().optional() }),
  z.object({ op: z.literal('assignAlert'), alert: z.string(), to: z.string(), by: z.string(), comment: z.string().optional() }),
  /** `until`: epoch milliseconds of the tracker's clock; in the past it ends the silence. */
  z.object({ op: z.literal('silenceAlert'), alert: z.string(), until: z.number().int(), by: z.string(), comment: z.string().optional() }),
  /** `model` and `key` name the unit the command belongs to, so that the entry routes without a look-up. */
  z.object({ op: z.literal('approveCommand'), command: z.string(), model: z.string(), key: z.string(), by: z.string(), comment: z.string().optional() }),
  z.object({ op: z.literal('rejectCommand'), command: z.string(), model: z.string(), key: z.string(), by: z.string(), comment: z.string().optional() }),
  z.object({ op: z.literal('retryCommand'), command: z.string(), model: z.string(), key: z.string(), by: z.string(), comment: z.string().optional() }),
  /** The model goes on after the brake stopped it. */
  z.object({ op: z.literal('resumeModel'), model: z.string(), by: z.string(), comment: z.string().optional() }),
  /** Nothing is to become of an event that was quarantined. */
  z.object({ op: z.literal('discardEvent'), position: z.string(), by: z.string(), comment: z.string() }),
  z.object({ op: z.literal('acceptDeviation'), ...aboutInstance, kind: z.string(), element: z.string().optional() }),
  /** An event of the instance, or what a person said of it before: by source and id. */
  z.object({ op: z.literal('setAside'), ...aboutInstance, source: z.string(), id: z.string() }),
  z.object({ op: z.literal('assertStep'), ...aboutInstance, element: z.string(), phase: z.enum(['start', 'end', 'occur']).optional(), ...ofItem }),
  z.object({ op: z.literal('moveTokens'), ...aboutInstance, elements: z.array(z.string()), ...ofItem }),
  z.object({ op: z.literal('endInstance'), ...aboutInstance }),
])
export type OperationEntry = z.infer<typeof OperationEntry>

const closedPlace = z.object({ closedAt: z.number().int(), instance: z.string() })

/** kind `settlement`. A command that leaves has subject `command.<target>.<type>`, all else `settlement.<what>`. */
export const SettlementEntry = z.discriminatedUnion('what', [
  /** A command is about to be sent: appended first, sent only once this is folded. `event` is the CloudEvent that the service gets. */
  z.object({
    what: z.literal('commandLeft'), command: z.string(), model: z.string(), key: z.string(), element: z.string(), cause: z.string(),
    event: z.record(z.string(), z.unknown()),
  }),
  z.object({
    what: z.literal('commandSettled'), command: z.string(), model: z.string(), key: z.string(), outcome: z.enum(['delivered', 'dead']),
    attempts: z.number().int(), error: z.string().optional(),
  }),
  /** Says what it is about, so that a rebuild opens it also where its cause was gone again between two of its commits. */
  z.object({
    what: z.literal('alertOpened'), alert: z.string(), episode: z.number().int(), kind: z.string(), severity: z.string(), model: z.string(),
    element: z.string(), title: z.string(),
  }),
  /** Its silence is over and it is still open: now people are told. */
  z.object({ what: z.literal('alertAnnounced'), alert: z.string(), episode: z.number().int() }),
  /** How far an outbox table has been read; stands in one batch with the events that were read. See ingest/outbox/position.ts. */
  z.object({
    what: z.literal('outboxRead'), outbox: z.string(), read: z.string(),
    within: z.object({ target: z.string(), committed: z.string().optional(), transaction: z.string(), newest: z.string() }).optional(),
  }),
  /** Instances that closed behind `from` and up to `to`, in the order (moment, id), go with all that belongs to them. */
  z.object({ what: z.literal('historyDropped'), from: closedPlace.optional(), to: closedPlace }),
  z.object({ what: z.literal('alertCleared'), alert: z.string(), episode: z.number().int() }),
  /** A message about it arrived or was given up: a rebuild does not send it again. */
  z.object({
    what: z.literal('alertDelivered'), alert: z.string(), delivery: z.string(), outcome: z.enum(['delivered', 'dead']), attempts: z.number().int(),
    error: z.string().optional(),
  }),
])
export type SettlementEntry = z.infer<typeof SettlementEntry>
