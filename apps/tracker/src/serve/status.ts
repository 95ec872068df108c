import type { Status } from '@tidemark/api'
import type { Log } from '@tidemark/log'
import type { Clock } from '../clock.js'
import type { Settings } from '../config.js'
import type { Database } from '../store/database.js'
import type { Progress } from '../store/progress.js'
import { readTotals } from '../store/read/totals.js'
import type { WaysIn } from '../store/ways-in.js'
import { version } from '../version.js'
import { rfc3339 } from './times.js'

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

export interface StatusContext {
  readonly db: Database
  readonly log: Log
  readonly progress: Progress
  readonly clock: Clock
  readonly settings: Settings
  readonly waysIn: WaysIn
}

/** What the header of the UI shows. */
export async function showStatus({ db, log, progress, clock, settings, waysIn }: StatusContext): Promise<Status> {
  const totals = await readTotals(db)
  const lag = lagOf(log, progress, clock)
  const models = Number(totals.models)
  return {
    version,
    now: rfc3339(clock.now()), clockScale: clock.scale,
    embedded: { log: settings.jetstream === undefined, database: db.embedded },
    head: String(log.stats().last), folded: String(progress.position), lagSeconds: lag.seconds, lagEntries: lag.entries,
    events: Number(totals.events), models,
    openAlerts: Number(totals.open_alerts), proposedCommands: Number(totals.proposed_commands),
    waysIn: waysIn.list().map(({ lastAt, ...way }) => ({ ...way, ...(lastAt === undefined ? {} : { lastAt: rfc3339(lastAt) }) })),
    demoAvailable: settings.demo && models === 0, demoRunning: settings.demo && models > 0,
  }
}
