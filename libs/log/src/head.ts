/**
 * Where those wait who follow a log: woken when more became durable, without polling.
 */
import type { LogError } from './log.js'

export class Head {
  #waiting = new Set<{ readonly wake: () => void; readonly fail: (error: LogError) => void }>()
  #ended: LogError | undefined

  /** Resolves at the next {@link advanced}, or when the signal aborts. Rejects when the log ended. */
  wait(signal: AbortSignal | undefined): Promise<void> {
    const ended = this.#ended
    if (ended !== undefined) return Promise.reject(ended)
    if (signal?.aborted === true) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const done = (): void => {
        this.#waiting.delete(waiter)
        signal?.removeEventListener('abort', waiter.wake)
      }
      const waiter = {
        wake: (): void => { done(); resolve() },
        fail: (error: LogError): void => { done(); reject(error) },
      }
      this.#waiting.add(waiter)
      signal?.addEventListener('abort', waiter.wake)
    })
  }

  advanced(): void {
    for (const waiter of this.#waiting) waiter.wake()
  }

  /** All present and later waits end with this error. The first one counts. */
  end(error: LogError): void {
    this.#ended ??= error
    for (const waiter of this.#waiting) waiter.fail(this.#ended)
  }
}
