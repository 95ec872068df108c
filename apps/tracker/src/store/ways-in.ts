/** How a way in that fetches events by itself is doing. */
export interface WayIn {
  /** `outbox order`: the kind of way and its name. */
  readonly name: string
  /** Events that it appended since this process started. */
  readonly events: number
  /** When it last appended one, epoch milliseconds of the machine; absent: not yet. */
  readonly lastAt?: number
  /** Why nothing comes in at the moment; absent where all is well. */
  readonly error?: string
}

/** Where ways in tell how they do, and status, health and metrics read it. */
export class WaysIn {
  readonly #all = new Map<string, WayIn>()

  report(way: WayIn): void {
    this.#all.set(way.name, way)
  }

  /** By name. */
  list(): readonly WayIn[] {
    return [...this.#all.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }
}
