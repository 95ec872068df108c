/** Looks again and again, one look at a time, each so long after the last one ended. What goes wrong is told, and does not end it. */
export class Lookout {
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> = Promise.resolve()
  #stopped = false

  constructor(private readonly look: () => Promise<unknown>, private readonly everyMs: number, private readonly onError: (error: unknown) => void) {}

  start(): void {
    if (this.#stopped) return
    this.#timer = setTimeout(() => {
      this.#looking = this.look().catch(this.onError).then(() => this.start())
    }, this.everyMs)
    this.#timer.unref()
  }

  /** Waits for the look that is under way. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    await this.#looking
  }
}
