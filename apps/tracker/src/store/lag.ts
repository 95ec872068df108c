import type { Log } from '@tidemark/log'
import type { Clock } from '../clock.js'
import type { Progress } from './progress.js'

export interface Lag {
  readonly entries: number
  /** Of the machine's clock: how far the tracker is behind the newest entry. */
  readonly seconds: number
}

/** How far following is behind the log. */
export function lagOf(log: Log, progress: Progress, clock: Clock): Lag {
  const { last, lastAppendTime } = log.stats()
  if (last <= progress.position) return { entries: 0, seconds: 0 }
  return { entries: log.entriesAfter(progress.position), seconds: Math.max(0, lastAppendTime - progress.clock) / 1_000 / clock.scale }
}
