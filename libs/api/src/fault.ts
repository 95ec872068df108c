import { z } from 'zod'
import { PersonAction } from './alert.js'
import { PositionString, Timestamp } from './problem.js'

/** GET /api/v1/faults: an instance that cannot be folded. What is shown of it is how it was before; its events are kept, and wait. */
export const Fault = z.object({
  /** Names it in POST /api/v1/faults/{unit}/retry. */
  unit: z.string(),
  model: z.string(), key: z.string(),
  /** What came before it is folded; GET /api/v1/events/{position} shows the event where one stands there. */
  position: PositionString,
  /** Events that wait. */
  events: z.number().int(),
  error: z.string(),
  since: Timestamp,
})
export type Fault = z.infer<typeof Fault>

/** GET /api/v1/faults/{unit}: the same with the first events that wait, oldest first. */
export const FaultDetail = Fault.extend({
  waiting: z.array(z.object({ position: PositionString, type: z.string(), source: z.string(), id: z.string(), time: Timestamp })),
})
export type FaultDetail = z.infer<typeof FaultDetail>

/** Body of what is thrown away for good: why is kept with it. */
export const DiscardAction = PersonAction.extend({ comment: z.string().trim().min(1).max(1000) })
export type DiscardAction = z.infer<typeof DiscardAction>

/** Of a suspended instance: all events that wait, where `positions` does not name some of them. */
export const FaultDiscardAction = DiscardAction.extend({ positions: z.array(PositionString).min(1).max(1000).optional() })
export type FaultDiscardAction = z.infer<typeof FaultDiscardAction>

/** How many events are set aside. */
export const FaultDiscarded = z.object({ discarded: z.number().int() })
export type FaultDiscarded = z.infer<typeof FaultDiscarded>

/** How many are tried again. */
export const FaultsTried = z.object({ tried: z.number().int() })
export type FaultsTried = z.infer<typeof FaultsTried>
