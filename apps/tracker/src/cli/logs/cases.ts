import type { EventLog, RecordedEvent } from './event-log.js'

/** One case of a log, its events as symbols in the order of time; equal times keep the order of the file. */
export type Case = readonly number[]

interface Step {
  readonly timeMs: number
  readonly index: number
  readonly symbol: number
}

/**
 * Puts the events of each case together. Where cases stand one after the other in the file, memory is that of one case; elsewhere it is
 * that of all steps (some 50 bytes an event), as any later row may belong to any case.
 */
export async function* casesOf(log: EventLog, symbolOf: (event: RecordedEvent) => number): AsyncGenerator<Case> {
  const open = new Map<string, Step[]>()
  let present: string | undefined
  for await (const event of log.events()) {
    if (log.casesAreContiguous && present !== event.caseId) yield* closed(open)
    present = event.caseId
    const step = { timeMs: event.timeMs ?? 0, index: event.index, symbol: symbolOf(event) }
    const steps = open.get(event.caseId)
    if (steps === undefined) open.set(event.caseId, [step])
    else steps.push(step)
  }
  yield* closed(open)
}

function* closed(open: Map<string, Step[]>): Generator<Case> {
  for (const [caseId, steps] of open) {
    open.delete(caseId)
    steps.sort((a, b) => a.timeMs - b.timeMs || a.index - b.index)
    yield steps.map((step) => step.symbol)
  }
}
