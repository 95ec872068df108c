import { type Log, subjectFor } from '@tidemark/log'
import type { Clock } from '../clock.js'

/** Events per minute of real time, by type. */
export type Pace = (type: string) => number

const WINDOW_MS = 5 * 60_000
/** Entries that are looked at: some tens of milliseconds. */
const LOOKED_AT = 10_000
/** A burst of an instant says nothing of a minute. */
const MIN_SPAN_MS = 1_000

/** Counted in the log itself, backwards from its head, so that it is right after a restart and the same wherever one asks. */
export async function readPace(log: Log, clock: Clock): Promise<Pace> {
  const now = clock.now()
  const windowMs = WINDOW_MS * clock.scale
  const counts = new Map<string, number>()
  let seen = 0
  let sinceMs = now - windowMs
  reading: for await (const entries of log.read({ from: 'latest', backwards: true, kinds: ['event'], limit: LOOKED_AT })) {
    for (const { subject, appendTime } of entries) {
      if (appendTime < now - windowMs) break reading
      counts.set(subject, (counts.get(subject) ?? 0) + 1)
      seen += 1
      if (seen === LOOKED_AT) sinceMs = appendTime
    }
  }
  const minutes = Math.max((now - sinceMs) / clock.scale, MIN_SPAN_MS) / 60_000
  return (type) => Math.round((counts.get(subjectFor('event', type)) ?? 0) / minutes * 10) / 10
}
