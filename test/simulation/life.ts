/** Of one tracker: it can die, or stand still and go on, at any moment. What it had asked for then has no answer any more, or a late one. */
export class Life {
  #isOver = false
  #stoppedUntil: Promise<void> | undefined
  #goOn: (() => void) | undefined
  readonly ended: Promise<void>
  #end: () => void = () => undefined

  constructor(readonly name: string) {
    this.ended = new Promise((resolve) => (this.#end = resolve))
  }

  get isOver(): boolean {
    return this.#isOver
  }

  die(): void {
    this.#isOver = true
    this.goOn()
    this.#end()
  }

  standStill(): void {
    this.#stoppedUntil ??= new Promise((resolve) => (this.#goOn = resolve))
  }

  goOn(): void {
    this.#goOn?.()
    this.#stoppedUntil = undefined
  }

  get standsStill(): boolean {
    return this.#stoppedUntil !== undefined
  }

  /** Resolves while it lives and runs; for a dead one never. */
  async running(): Promise<void> {
    while (this.#stoppedUntil !== undefined) await this.#stoppedUntil
    if (this.#isOver) await never()
  }
}

export function never<T>(): Promise<T> {
  return new Promise<T>(() => undefined)
}
