/** What is due of a run: when something next changes by itself, and whether something is being waited out. Each deadline is kept only where somebody asks for them. */

export interface ShownDeadline {
  readonly kind: 'timer' | 'stuck' | 'sla' | 'completion'
  readonly element?: string
  readonly dueAt: number
  readonly actsAt: number
}

export class Agenda {
  readonly clock: number
  /** The next moment at which something changes; Infinity where nothing does. */
  nextAt = Infinity
  /** Something is due, or was seen, that may still turn out otherwise. */
  settling = false
  readonly #list: ShownDeadline[] | undefined

  /** @param list where deadlines are put */
  constructor(clock: number, list?: ShownDeadline[]) {
    this.clock = clock
    this.#list = list
  }

  /** At its due time a deadline acts on nothing, and yet what is shown changes: it is being waited out. */
  add(kind: ShownDeadline['kind'], element: string | undefined, dueAt: number, actsAt: number): void {
    this.#list?.push(element === undefined ? { kind, dueAt, actsAt } : { kind, element, dueAt, actsAt })
    if (dueAt > this.clock) this.#changesAt(dueAt)
    if (actsAt <= this.clock) return
    this.#changesAt(actsAt)
    if (dueAt <= this.clock) this.settling = true
  }

  /** What was seen counts from a moment on, and may be explained otherwise until then. */
  settlesAt(moment: number): void {
    this.settling = true
    this.#changesAt(moment)
  }

  #changesAt(moment: number): void {
    if (moment < this.nextAt) this.nextAt = moment
  }
}
