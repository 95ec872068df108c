/** A DMN decision as plain data, serialisable as JSON: the outcome of reading (read-decisions.ts) and what evaluation works on (evaluate.ts). */

/** DMN 1.5, 8.2.10. */
export type HitPolicy = 'UNIQUE' | 'ANY' | 'PRIORITY' | 'FIRST' | 'RULE ORDER' | 'OUTPUT ORDER' | 'COLLECT'

/** Of COLLECT. */
export type Aggregator = 'SUM' | 'COUNT' | 'MIN' | 'MAX'

/** The simple types of DMN that a value can be checked against; anything else is not checked. */
export type ValueType = 'string' | 'number' | 'boolean' | 'date' | 'time' | 'dateTime' | 'duration' | 'any'

export interface InputClause {
  /** FEEL over the context of the decision. */
  readonly expression: string
  readonly label?: string
  readonly type: ValueType
  /** Unary tests that every value has to pass. */
  readonly allowed?: string
}

export interface OutputClause {
  /** '' where a table has a single output that needs none. */
  readonly name: string
  readonly type: ValueType
  /** FEEL expressions, in order of priority. */
  readonly allowed: readonly string[]
  /** FEEL: given where no rule matches. */
  readonly otherwise?: string
}

export interface DecisionRule {
  readonly id: string
  /** What its author wrote beside it. */
  readonly note?: string
  /** Unary tests, one per input; `-` matches everything. */
  readonly tests: readonly string[]
  /** FEEL, one per output. */
  readonly outputs: readonly string[]
}

export interface DecisionTable {
  readonly kind: 'table'
  readonly hitPolicy: HitPolicy
  readonly aggregator?: Aggregator
  readonly inputs: readonly InputClause[]
  readonly outputs: readonly OutputClause[]
  readonly rules: readonly DecisionRule[]
}

export interface LiteralExpression {
  readonly kind: 'expression'
  readonly text: string
  readonly type: ValueType
}

export interface Decision {
  readonly id: string
  readonly name: string
  /** What other decisions know its outcome by. */
  readonly variable: string
  readonly logic: DecisionTable | LiteralExpression
}

/** A decision with those that it requires, in the order in which they are to be made; the last is the one that is asked for. */
export interface DecisionModel {
  readonly decisions: readonly Decision[]
}
