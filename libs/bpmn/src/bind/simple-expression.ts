import { readPath } from './path.js'

/** `undefined`: not known, because a variable is missing or types do not fit. */
export type Outcome = string | number | boolean | null | object | undefined

/** The value at hand (a list, say) is handled by FEEL in ways that only the full interpreter knows. */
export const BEYOND = Symbol('beyond the simple language')

/** Throws nothing. */
export type Step = (context: object) => Outcome | typeof BEYOND

const TOKEN = /\s*(?:(-?\d+(?:\.\d+)?)(?![\w.])|"([^"\\\n]*)"|([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)|(<=|>=|!=|=|<|>)|([()]))/y
/** Nesting of parentheses. */
const MAX_DEPTH = 20

/** Words that mean something else in FEEL: an expression with one of them is not simple. */
const RESERVED: ReadonlySet<string> = new Set([
  'if', 'then', 'else', 'for', 'in', 'return', 'some', 'every', 'satisfies', 'between', 'instance', 'of', 'function', 'external', 'date',
  'time', 'duration',
])

/**
 * Plain paths, literals, comparisons, `and`, `or` and parentheses: nearly all that conditions and filters use, far faster than
 * the full interpreter, with FEEL's three values. Undefined where the text needs more.
 */
export function compileSimple(text: string): Step | undefined {
  const tokens = tokenize(text)
  if (tokens === undefined) return undefined
  const parser = new Parser(tokens)
  const step = parser.or(0)
  return parser.isDone() ? step : undefined
}

type Token =
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null }
  | { readonly kind: 'path'; readonly steps: readonly string[] }
  | { readonly kind: 'sign'; readonly text: string }

function tokenize(text: string): Token[] | undefined {
  const tokens: Token[] = []
  let from = 0
  const end = text.trimEnd().length
  while (from < end) {
    TOKEN.lastIndex = from
    const match = TOKEN.exec(text)
    if (match === null) return undefined
    from = TOKEN.lastIndex
    const [, number, quoted, word, compare, bracket] = match
    if (number !== undefined) tokens.push({ kind: 'literal', value: Number(number) })
    else if (quoted !== undefined) tokens.push({ kind: 'literal', value: quoted })
    else if (word === undefined) tokens.push({ kind: 'sign', text: compare ?? bracket ?? '' })
    else if (word === 'true' || word === 'false') tokens.push({ kind: 'literal', value: word === 'true' })
    else if (word === 'null') tokens.push({ kind: 'literal', value: null })
    else if (word === 'and' || word === 'or') tokens.push({ kind: 'sign', text: word })
    else if (RESERVED.has(word)) return undefined
    else tokens.push({ kind: 'path', steps: word.split('.') })
  }
  return tokens
}

/** Recursive descent; a missing operand makes it return undefined all the way up. */
class Parser {
  private at = 0

  constructor(private readonly tokens: readonly Token[]) {}

  isDone(): boolean {
    return this.at === this.tokens.length
  }

  or(depth: number): Step | undefined {
    return this.chain('or', () => this.and(depth), (left, right) => decide(left, right, true))
  }

  private and(depth: number): Step | undefined {
    return this.chain('and', () => this.comparison(depth), (left, right) => decide(left, right, false))
  }

  private chain(word: string, next: () => Step | undefined, join: (left: Step, right: Step) => Step): Step | undefined {
    let step = next()
    while (step !== undefined && this.take(word)) {
      const right = next()
      if (right === undefined) return undefined
      step = join(step, right)
    }
    return step
  }

  private comparison(depth: number): Step | undefined {
    const left = this.operand(depth)
    const token = this.tokens[this.at]
    if (left === undefined || token?.kind !== 'sign' || !/^[<>=!]/.test(token.text)) return left
    this.at++
    const right = this.operand(depth)
    return right && compare(token.text, left, right)
  }

  private operand(depth: number): Step | undefined {
    if (this.take('(')) {
      const inner = depth < MAX_DEPTH ? this.or(depth + 1) : undefined
      return this.take(')') ? inner : undefined
    }
    const token = this.tokens[this.at++]
    if (token?.kind === 'literal') return () => token.value
    return token?.kind === 'path' ? variable(token.steps) : undefined
  }

  private take(text: string): boolean {
    const token = this.tokens[this.at]
    if (token?.kind !== 'sign' || token.text !== text) return false
    this.at++
    return true
  }
}

function variable(steps: readonly string[]): Step {
  const [first, ...rest] = steps
  return (context) => {
    let value = readPath(context, [first as string])
    for (const step of rest) {
      // FEEL reads a property of a list as the list of that property.
      if (Array.isArray(value)) return BEYOND
      value = readPath(value, [step])
    }
    return Array.isArray(value) ? BEYOND : (value as Outcome)
  }
}

/** `or` is decided by true, `and` by false, whatever the other side is. */
function decide(left: Step, right: Step, decisive: boolean): Step {
  return (context) => {
    const first = left(context)
    if (first === decisive || first === BEYOND) return first
    const second = right(context)
    if (second === decisive || second === BEYOND) return second
    return first === !decisive && second === !decisive ? !decisive : undefined
  }
}

function compare(sign: string, left: Step, right: Step): Step {
  return (context) => {
    const a = left(context)
    const b = right(context)
    if (a === BEYOND || b === BEYOND) return BEYOND
    if (sign === '=' || sign === '!=') {
      const same = equal(a, b)
      return same === undefined ? undefined : same === (sign === '=')
    }
    if (typeof a !== typeof b || (typeof a !== 'number' && typeof a !== 'string')) return undefined
    const [x, y] = [a, b as typeof a]
    if (sign === '<') return x < y
    if (sign === '<=') return x <= y
    return sign === '>' ? x > y : x >= y
  }
}

/** A missing variable equals null only where null is asked for; against a value it is not known yet. */
function equal(a: Outcome, b: Outcome): boolean | undefined {
  if (a === null || b === null) return (a ?? null) === (b ?? null)
  if (a === undefined || b === undefined || typeof a !== typeof b || typeof a === 'object') return undefined
  return a === b
}
