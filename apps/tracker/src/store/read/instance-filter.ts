/** What a list of instances is narrowed by, and the SQL condition that each filter is on a row `i` of `instance`. */

/** A condition on the variable at a path. Numbers compare as numbers, all else as text. */
export interface VariableCondition {
  readonly path: readonly string[]
  readonly operator: 'eq' | 'ne' | 'gt' | 'gte' | 'lt' | 'lte' | 'contains' | 'in' | 'exists'
  readonly values: readonly string[]
}

export interface InstanceFilter {
  readonly model?: string | undefined
  readonly version?: number | undefined
  /** An alias, exact; and the units whose primary key it may be: an alias stands in a table, a primary key is hashed into its unit. */
  readonly key?: { readonly value: string; readonly units: readonly string[] } | undefined
  readonly status?: string | undefined
  readonly element?: string | undefined
  /** A token has waited since this moment or longer (at `element`, where given); epoch milliseconds. */
  readonly waitingSince?: number | undefined
  readonly stuck?: boolean | undefined
  readonly late?: boolean | undefined
  readonly deviating?: boolean | undefined
  readonly deviation?: string | undefined
  readonly startedAfter?: number | undefined
  readonly startedBefore?: number | undefined
  readonly variables?: readonly VariableCondition[] | undefined
}

/** Answers the placeholder of a value. */
export type Bind = (value: unknown) => string

/** One condition per filter that is set, but for the key, by which instances are found (see instance-walk.ts). */
export function* conditionsOf(filter: InstanceFilter, bind: Bind): Generator<string> {
  if (filter.model !== undefined) yield `i.model = ${bind(filter.model)}`
  if (filter.version !== undefined) yield `i.version = ${bind(filter.version)}::int`
  if (filter.status !== undefined) yield `i.status = ${bind(filter.status)}`
  if (filter.stuck !== undefined) yield filter.stuck ? 'i.stuck' : 'not i.stuck'
  if (filter.late !== undefined) yield filter.late ? 'i.late' : 'not i.late'
  if (filter.deviating !== undefined) yield filter.deviating ? 'i.deviations > 0' : 'i.deviations = 0'
  if (filter.deviation !== undefined) yield `exists (select 1 from deviation d where d.instance = i.id and d.kind = ${bind(filter.deviation)})`
  yield* startConditions(filter, bind)
  for (const condition of filter.variables ?? []) yield variableCondition(condition, bind)
  if (filter.element !== undefined || filter.waitingSince !== undefined) yield tokenCondition(filter, bind)
}

function tokenCondition({ element, waitingSince }: InstanceFilter, bind: Bind): string {
  const conditions = ['t.instance = i.id']
  if (element !== undefined) conditions.push(`t.element = ${bind(element)}`)
  if (waitingSince !== undefined) conditions.push(`t.since <= ${bind(waitingSince)}::bigint`)
  return `exists (select 1 from token t where ${conditions.join(' and ')})`
}

export function* startConditions({ startedAfter, startedBefore }: InstanceFilter, bind: Bind): Generator<string> {
  if (startedAfter !== undefined) yield `i.started_at >= ${bind(startedAfter)}::bigint`
  if (startedBefore !== undefined) yield `i.started_at < ${bind(startedBefore)}::bigint`
}

const COMPARISONS = { gt: '>', gte: '>=', lt: '<', lte: '<=' } as const

function variableCondition({ path, operator, values }: VariableCondition, bind: Bind): string {
  const at = `${bind(path)}::text[]`
  const variables = 'i.variables_json::jsonb'
  const text = `(${variables} #>> ${at})`
  const value = values[0] ?? ''
  switch (operator) {
    case 'eq':
      return `${text} = ${bind(value)}::text`
    case 'ne':
      return `${text} is distinct from ${bind(value)}::text`
    case 'in':
      return `${text} = any(${bind(values)}::text[])`
    case 'contains':
      return `strpos(lower(${text}), lower(${bind(value)}::text)) > 0`
    case 'exists':
      return `(${variables} #> ${at}) is ${value === 'true' ? 'not null' : 'null'}`
    default: {
      const comparison = COMPARISONS[operator]
      if (value.trim() === '' || !Number.isFinite(Number(value))) return `${text} ${comparison} ${bind(value)}::text`
      // The case keeps text from being read as a number: conditions may be tried in any order.
      return `case when jsonb_typeof(${variables} #> ${at}) = 'number' then ${text}::numeric ${comparison} ${bind(String(Number(value)))}::numeric else false end`
    }
  }
}
