/** Which event of a batch (0-based) and which attribute, where that is known. */
export interface ProblemItem {
  readonly index?: number
  readonly attribute?: string
  readonly message: string
}

/**
 * The one error class of the tracker. All rooms throw it; problem.filter.ts is the only place that turns it into an answer, the command line
 * the only one that turns it into an exit code. Codes are listed in docs/ERRORS.md.
 */
export class TrackerError extends Error {
  readonly code: string
  /** The HTTP status it is answered with. */
  readonly status: number
  /** What was wrong, where, and what to do. Shown to whoever called: never SQL, paths of ours or a stack. */
  readonly detail: string
  readonly errors: readonly ProblemItem[] | undefined
  /** When trying again makes sense. */
  readonly retryAfterSeconds: number | undefined

  constructor(
    code: string,
    status: number,
    detail: string,
    errors?: readonly ProblemItem[],
    options: { readonly cause?: unknown; readonly retryAfterSeconds?: number } = {},
  ) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'TrackerError'
    this.code = code
    this.status = status
    this.detail = detail
    this.errors = errors
    this.retryAfterSeconds = options.retryAfterSeconds
  }

  /** The same call may succeed later without anybody mending anything. */
  get retryable(): boolean {
    return this.retryAfterSeconds !== undefined
  }
}
