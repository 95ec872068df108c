/**
 * Makes decisions: tables with every hit policy, literal expressions, and the decisions they require. A table that cannot say what to do says
 * so as a problem, never as a guess. Pure: `now` of the context (epoch milliseconds) is the only clock.
 */
import type { Decision, DecisionModel, DecisionRule, DecisionTable, OutputClause } from './decision.js'
import { compileTests, compileValue, RAN_AWAY, type FeelContext, type FeelTests, type FeelValue } from './feel.js'
import { ofType, plainValue, sameValue } from './values.js'

export interface Decided {
  /** As JSON: a value, of several outputs a record, of policies that give several hits a list of these. Null where nothing matched. */
  readonly value: unknown
  /** Rules of the last table that matched, in the table's order. */
  readonly rules: readonly DecisionRule[]
  /** Why there is no decision: two rules of a unique table matched, a value has the wrong type, an expression would have run away. */
  readonly problem?: string
}

/** A decision made ready. */
export interface Decider {
  decide(context: FeelContext): Decided
}

class Problem extends Error {}

export function compileDecision(model: DecisionModel): Decider {
  const steps = model.decisions.map((decision) => ({ decision, make: compile(decision) }))
  return {
    decide: (context) => {
      const known: Record<string, unknown> = { ...context }
      let last: { value: unknown; rules: readonly DecisionRule[] } = { value: null, rules: [] }
      try {
        for (const { decision, make } of steps) {
          last = make(known)
          for (const name of namesOf(decision)) if (name === decision.variable || !Object.hasOwn(known, name)) known[name] = last.value
        }
      } catch (error) {
        if (!(error instanceof Problem)) throw error
        return { value: null, rules: [], problem: error.message }
      }
      return { value: plainValue(last.value), rules: last.rules }
    },
  }
}

/** By its variable; many tools give none, and call it by its id or by its only output. */
function namesOf({ variable, id, logic }: Decision): readonly string[] {
  const only = logic.kind === 'table' && logic.outputs.length === 1 ? logic.outputs[0]?.name : undefined
  return [variable, id, ...(only === undefined || only === '' ? [] : [only])]
}

type Make = (context: FeelContext) => { value: unknown; rules: readonly DecisionRule[] }

function compile({ logic, name }: Decision): Make {
  if (logic.kind === 'table') return compileTable(logic, name)
  const expression = compileValue(logic.text)
  return (context) => ({ value: typed(valueOf(expression, context, name), logic.type, `the outcome of ${name}`), rules: [] })
}

