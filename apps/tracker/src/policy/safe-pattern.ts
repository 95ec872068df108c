/**
 * Regular expressions of schemas meet text from outside, and Node's engine backtracks: `(a+)+b` takes years over forty letters. So a pattern is
 * read before it is used. What could take time that grows faster than a power of the text's length is refused; of the rest it is known how long a
 * text may be that it is still tried on.
 */

/** Steps of the engine for one text: some tens of milliseconds. */
const MAX_STEPS = 10_000_000
/** Longer texts are never tried. */
const MAX_TEXT_CHARACTERS = 4_096
/** A pattern that cannot be tried on this much is of no use. */
const MIN_TEXT_CHARACTERS = 32
const MAX_PATTERN_CHARACTERS = 500

export interface SafePattern {
  test(text: string): boolean
  /** Longer texts do not match. */
  readonly maxCharacters: number
  /** As a literal; two patterns that differ are told apart by it. */
  toString(): string
}

/** Throws an Error that says why, where the pattern is refused. */
export function safePattern(source: string, flags: string): SafePattern {
  if (source.length > MAX_PATTERN_CHARACTERS) throw new Error(`a pattern has at most ${MAX_PATTERN_CHARACTERS} characters, this one has ${source.length}`)
  const expression = new RegExp(source, flags)
  const { unbounded, factor } = new PatternCost(source).read()
  // Without an anchor the engine begins anew at each character.
  const power = unbounded + (source.startsWith('^') ? 0 : 1)
  const reach = power === 0 ? MAX_TEXT_CHARACTERS : Math.floor((MAX_STEPS / factor) ** (1 / power))
  if (reach < MIN_TEXT_CHARACTERS || factor > MAX_STEPS) throw new Error(`the pattern ${source} could run too long: it has too many repetitions`)
  const maxCharacters = Math.min(MAX_TEXT_CHARACTERS, reach)
  return { maxCharacters, test: (text) => text.length <= maxCharacters && expression.test(text), toString: () => String(expression) }
}

interface Cost {
  /** Repetitions without an end. */
  readonly unbounded: number
  /** In how many ways the rest can be tried. */
  readonly factor: number
}

const ONE: Cost = { unbounded: 0, factor: 1 }

/** Walks a pattern that is known to be valid. */
class PatternCost {
  #at = 0

  constructor(private readonly source: string) {}

  read(): Cost {
    let alternatives = 1
    let cost = ONE
    while (this.#at < this.source.length && this.source[this.#at] !== ')') {
      if (this.source[this.#at] === '|') {
        this.#at += 1
        alternatives += 1
        continue
      }
      const atom = this.#atom()
      cost = product(cost, this.#repeated(atom))
    }
    return { unbounded: cost.unbounded, factor: cost.factor * alternatives }
  }

  #atom(): Cost {
    const char = this.source[this.#at]!
    if (char === '(') return this.#group()
    if (char === '[') this.#skipClass()
    else if (char === '\\') this.#skipEscape()
    else this.#at += 1
    return ONE
  }

  #group(): Cost {
    const [opening] = /^\((?:\?(?::|<[=!]?|[=!]))?/.exec(this.source.slice(this.#at))!
    if (/[=!]$/.test(opening)) throw new Error(`the pattern ${this.source} looks ahead or behind, which is not taken`)
    this.#at += opening.length
    if (opening.endsWith('<')) this.#at = this.source.indexOf('>', this.#at) + 1
    const inner = this.read()
    this.#at += 1
    return inner
  }

  #skipClass(): void {
    for (this.#at += 1; this.source[this.#at] !== ']'; this.#at += 1) if (this.source[this.#at] === '\\') this.#at += 1
    this.#at += 1
  }

  #skipEscape(): void {
    const next = this.source[this.#at + 1]!
    if (/[1-9k]/.test(next)) throw new Error(`the pattern ${this.source} refers back to what it has matched, which is not taken`)
    this.#at += 2
    if (/[pPu]/.test(next) && this.source[this.#at] === '{') this.#at = this.source.indexOf('}', this.#at) + 1
  }

  #repeated(atom: Cost): Cost {
    const [quantifier, least, open, most] = /^(?:[*+?]|\{(\d+)(,?)(\d*)\})\??/.exec(this.source.slice(this.#at)) ?? []
    if (quantifier === undefined) return atom
    this.#at += quantifier.length
    if (quantifier.startsWith('?')) return { ...atom, factor: atom.factor * 2 }
    const from = Number(least ?? 0)
    const to = least === undefined || (open === ',' && most === '') ? Infinity : open === ',' ? Number(most) : from
    if (to > 1 && (atom.unbounded > 0 || atom.factor > 1)) throw new Error(`the pattern ${this.source} repeats a group that has repetitions or alternatives itself, which can run for years`)
    return to === Infinity ? { unbounded: 1, factor: 1 } : { unbounded: 0, factor: to - from + 1 }
  }
}

function product(a: Cost, b: Cost): Cost {
  return { unbounded: a.unbounded + b.unbounded, factor: a.factor * b.factor }
}
