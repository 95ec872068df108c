import { addDurations, durationMs, parseDuration } from './duration.js'
import type { Parsed } from './duration.js'
import { parseDate } from './moment.js'

/** A repeating interval, `R3/PT1H` or `R/2026-01-01T00:00:00Z/P1D`. */
export interface Cycle {
  /** Absent: without end. */
  readonly repetitions?: number
  /** Of the first firing; absent: one duration after the timer was armed. */
  readonly startMs?: number
  /** Nothing fires after it. */
  readonly endMs?: number
  /** ISO 8601, longer than zero. */
  readonly duration: string
}

/** More firings than that are none. */
const MAX_REPETITIONS = 1_000_000_000

/** Reads all three forms of ISO 8601; the zone is for dates that have no offset. Cron texts, which some engines allow, are refused. */
export function parseCycle(text: string, zone = 'UTC'): Parsed<Cycle> {
  const [repeat = '', ...rest] = text.trim().split('/')
  const count = /^R(-1|\d*)$/.exec(repeat)?.[1]
  if (count === undefined || rest.length === 0 || rest.length > 2) {
    return { ok: false, error: `"${text.slice(0, 50)}" is no ISO 8601 cycle such as R3/PT1H or R/2026-01-01T00:00:00Z/P1D` }
  }
  const at = rest.findIndex((part) => part.startsWith('P'))
  const duration = rest[at] ?? ''
  const parsed = parseDuration(duration)
  if (!parsed.ok) return parsed
  const date = rest.length === 2 ? parseDate(rest[1 - at] ?? '', zone) : undefined
  if (date !== undefined && !date.ok) return date
  const repetitions = count === '' || count === '-1' ? undefined : Number(count)
  return {
    ok: true,
    value: {
      duration,
      ...(repetitions === undefined || repetitions > MAX_REPETITIONS ? {} : { repetitions }),
      ...(date === undefined ? {} : at === 1 ? { startMs: date.value } : { endMs: date.value }),
    },
  }
}

/** When the firing of this number (1 is the first) is due; undefined where there is none. Firings before arming are passed over. */
export function cycleDue(cycle: Cycle, armedMs: number, number: number, zone: string): number | undefined {
  if (cycle.repetitions !== undefined && number > cycle.repetitions) return undefined
  const due = cycle.startMs === undefined
    ? addDurations(armedMs, cycle.duration, number, zone)
    : addDurations(cycle.startMs, cycle.duration, number - 1, zone)
  if (!Number.isFinite(due) || (cycle.endMs !== undefined && due > cycle.endMs)) return undefined
  return due
}

/** A cycle that fires all its firings, or for ever, at one moment. */
export function isSilentCycle(cycle: Cycle): boolean {
  return !(durationMs(cycle.duration) > 0)
}
