import type { LoggerService } from '@nestjs/common'
import { type Logger, pino } from 'pino'
import type { Settings } from './config.js'

/**
 * JSON lines on standard output. Nobody's data gets in: no bodies, no SQL parameters (an error of Postgres carries
 * rows in `detail` and `where`), no header that authorises.
 */
export function createLogger(level: Settings['logLevel']): Logger {
  return pino({
    level,
    base: undefined,
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: plainError },
    redact: { paths: ['token', 'signingSecret', 'maskKey', 'databaseUrl', '*.token', '*.signingSecret', '*.maskKey', '*.databaseUrl', '*.authorization', 'authorization'], censor: '***' },
  })
}

function plainError(error: unknown): unknown {
  if (!(error instanceof Error)) return { message: String(error) }
  const code = (error as { code?: unknown }).code
  return {
    name: error.name,
    message: error.message,
    ...(code === undefined ? {} : { code }),
    stack: error.stack,
    ...(error.cause === undefined ? {} : { cause: plainError(error.cause) }),
  }
}

/** Nest's own lines: what it says at start is of use to its developers only, hence debug. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, context?: unknown): void {
    this.logger.debug({ context }, String(message))
  }

  error(message: unknown, stack?: unknown, context?: unknown): void {
    this.logger.error({ context, stack }, String(message))
  }

  warn(message: unknown, context?: unknown): void {
    this.logger.warn({ context }, String(message))
  }

  debug(message: unknown, context?: unknown): void {
    this.logger.debug({ context }, String(message))
  }

  fatal(message: unknown, context?: unknown): void {
    this.logger.fatal({ context }, String(message))
  }
}
