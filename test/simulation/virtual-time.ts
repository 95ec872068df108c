/**
 * Time that passes only while everybody waits for it: timers and clocks of this process are vitest's, and are moved on to the next timer once
 * nothing is under way, neither here nor in the database. So minutes of waiting cost milliseconds, and what happens is the same each time.
 */
import { setImmediate as turn } from 'node:timers/promises'
import { vi } from 'vitest'

export class VirtualTime {
  /** Calls under way that end by themselves, without any timer. */
  #busy = 0
  #ended = 0
  #idle: (() => void) | undefined

  begin(atMs: number): void {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'], now: atMs })
  }

  end(): void {
    vi.useRealTimers()
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      setTimeout(resolve, ms)
    })
  }

  /** No time passes while this runs. */
  async working<T>(work: () => Promise<T>): Promise<T> {
    this.#busy++
    try {
      return await work()
    } finally {
      this.#done()
    }
  }

  /** Inside of {@link working}: time passes meanwhile. */
  async waiting<T>(wait: () => Promise<T>): Promise<T> {
    this.#done()
    try {
      return await wait()
    } finally {
      this.#busy++
    }
  }

  /** Lets time pass until the promise is settled; throws where it is not within so much of it, or where nothing is left that could happen. */
  async until<T>(what: string, done: Promise<T>, withinMs: number): Promise<T> {
    const end = Date.now() + withinMs
    let isOver = false
    const over = () => {
      isOver = true
    }
    done.then(over, over)
    for (;;) {
      await this.#quiet()
      if (isOver) return done
      if (Date.now() > end) throw new Error(`${what} has not come within ${withinMs / 1_000} seconds of virtual time`)
      if (vi.getTimerCount() === 0) throw new Error(`nothing is left that could happen, and not yet: ${what}`)
      vi.advanceTimersToNextTimer()
    }
  }

  async #quiet(): Promise<void> {
    for (;;) {
      const before = this.#ended
      await turn()
      await turn()
      if (this.#busy > 0) await new Promise<void>((resolve) => (this.#idle = resolve))
      else if (before === this.#ended) return
    }
  }

  #done(): void {
    this.#busy--
    this.#ended++
    if (this.#busy > 0) return
    this.#idle?.()
    this.#idle = undefined
  }
}
