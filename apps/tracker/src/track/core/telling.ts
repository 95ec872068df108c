/** Puts what an instance has done where it is written: how each event was read with its fact, the rest into the counters. One for a batch, turned from instance to instance. */
import type { EventReading, InstanceView, Listener, ReadEvent } from '@tidemark/bpmn'
import type { Changes, FactRow, ReadingRow, VersionCounts } from '../../store/write/changes.js'
import { countDuration, countFlow, countStays } from './tally.js'

/** Facts that are looked through one by one; more are looked up. */
const MAX_LOOKED_THROUGH = 8

/** Whose events, and where what is told of them goes. */
export interface Told {
  readonly unit: string
  readonly instance: string
  readonly counts: VersionCounts
  /** Facts of the unit that are written in this batch. */
  readonly fresh: readonly FactRow[]
  /** As it was shown, where all of it is told again; absent: what is told was not shown before. */
  readonly before?: InstanceView | undefined
}

export class Telling implements Listener {
  readonly #changes: Changes
  #of: Told | undefined
  #fresh: ReadonlyMap<bigint, FactRow> | undefined
  #known: ReadonlyMap<bigint, ReadEvent> | undefined
  #flows: string[] | undefined

  constructor(changes: Changes) {
    this.#changes = changes
  }

  /** From here on another instance is meant. */
  turnTo(told: Told): void {
    const { fresh, before } = told
    this.#of = told
    this.#fresh = fresh.length <= MAX_LOOKED_THROUGH ? undefined : new Map(fresh.map((row) => [row.fact.position, row]))
    this.#known = before === undefined ? undefined : new Map(before.view.events.map((event) => [event.position, event]))
    this.#flows = undefined
  }

  /** Flows that it has taken since, in order. */
  get flows(): readonly string[] {
    return this.#flows ?? NONE
  }

  event(position: bigint, reading: EventReading, element: string | undefined, phase: ReadEvent['phase']): void {
    if (this.#of === undefined) return
    const { unit, instance } = this.#of
    const row = this.#freshAt(position)
    if (row === undefined) {
      const before = this.#known?.get(position)
      if (before !== undefined && before.element === element && before.phase === phase && before.reading === reading) return
    }
    const read: ReadingRow = { instance, element: element ?? null, phase: phase ?? null, reading }
    if (row === undefined) this.#changes.readings.push({ unit, position, ...read })
    else row.read = read
  }

  stays(element: string, count: number): void {
    if (this.#of !== undefined) countStays(this.#of.counts, element, count)
  }

  flow(id: string): void {
    if (this.#of === undefined) return
    countFlow(this.#of.counts, id, 1)
    if (this.#flows === undefined) this.#flows = [id]
    else this.#flows.push(id)
  }

  lasted(element: string, durationMs: number): void {
    if (this.#of !== undefined) countDuration(this.#of.counts, element, durationMs, 1)
  }

  #freshAt(position: bigint): FactRow | undefined {
    if (this.#fresh !== undefined) return this.#fresh.get(position)
    for (const row of this.#of?.fresh ?? []) if (row.fact.position === position) return row
    return undefined
  }
}

const NONE: readonly string[] = []
