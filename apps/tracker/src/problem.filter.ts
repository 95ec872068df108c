import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common'
import type { Problem } from '@tidemark/api'
import { LogError } from '@tidemark/log'
import type { FastifyReply } from 'fastify'
import type { Logger } from 'pino'
import { MAX_BODY_BYTES, MAX_EVENTS_BYTES, TRACES_PATH } from './http/body-limits.js'
import { TrackerError } from './problem.js'
import { isTransient } from './store/postgres/transient.js'

const BODY_TOO_LARGE = `A body has at most ${MAX_BODY_BYTES} bytes, and a request of events at most ${MAX_EVENTS_BYTES}: send less at once.`

/** The one place where an error becomes an answer: application/problem+json, never a stack, SQL or a path of ours. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>()
    const known = trackerErrorOf(error)
    if (known.status >= 500) this.logger.error({ err: error }, known.code)
    sendProblem(reply, known)
  }
}

/** As bytes: for text the framework would add a charset, which JSON has none of. */
export function sendProblem(reply: FastifyReply, error: TrackerError): void {
  if (error.retryAfterSeconds !== undefined) void reply.header('retry-after', String(error.retryAfterSeconds))
  if (error.status === 401) void reply.header('www-authenticate', 'Bearer')
  const [type, body] = reply.request.url.split('?', 1)[0] === TRACES_PATH ? (['application/json', otlpStatusOf(error)] as const) : (['application/problem+json', problemOf(error)] as const)
  void reply.code(error.status).header('content-type', type).send(Buffer.from(JSON.stringify(body)))
}

/** OTLP asks for a google.rpc.Status where it takes spans; exporters print its message. */
function otlpStatusOf({ status, detail }: TrackerError): { code: number; message: string } {
  return { code: grpcCodes[status] ?? (status < 500 ? 3 : 13), message: detail }
}

/** https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto; what is not listed is INVALID_ARGUMENT below 500, INTERNAL from there. */
const grpcCodes: Readonly<Record<number, number>> = { 401: 16, 403: 7, 404: 5, 413: 8, 429: 8, 503: 14 }

export function problemOf(error: TrackerError): Problem {
  return {
    type: `urn:tidemark:problem:${error.code}`,
    title: titles[error.status] ?? 'Error',
    status: error.status,
    code: error.code,
    detail: error.detail,
    ...(error.errors === undefined ? {} : { errors: error.errors.map((item) => ({ ...item })) }),
  }
}

/** Every error that can reach the edge, as one of ours. What nobody foresaw is `internal`, and says nothing of itself. */
export function trackerErrorOf(error: unknown): TrackerError {
  if (error instanceof TrackerError) return error
  if (error instanceof LogError) return fromLog(error)
  if (error instanceof HttpException) return fromFramework(error.getStatus(), messageOf(error.getResponse(), error.message), error)
  const { statusCode, code } = (typeof error === 'object' && error !== null ? error : {}) as { statusCode?: unknown; code?: unknown }
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) {
    return fromFramework(statusCode, (error as Error).message, error)
  }
  // Data exceptions of Postgres: text it cannot hold, a number out of range. Checked before, this is the net below.
  if (typeof code === 'string' && /^22\w{3}$/.test(code)) {
    return new TrackerError('invalidRequest', 400, 'A value of the request cannot be stored or compared: look for NUL characters and numbers out of range.')
  }
  if (isTransient(error)) {
    return new TrackerError('databaseUnavailable', 503, 'The database does not answer. Nothing was lost; try again.', undefined, { cause: error, retryAfterSeconds: 2 })
  }
  return new TrackerError('internal', 500, 'Something went wrong that should not have. The log of the service says what.', undefined, { cause: error })
}

function fromLog(error: LogError): TrackerError {
  const options = { cause: error }
  switch (error.code) {
    case 'backpressure':
      return new TrackerError('backpressure', 503, 'More comes in than the disk takes. Nothing of this request was kept; send it again.', undefined, { ...options, retryAfterSeconds: 1 })
    case 'tooLarge':
      return new TrackerError('tooLarge', 413, error.message, undefined, options)
    case 'invalid':
      return new TrackerError('invalidEvent', 400, error.message, undefined, options)
    case 'closed':
    case 'poisoned':
      return new TrackerError(
        'logUnavailable', 503,
        'The log takes nothing now: it is closing, or a write to disk failed. Nothing of this request was kept; send it again.', undefined, { ...options, retryAfterSeconds: 5 },
      )
    case 'unavailable':
      return new TrackerError(
        'logUnavailable', 503, 'The log does not answer. Send the request again: events that it kept after all are counted once.', undefined, { ...options, retryAfterSeconds: 2 },
      )
    case 'outOfRange':
      return new TrackerError('notFound', 404, 'That position is no longer, or not yet, in the log.', undefined, options)
    default:
      return new TrackerError('internal', 500, 'Something went wrong that should not have. The log of the service says what.', undefined, options)
  }
}

const codes: Readonly<Record<number, string>> = {
  400: 'invalidRequest', 401: 'unauthorized', 403: 'forbidden', 404: 'notFound', 405: 'methodNotAllowed', 409: 'conflict', 413: 'tooLarge', 414: 'tooLarge',
  415: 'unsupportedMediaType', 422: 'unprocessable', 429: 'tooManyRequests', 431: 'tooLarge', 503: 'unavailable',
}
const titles: Readonly<Record<number, string>> = {
  400: 'Bad Request', 401: 'Unauthorized', 403: 'Forbidden', 404: 'Not Found', 405: 'Method Not Allowed', 409: 'Conflict', 413: 'Content Too Large', 414: 'URI Too Long',
  415: 'Unsupported Media Type', 422: 'Unprocessable Content', 429: 'Too Many Requests', 431: 'Request Header Fields Too Large', 500: 'Internal Server Error',
  503: 'Service Unavailable',
}

function fromFramework(status: number, message: string | readonly string[], cause: unknown): TrackerError {
  // The framework says that a body is too large, and not what would be small enough.
  if (status === 413) return new TrackerError('tooLarge', 413, BODY_TOO_LARGE, undefined, { cause })
  const code = codes[status] ?? (status < 500 ? 'invalidRequest' : 'internal')
  if (typeof message === 'string') return new TrackerError(code, status, message, undefined, { cause })
  return new TrackerError(code, status, message.join('; '), message.map((text) => ({ message: text })), { cause })
}

function messageOf(response: string | object, fallback: string): string | readonly string[] {
  if (typeof response === 'string') return response
  const { message } = response as { message?: unknown }
  return typeof message === 'string' || Array.isArray(message) ? (message as string | string[]) : fallback
}