function compileTable(table: DecisionTable, name: string): Make {
  const inputs = table.inputs.map((clause) => ({ clause, expression: compileValue(clause.expression), allowed: clause.allowed === undefined ? undefined : compileTests(clause.allowed) }))
  const rules = table.rules.map((rule) => ({ rule, tests: rule.tests.map(compileTests), outputs: rule.outputs.map(compileValue) }))
  const otherwise = table.outputs.map((clause) => (clause.otherwise === undefined ? undefined : compileValue(clause.otherwise)))
  const priorities = table.outputs.map((clause) => clause.allowed.map((text) => compileValue(text).evaluate({})))

  return (context) => {
    const values = inputs.map(({ clause, expression, allowed }) => {
      const what = `the input ${clause.label ?? clause.expression} of ${name}`
      const value = typed(valueOf(expression, context, name), clause.type, what)
      if (value !== null && allowed !== undefined && !passes(allowed, value, context, name)) throw new Problem(`${what} is ${told(value)}, which the table does not allow`)
      return value
    })
    const hits = rules.filter(({ tests }) => tests.every((test, index) => passes(test, values[index], context, name)))
    const taken = table.hitPolicy === 'FIRST' ? hits.slice(0, 1) : hits
    const results = taken.map(({ rule, outputs }) => ({
      rule, values: outputs.map((output, index) => typed(valueOf(output, context, name), table.outputs[index]?.type ?? 'any', `an output of rule ${rule.id} of ${name}`)),
    }))
    const compound = (outputs: readonly unknown[]) => compoundOf(table.outputs, outputs)
    if (results.length === 0) {
      if (table.aggregator === 'COUNT') return { value: 0, rules: [] }
      const given = otherwise.map((value) => (value === undefined ? null : valueOf(value, context, name)))
      return { value: otherwise.some((value) => value !== undefined) ? compound(given) : null, rules: [] }
    }
    const byPriority = () => [...results].sort((a, b) => comparePriority(a.values, b.values, priorities))
    const matched = results.map(({ rule }) => rule)
    const [first] = results
    switch (table.hitPolicy) {
      case 'UNIQUE':
        if (results.length > 1) throw new Problem(`${name} is to match once, and the rules ${matched.map(({ id }) => id).join(', ')} match`)
        return { value: compound(first?.values ?? []), rules: matched }
      case 'ANY':
        if (results.some((result) => !sameValue(result.values, first?.values))) throw new Problem(`the rules ${matched.map(({ id }) => id).join(', ')} of ${name} match and say different things`)
        return { value: compound(first?.values ?? []), rules: matched }
      case 'FIRST':
        return { value: compound(first?.values ?? []), rules: matched }
      case 'PRIORITY': {
        const [best] = byPriority()
        return { value: compound(best?.values ?? []), rules: best === undefined ? [] : [best.rule] }
      }
      case 'OUTPUT ORDER':
        return { value: byPriority().map((result) => compound(result.values)), rules: matched }
      case 'RULE ORDER':
        return { value: results.map((result) => compound(result.values)), rules: matched }
      case 'COLLECT':
        if (table.aggregator === undefined) return { value: results.map((result) => compound(result.values)), rules: matched }
        return { value: aggregate(table.aggregator, results.map((result) => result.values[0]), name), rules: matched }
    }
  }
}

function compoundOf(clauses: readonly OutputClause[], values: readonly unknown[]): unknown {
  return clauses.length === 1 ? values[0] : Object.fromEntries(clauses.map((clause, index) => [clause.name, values[index] ?? null]))
}

/** By the place of each value in the list of its output, the first output counting most; what is not in the list comes last. */
function comparePriority(a: readonly unknown[], b: readonly unknown[], priorities: readonly (readonly unknown[])[]): number {
  for (const [index, list] of priorities.entries()) {
    const place = (value: unknown) => {
      const found = list.findIndex((listed) => sameValue(listed, value))
      return found < 0 ? list.length : found
    }
    const order = place(a[index]) - place(b[index])
    if (order !== 0) return order
  }
  return 0
}

function aggregate(aggregator: NonNullable<DecisionTable['aggregator']>, values: readonly unknown[], name: string): number {
  // Each value counts: the standard leaves it open whether equal ones do, and tools agree that they do.
  if (aggregator === 'COUNT') return values.length
  const numbers = values.filter((value) => typeof value === 'number')
  if (numbers.length < values.length) throw new Problem(`${name} is to add or compare its outputs, and one of them is no number`)
  if (aggregator === 'SUM') return numbers.reduce((sum, value) => sum + value, 0)
  return numbers.reduce((best, value) => (aggregator === 'MIN' ? Math.min(best, value) : Math.max(best, value)))
}

function valueOf(expression: FeelValue, context: FeelContext, name: string): unknown {
  const value = expression.evaluate(context)
  if (value === RAN_AWAY) throw new Problem(`an expression of ${name} would run away over the data at hand`)
  return value
}

function passes(tests: FeelTests, value: unknown, context: FeelContext, name: string): boolean {
  const passed = tests.pass(value, context)
  if (passed === RAN_AWAY) throw new Problem(`a test of ${name} would run away over the data at hand`)
  return passed
}

function typed(value: unknown, type: Parameters<typeof ofType>[1], what: string): unknown {
  const fitting = ofType(value, type)
  if (fitting === undefined) throw new Problem(`${what} is ${told(value)}, which is no ${type}`)
  return fitting
}

function told(value: unknown): string {
  const text = JSON.stringify(plainValue(value)) ?? String(value)
  return text.length > 60 ? `${text.slice(0, 60)}...` : text
}
