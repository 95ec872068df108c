import { date, dateAndTime, evaluate as evaluateFeel } from 'feelin'
import { analyse, fitsLimits, MAX_EXPRESSION_LENGTH } from './expression-limits.js'
import type { Analysis } from './expression-limits.js'
import { BEYOND, compileSimple } from './simple-expression.js'

export interface Evaluation {
  readonly value: unknown
  /** False where a variable was missing, types did not fit, or the value is null: FEEL's null is "unknown", never false. */
  readonly known: boolean
  /** Set: it would have run away over the data at hand and was not carried through. Whoever depends on it must stop, not guess. */
  readonly ranAway?: true
}

export interface Expression {
  /** As written, without the leading `=`. */
  readonly text: string
  /** Why it can never be evaluated; then every evaluation is unknown. */
  readonly error?: string
  /** It loops, so that its cost depends on the data. */
  readonly mayRunAway?: true
  /**
   * The context is plain JSON; `now` in it (epoch milliseconds) is what now() and today() say, without it they are unknown.
   * Never throws.
   */
  evaluate(context: object): Evaluation
}

export type Truth = 'true' | 'false' | 'unknown'

const UNKNOWN: Evaluation = { value: null, known: false }
const RAN_AWAY: Evaluation = { value: null, known: false, ranAway: true }

/** Compiled expressions are pure, so equal texts share one. Emptied when full: models have far fewer. */
const CACHE_SIZE = 2_000
const cache = new Map<string, Expression>()

/** FEEL, with or without the leading `=`, checked once and evaluated often. Nothing in it can hang or throw. */
export function compileExpression(text: string): Expression {
  let compiled = cache.get(text)
  if (compiled === undefined) {
    compiled = compile(text.trim().replace(/^=/, '').trim())
    if (cache.size >= CACHE_SIZE) cache.clear()
    cache.set(text, compiled)
  }
  return compiled
}

/** What a condition says of these variables. Anything but a boolean is unknown. */
export function truthOf(expression: Expression, context: object): Truth {
  const { value, known } = expression.evaluate(context)
  if (!known || typeof value !== 'boolean') return 'unknown'
  return value ? 'true' : 'false'
}

function compile(text: string): Expression {
  if (text === '') return failed(text, 'it is empty')
  if (text.length > MAX_EXPRESSION_LENGTH) return failed(text, `it is longer than ${MAX_EXPRESSION_LENGTH} characters`)
  const simple = compileSimple(text)
  if (simple === undefined) {
    const analysis = analyse(text)
    if ('error' in analysis) return failed(text, analysis.error)
    return { text, ...(analysis.iterators.length > 0 ? { mayRunAway: true as const } : {}), evaluate: (context) => interpret(text, analysis, context) }
  }
  let analysis: Analysis | undefined
  return {
    text,
    evaluate: (context) => {
      const value = simple(context)
      if (value !== BEYOND) return known(value)
      const analysed = analysis ?? analyse(text)
      if ('error' in analysed) return UNKNOWN
      analysis = analysed
      return interpret(text, analysed, context)
    },
  }
}

function interpret(text: string, analysis: Analysis, context: object): Evaluation {
  if (!fitsLimits(analysis, context)) return RAN_AWAY
  try {
    const { value, warnings } = evaluateFeel(text, withClock(context))
    return warnings.length > 0 ? UNKNOWN : known(plain(value))
  } catch (error) {
    // The stack overflow of a deeply nested text; anything else is what the interpreter does not foresee.
    return error instanceof RangeError ? RAN_AWAY : UNKNOWN
  }
}

/** Shadows the interpreter's own now() and today(), which read the machine's clock. */
export function withClock(context: object): Record<string, unknown> {
  const nowMs = (context as { now?: unknown }).now
  const moment = typeof nowMs === 'number' && Number.isFinite(nowMs) ? new Date(nowMs).toISOString() : undefined
  return {
    ...context,
    now: () => (moment === undefined ? null : dateAndTime(moment)),
    today: () => (moment === undefined ? null : date(moment.slice(0, 'yyyy-mm-dd'.length))),
  }
}

/** Dates and durations of the interpreter become their ISO 8601 text, so that what leaves here is JSON. */
function plain(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? (JSON.parse(JSON.stringify(value)) as unknown) : value
}

function known(value: unknown): Evaluation {
  if (value === undefined || value === null || typeof value === 'function') return UNKNOWN
  return typeof value === 'number' && !Number.isFinite(value) ? UNKNOWN : { value, known: true }
}

function failed(text: string, error: string): Expression {
  return { text, error, evaluate: () => UNKNOWN }
}
