import { z } from 'zod'
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

/** How many are tried again. */
export const FaultsTried = z.object({ tried: z.number().int() })
export type FaultsTried = z.infer<typeof FaultsTried>
