/** Filters on variables in a query string: `var.NAME`, `var.NAME[op]`, NAME a path with dots. */
import type { z } from 'zod'

export const VARIABLE_OPERATORS = ['eq', 'ne', 'gt', 'gte', 'lt', 'lte', 'contains', 'in', 'exists'] as const
export type VariableOperator = (typeof VARIABLE_OPERATORS)[number]

export interface VariableFilter {
  readonly path: readonly string[]
  readonly operator: VariableOperator
  /** Of `in` several. */
  readonly values: readonly string[]
}

const SHAPE = /^var\.([^[\]]{1,200})(?:\[(\w+)\])?$/
const MAX_FILTERS = 10
const MAX_VALUE_LENGTH = 500

/** Reads what an object schema has left over: filters on variables; all else is refused as unknown. */
export function readVariableFilters(rest: Readonly<Record<string, unknown>>, context: z.RefinementCtx): readonly VariableFilter[] {
  const filters = Object.entries(rest).flatMap(([key, given]) => {
    const refuse = (message: string): [] => {
      context.addIssue({ code: 'custom', path: [key], message })
      return []
    }
    const [, name, operator = 'eq'] = SHAPE.exec(key) ?? []
    if (name === undefined) return refuse('there is no such parameter')
    const known = VARIABLE_OPERATORS.find((candidate) => candidate === operator)
    if (known === undefined) return refuse(`the operator is one of ${VARIABLE_OPERATORS.join(', ')}`)
    return (Array.isArray(given) ? given : [given]).flatMap((value: unknown): VariableFilter[] => {
      if (typeof value !== 'string' || value.length > MAX_VALUE_LENGTH || value.includes('\0')) return refuse(`at most ${MAX_VALUE_LENGTH} characters`)
      if (known === 'exists' && value !== 'true' && value !== 'false') return refuse('true or false')
      return [{ path: name.split('.'), operator: known, values: known === 'in' ? value.split(',') : [value] }]
    })
  })
  if (filters.length > MAX_FILTERS) context.addIssue({ code: 'custom', message: `at most ${MAX_FILTERS} filters on variables` })
  return filters
}
