import { Webhook } from 'standardwebhooks'
import { judgeAnswer } from './attempt.js'
import type { Outcome } from './attempt.js'

/** A receiver that has not answered by then is taken for dead; it may have obeyed, and knows the second try by its id. */
const TIMEOUT_MS = 10_000

export interface Posting {
  readonly url: string
  /** The same in every attempt: what receivers recognise a repetition by. */
  readonly id: string
  readonly contentType: string
  readonly body: string
  /** Absent: unsigned. */
  readonly secret: string | undefined
  /** The machine's clock, epoch milliseconds. */
  readonly now: number
  readonly timeoutMs?: number
  /** Gives up waiting: the process ends. */
  readonly signal?: AbortSignal
}

/** One signed POST (Standard Webhooks 1.0: webhook-id, webhook-timestamp, webhook-signature). Redirects are not followed. Never throws. */
export async function post({ url, id, contentType, body, secret, now, timeoutMs = TIMEOUT_MS, signal }: Posting): Promise<Outcome> {
  const timestamp = new Date(now)
  const headers: Record<string, string> = {
    'content-type': contentType, 'webhook-id': id, 'webhook-timestamp': String(Math.floor(now / 1_000)), 'user-agent': 'tidemark',
    ...(secret === undefined ? {} : { 'webhook-signature': new Webhook(secret).sign(id, timestamp, body) }),
  }
  const limit = AbortSignal.timeout(timeoutMs)
  try {
    const answer = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal: signal === undefined ? limit : AbortSignal.any([limit, signal]) })
    // The body says nothing that matters, and could be endless.
    await answer.body?.cancel()
    return judgeAnswer({ status: answer.status, retryAfter: answer.headers.get('retry-after') }, now)
  } catch (error) {
    if (limit.aborted) return { kind: 'retry', error: `No answer within ${timeoutMs / 1_000} seconds.` }
    return { kind: 'retry', error: `The receiver cannot be reached: ${reasonOf(error)}` }
  }
}

/** fetch says only "fetch failed"; the reason stands in the cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  if (!(cause instanceof Error)) return String(cause)
  const code = (cause as { code?: unknown }).code
  return typeof code === 'string' && !cause.message.includes(code) ? `${code} ${cause.message}`.trim() : cause.message
}
