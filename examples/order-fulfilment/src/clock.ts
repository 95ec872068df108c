/**
 * The shop lives in domain time: its epoch milliseconds run `scale` times as fast as the machine's. Whoever shows the demo gives the
 * tracker the same three numbers, so that both mean the same moment. This is the only file of the shop that reads the machine's clock.
 */
export interface Clock {
  /** Domain time in epoch milliseconds. */
  now(): number
  /** Runs `act` once, when `delayMs` of domain time have passed. */
  after(delayMs: number, act: () => void): void
}

export const MINUTE_MS = 60_000
export const HOUR_MS = 60 * MINUTE_MS
export const DAY_MS = 24 * HOUR_MS

export interface ClockOrigin {
  /** At this moment of the machine's clock ... */
  readonly realMs: number
  /** ... it was this moment in the domain. */
  readonly domainMs: number
  /** Domain milliseconds per real millisecond. */
  readonly scale: number
}

/** A day is a second. */
export const DEMO_SCALE = 86_400

/** Far enough back that two minutes of demo (120 days) end in the present. */
export const DEMO_HEAD_START_MS = 120 * DAY_MS

/** Longest delay that setTimeout takes without wrapping to at once. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** Starts now, 120 days in the past, at a second a day. */
export function demoOrigin(realMs: number = Date.now()): ClockOrigin {
  return { realMs, domainMs: realMs - DEMO_HEAD_START_MS, scale: DEMO_SCALE }
}

export class DomainClock implements Clock {
  readonly #timers = new Set<NodeJS.Timeout>()
  #stopped = false

  constructor(readonly origin: ClockOrigin) {}

  now(): number {
    return Math.round(this.origin.domainMs + (Date.now() - this.origin.realMs) * this.origin.scale)
  }

  after(delayMs: number, act: () => void): void {
    if (this.#stopped) return
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      act()
    }, Math.min(delayMs / this.origin.scale, MAX_TIMER_MS))
    this.#timers.add(timer)
  }

  /** Whatever was still to come does not come. */
  stop(): void {
    this.#stopped = true
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
  }
}
