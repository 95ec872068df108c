import { parseExpression } from 'feelin'

/** Longer texts are no conditions but programs; the interpreter parses them anew at each evaluation. */
export const MAX_EXPRESSION_LENGTH = 2_000
/** Iterations over other iterations: two suffice to compare lists, each further one multiplies the time. */
const MAX_ITERATORS = 2
/** Numbers that one range may run over. */
const MAX_RANGE = 10_000
/** Uses of earlier entries of a context: each two can double what it holds. */
const MAX_ENTRY_USES = 10
/** Iterations times values of the context: well under a second of the interpreter. */
const MAX_WORK = 1_000_000
/** Iterations times characters of the context. */
const MAX_TEXT_WORK = 100_000_000

/** Nodes within nodes of the read text: a condition that people write has a dozen or two, and evaluation takes the depth of the stack. */
const MAX_DEPTH = 200
/** `list[1][2]`: each pick copies what it picks from. */
const MAX_PICKS = 20

/** Regular expressions can hang, and `partial` lets a loop grow upon its own outcome. */
const REFUSED_NAMES: ReadonlySet<string> = new Set(['matches', 'replace', 'split', 'partial'])
/** Functions that compare every value of a list with every other. */
const QUADRATIC_NAMES: ReadonlySet<string> = new Set(['distinct values', 'duplicate values', 'union', 'mode'])

/** What an evaluation may cost: a factor per iterator, a number of steps or `list` for the longest list at hand. */
export interface Analysis {
  readonly iterators: readonly (number | 'list')[]
}

/**
 * Reads an expression without evaluating it. There is no way to interrupt the interpreter, so whatever could run away is refused
 * here: regular expressions, functions, unbounded ranges, deep iterations.
 */
export function analyse(text: string, parse: Parse = parseExpression): Analysis | { readonly error: string } {
  try {
    return walk(text, parse(text, {}, undefined))
  } catch {
    return { error: 'it cannot be read' }
  }
}

type Tree = ReturnType<typeof parseExpression>
/** An expression, or the unary tests of a decision table. */
type Parse = (text: string, context: Record<string, unknown>, dialect: undefined) => Tree
type Node = ReturnType<Tree['resolve']>

function walk(text: string, tree: Tree): Analysis | { readonly error: string } {
  const iterators: (number | 'list')[] = []
  const ranges: (number | undefined)[] = []
  const entries: { name: string; end: number; from: number; to: number }[] = []
  let entryUses = 0
  let error: string | undefined
  let depth = 0
  let picks = 0
  const slice = (node: Node): string => text.slice(node.from, node.to)

  tree.iterate({
    leave: () => {
      depth--
    },
    enter: ({ type, node }) => {
      if (++depth > MAX_DEPTH) error ??= `it is nested more than ${MAX_DEPTH} deep`
      if (type.name === 'FilterExpression' && ++picks > MAX_PICKS) error ??= `it picks from lists more than ${MAX_PICKS} times`
      if (type.isError) error ??= `it cannot be read near "${text.slice(node.from, node.from + 20) || 'its end'}"`
      if (type.name === 'FunctionDefinition') error ??= 'it defines a function'
      if (type.name === 'IterationContext') iterators.push(stepsOf(node, slice, ranges))
      if (type.name === 'Interval') ranges.push(spanOf(node.getChildren('NumericLiteral').map(slice)))
      if (type.name === 'FilterExpression' && !isIndex(node)) iterators.push('list')
      if (type.name === 'ContextEntry') entries.push(entryOf(node, slice))
      if (type.name !== 'VariableName') return
      const name = slice(node).replace(/\s+/g, ' ')
      if (REFUSED_NAMES.has(name)) error ??= `it uses ${name}, which is not allowed`
      if (QUADRATIC_NAMES.has(name)) iterators.push('list')
      const { from } = node
      entryUses += entries.filter((entry) => entry.name === name && entry.end <= from && entry.from <= from && from < entry.to).length
    },
  })

  if (error !== undefined) return { error }
  if (iterators.length > MAX_ITERATORS) return { error: `it iterates more than ${MAX_ITERATORS} times` }
  if (iterators.length > 0 && ranges.some((span) => span === undefined || span > MAX_RANGE)) {
    return { error: `it iterates over a range that is not known to be within ${MAX_RANGE}` }
  }
  if (entryUses > MAX_ENTRY_USES) return { error: `it uses earlier entries of a context more than ${MAX_ENTRY_USES} times` }
  return { iterators }
}

function stepsOf(node: Node, slice: (node: Node) => string, ranges: (number | undefined)[]): number | 'list' {
  if (node.getChild('..') === null) return 'list'
  const bounds = node.getChildren('NumericLiteral')
  const span = bounds.length === 2 ? spanOf(bounds.map(slice)) : undefined
  ranges.push(span)
  return span ?? 'list'
}

function spanOf(bounds: readonly string[]): number | undefined {
  const [from, to] = bounds.map(Number)
  const span = from === undefined || to === undefined ? Number.NaN : Math.abs(to - from) + 1
  return Number.isFinite(span) ? span : undefined
}

/** `list[1]` picks, `list[item > 1]` iterates. */
function isIndex(node: Node): boolean {
  return node.lastChild?.prevSibling?.name === 'NumericLiteral'
}

function entryOf(node: Node, slice: (node: Node) => string): { name: string; end: number; from: number; to: number } {
  const key = node.getChild('Key')
  const name = key === null ? '' : slice(key).replace(/^"|"$/g, '').replace(/\s+/g, ' ')
  return { name, end: node.to, from: node.parent?.from ?? node.from, to: node.parent?.to ?? node.to }
}

/** Whether the data at hand keeps an iterating expression within its bounds. Without iteration the work is linear. */
export function fitsLimits(analysis: Analysis, context: object): boolean {
  if (analysis.iterators.length === 0) return true
  const size = measure(context)
  if (size === undefined) return false
  const iterations = analysis.iterators.reduce<number>((product, steps) => product * (steps === 'list' ? size.longestList : steps), 1)
  return iterations * size.values <= MAX_WORK && iterations * size.characters <= MAX_TEXT_WORK
}

function measure(context: object): { values: number; characters: number; longestList: number } | undefined {
  const size = { values: 1, characters: 0, longestList: 1 }
  const open: unknown[] = [context]
  while (open.length > 0) {
    const value = open.pop()
    if (typeof value === 'string') size.characters += value.length
    if (typeof value !== 'object' || value === null) continue
    const children: unknown[] = Array.isArray(value) ? value : Object.values(value)
    size.values += children.length
    if (size.values > MAX_WORK) return undefined
    if (Array.isArray(value)) size.longestList = Math.max(size.longestList, value.length)
    for (const child of children) open.push(child)
  }
  return size
}
