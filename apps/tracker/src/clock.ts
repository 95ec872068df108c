/**
 * The only reader of the machine's clock. `now` is the domain clock: append stamps, deadlines and everything shown; it may run faster than
 * real time (the demo: a day is a second). `machine` is the machine's own: leases, signatures, retries.
 */
export interface Clock {
  /** Domain time, epoch milliseconds. */
  now(): number
  /** Machine time, epoch milliseconds. */
  machine(): number
  /** Domain milliseconds that pass in one real one. */
  readonly scale: number
}

export interface ClockScale {
  readonly scale: number
  /** A moment of the machine's clock, and the domain time it stands for; epoch milliseconds. */
  readonly realOrigin: number
  readonly domainOrigin: number
}

export function systemClock(scale?: ClockScale): Clock {
  if (scale === undefined) return { now: Date.now, machine: Date.now, scale: 1 }
  return {
    now: () => Math.floor(scale.domainOrigin + (Date.now() - scale.realOrigin) * scale.scale),
    machine: Date.now,
    scale: scale.scale,
  }
}
