/** Follows one model over events, in memory: for scripts, tests and pages that want no tracker around it. */
import { Binder } from './bind/correlate.js'
import type { DomainEvent } from './event.js'
import type { ProcessModel } from './model.js'
import { labelOf } from './net/net.js'
import type { Fact } from './track/fact.js'
import { itemLabels } from './track/tracked-items.js'
import { TrackedModel } from './track/tracked-model.js'
import { Unit, type InstanceView, type UnitContext } from './track/unit.js'

/** A CloudEvent, or as much of one as there is. Its type must be there, and its key: see {@link ProcessModel.keys}. */
export interface FollowedEvent extends Omit<Partial<DomainEvent>, 'time'> {
  readonly type: string
  /** Epoch milliseconds, or a date as RFC 3339 writes it. */
  readonly time: number | string
  /** When it became known; where it is absent, when it happened. */
  readonly arrived?: number
}

/** What became of an event: `followed`; `unbound`: the model does not know it; `keyless`: it names no instance; `waiting`: for an event that links its key. */
export type Taken = 'followed' | 'unbound' | 'keyless' | 'waiting'

export interface FollowedInstance extends InstanceView {
  /** The primary key: all instances with one key are told by their number `run`. */
  readonly key: string
}

/** Not bounded: it keeps every event that it took. */
export class Follower {
  readonly model: TrackedModel
  readonly #binder: Binder
  readonly #primary: string
  readonly #context: UnitContext
  readonly #units = new Map<string, Unit>()
  /** Primary keys that came with another key, and events that have only that other one. */
  readonly #linked = new Map<string, Set<string>>()
  readonly #waiting = new Map<string, Fact[]>()
  #position = 0n
  #clock = -Infinity

  /** @param process as `readProcesses` gives it; none of its findings may be an error */
  constructor(process: ProcessModel) {
    this.model = new TrackedModel(process)
    this.#binder = new Binder(process)
    this.#primary = process.keys[0]?.name ?? ''
    this.#context = {
      model: process.id, versionAt: () => ({ version: 1, model: this.model }), identify: (parts) => parts.map((part) => encodeURIComponent(part)).join('/'),
    }
  }

  /** Takes one event, in any order of time. Throws a RangeError where its time is no date. */
  take(event: FollowedEvent): Taken {
    const time = typeof event.time === 'number' ? event.time : Date.parse(event.time)
    if (!Number.isFinite(time)) throw new RangeError(`the time of ${event.type} is no date: ${String(event.time)}; give epoch milliseconds or 2026-03-01T09:00:00Z`)
    const position = ++this.#position
    const known: DomainEvent = { ...event, time, id: event.id ?? String(position), source: event.source ?? 'events' }
    const bound = this.#binder.bind(known)
    if (bound === undefined) return 'unbound'
    const fact: Fact = {
      position, kind: 'event', time, appendTime: Math.max(event.arrived ?? time, time), source: known.source, id: known.id, type: known.type,
      labels: { 1: bound.labels.map(({ element, phase }) => labelOf(element, phase)), ...(bound.items === undefined ? {} : { [itemLabels(1)]: bound.items }) },
      ...(known.sequence === undefined ? {} : { sequence: known.sequence }), ...(isRecord(known.data) ? { patch: known.data } : {}),
    }
    this.#clock = Math.max(this.#clock, fact.appendTime)
    const primary = bound.keys.find(({ name }) => name === this.#primary)?.value
    const others = bound.keys.filter(({ name }) => name !== this.#primary).map(({ name, value }) => `${name}\u0000${value}`)
    if (primary !== undefined) {
      this.#add(primary, fact)
      for (const other of others) this.#link(other, primary)
      return 'followed'
    }
    const keys = new Set(others.flatMap((other) => [...(this.#linked.get(other) ?? [])]))
    for (const key of keys) this.#add(key, fact)
    if (keys.size > 0) return 'followed'
    for (const other of others) this.#waiting.set(other, [...(this.#waiting.get(other) ?? []), fact])
    return others.length > 0 ? 'waiting' : 'keyless'
  }

  /** All instances as they stand at a moment; where none is given, when the last event had arrived. By key, in the order in which the keys came. */
  instances(clock = this.#clock): readonly FollowedInstance[] {
    return [...this.#units].flatMap(([key, unit]) => unit.view(clock).map((instance) => ({ ...instance, key })))
  }

  #add(key: string, fact: Fact): void {
    let unit = this.#units.get(key)
    if (unit === undefined) {
      unit = new Unit(this.#context, key)
      this.#units.set(key, unit)
    }
    unit.add([fact])
  }

  #link(other: string, primary: string): void {
    const primaries = this.#linked.get(other) ?? new Set()
    if (primaries.has(primary)) return
    this.#linked.set(other, primaries.add(primary))
    for (const fact of this.#waiting.get(other) ?? []) this.#add(primary, fact)
    this.#waiting.delete(other)
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
