/** What came of one attempt to send something, and what is to be done next. Pure: the answer or the error comes in as data. */

export type Outcome =
  | { readonly kind: 'delivered' }
  /** Never again: the receiver said so. */
  | { readonly kind: 'dead'; readonly error: string }
  /** `waitSeconds`: what the receiver asked for. */
  | { readonly kind: 'retry'; readonly error: string; readonly waitSeconds?: number }

/** First retry after up to a second, then up to twice as long each time, up to an hour. */
const FIRST_WAIT_SECONDS = 1
const MAX_WAIT_SECONDS = 3_600
/** A day of attempts: twelve within the first hour or so, then one each half hour on average. */
export const MAX_ATTEMPTS = 58
/** A receiver may ask for patience, but not for ever. */
const MAX_RETRY_AFTER_SECONDS = 86_400
const MAX_ERROR_CHARACTERS = 500

export interface AnswerHead {
  readonly status: number
  readonly retryAfter: string | null
}

/** @param nowMs the machine's clock, for a Retry-After that is a date */
export function judgeAnswer({ status, retryAfter }: AnswerHead, nowMs: number): Outcome {
  if (status >= 200 && status < 300) return { kind: 'delivered' }
  if (status === 410) return { kind: 'dead', error: 'The receiver answered 410: it wants nothing more of this.' }
  if (status >= 300 && status < 400) return { kind: 'retry', error: `The receiver answered ${status}: redirects are not followed, set the final address.` }
  const error = `The receiver answered ${status}.`
  const waitSeconds = status === 429 || status === 503 ? parseRetryAfter(retryAfter, nowMs) : undefined
  return waitSeconds === undefined ? { kind: 'retry', error } : { kind: 'retry', error, waitSeconds }
}

/** Seconds, or a date of HTTP. */
function parseRetryAfter(text: string | null, nowMs: number): number | undefined {
  if (text === null || text.trim() === '') return undefined
  const seconds = /^\d+$/.test(text.trim()) ? Number(text) : (Date.parse(text) - nowMs) / 1_000
  return Number.isFinite(seconds) ? Math.min(Math.max(0, seconds), MAX_RETRY_AFTER_SECONDS) : undefined
}

/** The next step after an attempt: a retry whose time is over is dead. `random`: 0 up to 1, spreads retries that failed together (full jitter). */
export function nextStep(outcome: Outcome, attempts: number, random: number):
  | { readonly kind: 'delivered' } | { readonly kind: 'dead'; readonly error: string } | { readonly kind: 'wait'; readonly error: string; readonly seconds: number } {
  if (outcome.kind === 'delivered') return outcome
  const error = outcome.error.slice(0, MAX_ERROR_CHARACTERS)
  if (outcome.kind === 'dead') return { kind: 'dead', error }
  if (attempts >= MAX_ATTEMPTS) return { kind: 'dead', error: `Given up after ${attempts} attempts. ${error}` }
  const ceiling = Math.min(MAX_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2 ** (attempts - 1))
  return { kind: 'wait', error, seconds: outcome.waitSeconds ?? random * ceiling }
}
