/** FEEL as decisions need it: with dates and durations as values of the interpreter, and unary tests. The limits are those of expressions. */
import { evaluate, parseUnaryTests, unaryTest } from 'feelin'
import { withClock } from '../bind/expression.js'
import { analyse, fitsLimits, MAX_EXPRESSION_LENGTH, type Analysis } from '../bind/expression-limits.js'

export type FeelContext = Readonly<Record<string, unknown>>

/** Why an evaluation has no outcome at all. */
export const RAN_AWAY = Symbol('ran away')

export interface FeelValue {
  /** Why it can never be evaluated. */
  readonly error?: string
  /** Null where FEEL knows no value. Never throws. */
  evaluate(context: FeelContext): unknown
}

export interface FeelTests {
  readonly error?: string
  /** Whether the value passes; it is `?` within the tests. Never throws. */
  pass(value: unknown, context: FeelContext): boolean | typeof RAN_AWAY
}

export function compileValue(text: string): FeelValue {
  const literal = literalOf(text)
  if (literal !== undefined) return { evaluate: () => literal.value }
  const analysis = analysed(text)
  if ('error' in analysis) return { error: analysis.error, evaluate: () => null }
  return { evaluate: (context) => guarded(analysis, context, () => evaluate(text, withClock(context)).value ?? null) }
}

export function compileTests(text: string): FeelTests {
  if (text === '-') return { pass: () => true }
  const literals = literalsOf(text)
  if (literals !== undefined) return { pass: (value) => literals.has(value) }
  const analysis = analysed(text, parseUnaryTests)
  if ('error' in analysis) return { error: analysis.error, pass: () => false }
  return {
    pass: (value, context) => {
      const all = { ...context, '?': value }
      const outcome = guarded(analysis, all, () => unaryTest(text, withClock(all)).value)
      return outcome === RAN_AWAY ? RAN_AWAY : outcome === true
    },
  }
}

function analysed(text: string, parse?: Parameters<typeof analyse>[1]): Analysis | { readonly error: string } {
  if (text.length > MAX_EXPRESSION_LENGTH) return { error: `it is longer than ${MAX_EXPRESSION_LENGTH} characters` }
  return analyse(text, parse)
}

function guarded<T>(analysis: Analysis, context: FeelContext, run: () => T): T | typeof RAN_AWAY {
  if (!fitsLimits(analysis, context)) return RAN_AWAY
  try {
    return run()
  } catch {
    // What overflows the stack; the interpreter throws nothing else.
    return RAN_AWAY
  }
}

const STRING = /^"([^"\\\n]*)"$/
const NUMBER = /^-?\d+(\.\d+)?$/

/** Plain texts and numbers, which most cells of a table are, need no interpreter. */
function literalOf(text: string): { readonly value: string | number | boolean } | undefined {
  const quoted = STRING.exec(text)?.[1]
  if (quoted !== undefined) return { value: quoted }
  if (NUMBER.test(text)) return { value: Number(text) }
  return text === 'true' || text === 'false' ? { value: text === 'true' } : undefined
}

function literalsOf(text: string): ReadonlySet<unknown> | undefined {
  const values = text.split(',').map((part) => literalOf(part.trim()))
  return values.every((value) => value !== undefined) ? new Set(values.map(({ value }) => value)) : undefined
}
