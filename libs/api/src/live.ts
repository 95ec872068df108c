import { z } from 'zod'
import { PositionString, Timestamp } from './problem.js'

/**
 * Server-sent events of GET /api/v1/live?model=. Their id is the position they are true at; `reset` where a resumed position is too far back.
 * - `changed`: some state was committed; counts and lists may be read again. `elements`: per element the change, for a quick repaint.
 * - `moved`: tokens that moved along sequence flows, for animation (a sample of at most 200 a message).
 */
export const LiveMessage = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('hello'), now: Timestamp, scale: z.number() }),
  z.object({ kind: z.literal('reset') }),
  z.object({ kind: z.literal('changed'), position: PositionString, now: Timestamp, models: z.array(z.string()), instances: z.number().int(), alerts: z.boolean(), commands: z.boolean() }),
  z.object({ kind: z.literal('moved'), model: z.string(), version: z.number().int(), moves: z.array(z.object({ instance: z.string(), key: z.string(), flows: z.array(z.string()) })) }),
])
export type LiveMessage = z.infer<typeof LiveMessage>

/** GET /api/v1/status: what the header of the UI shows. */
export const Status = z.object({
  version: z.string(),
  /** The domain clock and how many of its seconds pass in one. */
  now: Timestamp, clockScale: z.number(),
  embedded: z.object({ log: z.boolean(), database: z.boolean() }),
  head: PositionString, folded: PositionString, lagSeconds: z.number(), lagEntries: z.number(),
  events: z.number().int(), models: z.number().int(), openAlerts: z.number().int(), proposedCommands: z.number().int(),
  /** `stopped`: it cannot go on by itself, and `error` says what to do. */
  following: z.object({ state: z.enum(['on', 'off', 'stopped']), error: z.string().optional() }),
  /** Trackers that share the log and live, by name; empty where one has it for itself. `fencedWrites`: of this process, since it started. */
  members: z.array(z.object({ name: z.string(), shards: z.number().int(), isThisOne: z.boolean() })), fencedWrites: z.number().int(),
  /** `owner`: a member's name; absent where nobody has it now. */
  shards: z.array(z.object({ id: z.number().int(), owner: z.string().optional(), epoch: z.string(), position: PositionString })),
  /** What cannot be followed, and waits for somebody: suspended instances and models, quarantined events. Counted up to 10,000. */
  faults: z.object({ instances: z.number().int(), models: z.number().int(), events: z.number().int() }),
  /** Ways in that fetch events by themselves (outboxes), and why one does not at the moment. */
  waysIn: z.array(z.object({ name: z.string(), events: z.number().int(), lastAt: Timestamp.optional(), error: z.string().optional() })),
  /** The demo can be started by POST /api/v1/demo. */
  demoAvailable: z.boolean(), demoRunning: z.boolean(),
})
export type Status = z.infer<typeof Status>
