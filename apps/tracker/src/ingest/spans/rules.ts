/** Which spans are events: the file that TIDEMARK_SPAN_RULES names. Most spans of a service are no business events, so nothing is one without a rule. */
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { TrackerError } from '../../problem.js'
import type { Span } from './span.js'

const MAX_RULES = 500
const MAX_TEXT = 400

const Text = z.string().min(1).max(MAX_TEXT)
const some = <T extends z.ZodType>(one: T) => z.union([one.transform((value) => [value]), z.array(one).min(1)])
const Rule = z.strictObject({
  /** Part of the events' ids: events keep them when rules are added or moved. */
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,59}$/, 'must be lower-case letters, digits and hyphens'),
  /** `*` stands for any text in these. */
  service: Text.optional(),
  span: Text.optional(),
  kind: some(z.enum(['internal', 'server', 'client', 'producer', 'consumer'])).optional(),
  status: some(z.enum(['unset', 'ok', 'error'])).optional(),
  attributes: z.record(Text, z.union([Text, z.number(), z.boolean()])).optional(),
  event: z.strictObject({
    type: Text,
    subject: Text,
    source: Text.default('/otel/{service.name}'),
    time: z.enum(['start', 'end']).default('end'),
    /** Attributes that become the event's data. */
    data: z.array(Text).max(100).default([]),
  }),
})
const RuleFile = z.strictObject({ rules: z.array(Rule).min(1).max(MAX_RULES) })

export type SpanRule = z.infer<typeof Rule> & { readonly covers: (span: Span) => boolean }

/** Throws `badConfiguration` with everything that is wrong. */
export function readSpanRules(path: string): readonly SpanRule[] {
  const parsed = RuleFile.safeParse(parse(path))
  const wrong = parsed.success ? [...repeated(parsed.data.rules.map(({ name }) => name))].map((name) => `rules: two are called ${name}`) : parsed.error.issues.map(inWords)
  if (!parsed.success || wrong.length > 0) throw badRules(path, wrong)
  return parsed.data.rules.map(compile)
}

/** The rules of a file that was read. */
export function compile(rule: z.infer<typeof Rule>): SpanRule {
  const conditions: ((span: Span) => boolean)[] = []
  const text = (pattern: string, value: (span: Span) => unknown) => {
    const matches = glob(pattern)
    conditions.push((span) => matches(value(span)))
  }
  if (rule.service !== undefined) text(rule.service, (span) => span.attributes.get('service.name'))
  if (rule.span !== undefined) text(rule.span, (span) => span.name)
  if (rule.kind !== undefined) conditions.push((span) => (rule.kind as readonly string[]).includes(span.kind))
  if (rule.status !== undefined) conditions.push((span) => (rule.status as readonly string[]).includes(span.status))
  for (const [name, wanted] of Object.entries(rule.attributes ?? {})) {
    if (typeof wanted === 'string') text(wanted, (span) => span.attributes.get(name))
    else conditions.push((span) => span.attributes.get(name) === wanted)
  }
  return { ...rule, covers: (span) => conditions.every((holds) => holds(span)) }
}

/** Whether a text, number or boolean is what the pattern says, in which `*` is any text. No regular expression, which could hang. */
function glob(pattern: string): (value: unknown) => boolean {
  const parts = pattern.split('*')
  const [first, last] = [parts[0]!, parts.at(-1)!]
  return (value) => {
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return false
    const text = String(value)
    if (parts.length === 1) return text === pattern
    if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false
    let at = first.length
    const end = text.length - last.length
    return parts.slice(1, -1).every((part) => {
      const found = text.indexOf(part, at)
      at = found + part.length
      return found >= 0 && at <= end
    })
  }
}

function parse(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw badRules(path, [error instanceof SyntaxError ? `is not JSON: ${error.message}` : `cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`])
  }
}

function repeated(names: readonly string[]): ReadonlySet<string> {
  return new Set(names.filter((name, at) => names.indexOf(name) !== at))
}

function inWords({ path, message }: z.core.$ZodIssue): string {
  return `${path.join('.') || 'the file'}: ${message}`
}

function badRules(path: string, wrong: readonly string[]): TrackerError {
  return new TrackerError('badConfiguration', 500, `TIDEMARK_SPAN_RULES: the file ${path} is wrong:\n${wrong.map((line) => `  - ${line}`).join('\n')}`)
}
