import type { Clock } from './clock.js'

interface Appointment {
  readonly at: number
  /** Order of making: equal times run first come, first served, so that a run is the same every time. */
  readonly nth: number
  readonly act: () => void
}

/** A clock that jumps from appointment to appointment: months of orders in milliseconds, the same in every run. */
export class VirtualClock implements Clock {
  /** A binary heap, the earliest first. */
  readonly #heap: Appointment[] = []
  #now: number
  #made = 0

  constructor(startMs: number) {
    this.#now = startMs
  }

  now(): number {
    return this.#now
  }

  after(delayMs: number, act: () => void): void {
    const heap = this.#heap
    const appointment = { at: this.#now + Math.max(0, Math.round(delayMs)), nth: this.#made++, act }
    let at = heap.length
    heap.push(appointment)
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isBefore(appointment, heap[parent]!)) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = appointment
  }

  /** Goes to the next appointment and keeps it. False: there is none. */
  step(): boolean {
    const next = this.#takeEarliest()
    if (next === undefined) return false
    this.#now = next.at
    next.act()
    return true
  }

  #takeEarliest(): Appointment | undefined {
    const heap = this.#heap
    const earliest = heap[0]
    const last = heap.pop()
    if (earliest === undefined || last === undefined || heap.length === 0) return earliest
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++
      if (!isBefore(heap[child]!, last)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = last
    return earliest
  }
}

function isBefore(a: Appointment, b: Appointment): boolean {
  return a.at < b.at || (a.at === b.at && a.nth < b.nth)
}
