/**
 * The handshake by which a delivery service of CloudEvents asks whether it may post here, before it does
 * (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/http-webhook.md, section 4). It keeps such a service from being turned against
 * somebody who never asked for its events; who may really append is decided by the token. A consent by callback is not offered: the service
 * would have to call an address that a stranger names.
 */
import { TrackerError } from '../problem.js'

/** Too much is held back by 503 and Retry-After, not by a rate that is agreed on. */
const ANY_RATE = '*'

/**
 * The headers of the answer to OPTIONS. `origin`: WebHook-Request-Origin; absent where nobody asks for consent. `allowed`: names in lower case,
 * `*.example.com` for all below it, `*` for anybody. Throws `forbiddenOrigin` where the origin is not among them.
 */
export function consentTo(origin: string | undefined, allowed: readonly string[]): Readonly<Record<string, string>> {
  const methods = { allow: 'POST, OPTIONS' }
  if (origin === undefined) return methods
  const name = origin.trim().toLowerCase()
  if (!allowed.some((one) => one === '*' || one === name || (one.startsWith('*.') && name.endsWith(one.slice(1))))) {
    throw new TrackerError('forbiddenOrigin', 403, `Events of ${origin.slice(0, 200)} are not taken: TIDEMARK_EVENT_ORIGINS does not list it.`)
  }
  return { ...methods, 'webhook-allowed-origin': origin, 'webhook-allowed-rate': ANY_RATE }
}
