import { setTimeout as pause } from 'node:timers/promises'
import type { Clock } from '../../clock.js'

/** Behind by more than this, what people do waits noticeably behind what is read. */
const MAX_LAG_SECONDS = 1
/** Waited for at most, each time: where following stands still, events are still taken, slowly. */
const WAIT_MS = 1_000
const LOOK_MS = 50

/**
 * Waits while following is behind. A table of millions of rows could be appended much faster than it can be followed, and what a person deploys or
 * approves meanwhile would stand behind all of them. In the table they wait as safely as in the log.
 */
export function pacedBy(behindSeconds: () => number, clock: Pick<Clock, 'machine'>): () => Promise<void> {
  return async () => {
    for (const end = clock.machine() + WAIT_MS; behindSeconds() > MAX_LAG_SECONDS && clock.machine() < end;) await pause(LOOK_MS)
  }
}
