import { setTimeout } from 'node:timers/promises'
import { LogError } from '@tidemark/log'
import type { Logger } from 'pino'
import { isTransient } from './postgres/transient.js'

/** How long what fails for passing reasons is tried again, from its first failure. */
const PATIENCE_MS = 120_000
const RETRY_MS = { first: 200, most: 5_000 }

/**
 * Does what may be done again, until it does not fail for a reason that passes: a start in the middle of an outage waits for its end, as whoever runs
 * already does. Throws what does not pass, or has not within two minutes, or once the signal says stop.
 */
export async function patiently<T>(what: string, logger: Logger | undefined, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  let end: number | undefined
  for (let waitMs = RETRY_MS.first; ; waitMs = Math.min(waitMs * 2, RETRY_MS.most)) {
    try {
      return await work()
    } catch (error) {
      end ??= performance.now() + PATIENCE_MS
      if (!passes(error) || performance.now() > end || signal?.aborted === true) throw error
      logger?.warn({ err: error, retryMs: waitMs }, `${what} failed and is tried again`)
      await setTimeout(waitMs, undefined, signal === undefined ? {} : { signal }).catch(() => {
        throw error
      })
    }
  }
}

function passes(error: unknown): boolean {
  return isTransient(error) || (error instanceof LogError && error.retryable)
}
