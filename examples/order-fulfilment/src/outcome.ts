import type { Journal } from './journal.js'

/** What really became of an order, by the journal of those who worked on it. */
export interface Outcome {
  /** `stuck`: some work will never be done, and nobody has cancelled it. `unknown`: the journal has no such order. */
  readonly end: 'completed' | 'cancelled' | 'stuck' | 'running' | 'unknown'
  readonly placedAt?: string
  readonly endedAt?: string
  /** Event types in the order in which the work was really done. */
  readonly steps: readonly string[]
  /** Ids of events that the sink will never get. */
  readonly untold: readonly string[]
  /** Ids of events that the sink has acknowledged, each once. */
  readonly acknowledged: readonly string[]
  /** Ids of commands that were obeyed. */
  readonly obeyed: readonly string[]
}

export function outcomeOf(journal: Journal, orderId: string): Outcome {
  const entries = journal.of(orderId)
  const emitted = entries.filter((entry) => entry.did === 'emitted')
  const ended = emitted.find((entry) => entry.type === 'order.completed' || entry.type === 'order.cancelled')
  const isStuck = entries.some((entry) => entry.did === 'forgot')
  const idsWhere = (...did: readonly string[]): string[] =>
    [...new Set(entries.flatMap((entry) => did.includes(entry.did) && entry.eventId !== undefined ? [entry.eventId] : []))]
  const placedAt = emitted.find((entry) => entry.type === 'order.placed')?.time

  return {
    end: ended !== undefined ? (ended.type === 'order.completed' ? 'completed' : 'cancelled')
      : isStuck ? 'stuck' : emitted.length > 0 ? 'running' : 'unknown',
    ...(placedAt === undefined ? {} : { placedAt }),
    ...(ended === undefined ? {} : { endedAt: ended.time }),
    steps: emitted.flatMap((entry) => entry.type ?? []),
    untold: idsWhere('withheld', 'rejected'),
    acknowledged: idsWhere('acknowledged'),
    obeyed: entries.flatMap((entry) => entry.did === 'obeyed' && entry.commandId !== undefined ? [entry.commandId] : []),
  }
}
