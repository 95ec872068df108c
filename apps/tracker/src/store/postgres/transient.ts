/** Connection lost, shutting down, starting up, out of resources, given up as idle, serialization, deadlock, lock not available: SQLSTATE classes of Postgres. */
const TRANSIENT_STATES = /^(08...|53...|57P0.|25P03|40001|40P01|55P03)$/
const TRANSIENT_NETWORK = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'EAI_AGAIN', 'ENOENT'])
/** What pg and its pool say without a code. */
const TRANSIENT_MESSAGE =
  /Connection terminated|Query read timeout|timeout expired|timeout exceeded when trying to connect|not queryable|Client was closed|Cannot use a pool after/

/** True when the same statement may succeed later without anybody mending anything: do it again, with backoff. */
export function isTransient(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isTransient)
  if (!(error instanceof Error)) return false
  const code = (error as { code?: unknown }).code
  if (typeof code === 'string' && (TRANSIENT_STATES.test(code) || TRANSIENT_NETWORK.has(code))) return true
  return TRANSIENT_MESSAGE.test(error.message)
}
