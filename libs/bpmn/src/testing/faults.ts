/** What goes wrong on the way: one fault in a trace, and where. */
import type { WalkEvent } from './walk.js'

export const FAULTS = ['drop', 'dropTwo', 'dropThree', 'dropFour', 'swap', 'duplicate', 'stray'] as const
export type Fault = (typeof FAULTS)[number]

export interface Disturbed {
  readonly events: readonly WalkEvent[]
  /** Index of the first event at or after the fault, and of the first that came after it was over. */
  readonly from: number
  readonly over: number
}

/** The trace with one fault at a random place behind its first event; the trace itself where it is too short. */
export function disturb(events: readonly WalkEvent[], fault: Fault, random: () => number, strays: readonly string[] = []): Disturbed {
  const list = [...events]
  const lost = { drop: 1, dropTwo: 2, dropThree: 3, dropFour: 4 }
  const length = fault === 'swap' ? 2 : fault === 'duplicate' || fault === 'stray' ? 1 : lost[fault]
  if (list.length < length + 2) return { events, from: events.length, over: events.length }
  const at = 1 + Math.floor(random() * (list.length - length - 1))
  const one = list[at] as WalkEvent
  switch (fault) {
    case 'swap': {
      const two = list[at + 1] as WalkEvent
      list.splice(at, 2, { ...two, time: one.time }, { ...one, time: two.time, tokens: two.tokens })
      return { events: list, from: at, over: at + 1 }
    }
    case 'duplicate':
      list.splice(at + 1, 0, { ...one, time: one.time + 1 })
      return { events: list, from: at + 1, over: at + 1 }
    case 'stray': {
      const types = strays.length > 0 ? strays : [...new Set(events.map((event) => event.type))]
      const type = types[Math.floor(random() * types.length)] ?? one.type
      list.splice(at + 1, 0, { ...one, type, time: one.time + 1 })
      return { events: list, from: at + 1, over: at + 1 }
    }
    default:
      list.splice(at, length)
      return { events: list, from: at, over: at }
  }
}
