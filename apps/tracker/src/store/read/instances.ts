import type { Queryable } from '../database.js'

/** One key value belongs to at most this many instances that are listed for it; a hub value (a customer, a day) has more. */
const UNITS_PER_KEY = 1_000

export interface TokenColumn {
  readonly element: string
  /** Epoch milliseconds. */
  readonly since: number
  readonly dueAt?: number
  readonly stuck?: boolean
  readonly late?: boolean
  readonly undecided?: readonly string[]
}

export interface InstanceRow {
  readonly id: string
  readonly unit: string
  readonly run: number
  readonly model: string
  readonly version: number
  readonly key: string
  readonly status: 'active' | 'completed' | 'terminated'
  readonly stuck: boolean
  readonly late: boolean
  readonly deviations: number
  readonly settling: boolean
  readonly approximate: boolean
  readonly started_at: string
  readonly last_event_at: string
  readonly ended_at: string | null
  readonly shown_at: string
  readonly tokens: readonly TokenColumn[]
}

const summaryColumns = `i.id, i.unit, i.run, i.model, i.version, i.key, i.status, i.stuck, i.late, i.deviations, i.settling, i.approximate,
  i.started_at, i.last_event_at, i.ended_at, i.shown_at, i.tokens`

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
  /** The last row of the page before. */
  readonly below?: { readonly startedAt: string; readonly id: string } | undefined
}

/** A page of instances, newest first, by (started_at, id). */
export function readInstances(db: Queryable, filter: InstanceFilter, limit: number): Promise<InstanceRow[]> {
  const params: unknown[] = []
  const conditions = [...conditionsOf(filter, (value) => `$${params.push(value)}`)]
  const where = conditions.length === 0 ? '' : `where ${conditions.join('\n and ')}`
  return db.query<InstanceRow>(
    `select ${summaryColumns} from instance i ${where} order by i.started_at desc, i.id desc limit $${params.push(limit)}::int`, params)
}

/** One SQL condition per filter that is set; `bind` answers the placeholder of a value. */
function* conditionsOf(filter: InstanceFilter, bind: (value: unknown) => string): Generator<string> {
  const { below } = filter
  if (below !== undefined) yield `(i.started_at, i.id) < (${bind(below.startedAt)}::bigint, ${bind(below.id)}::uuid)`
  if (filter.model !== undefined) yield `i.model = ${bind(filter.model)}`
  if (filter.version !== undefined) yield `i.version = ${bind(filter.version)}::int`
  if (filter.key !== undefined) {
    const { value, units } = filter.key
    yield `i.unit = any(array(select k.unit from instance_key k where k.value = ${bind(value)} limit ${UNITS_PER_KEY}) || ${bind(units)}::uuid[])`
  }
  if (filter.status !== undefined) yield `i.status = ${bind(filter.status)}`
  if (filter.stuck !== undefined) yield filter.stuck ? 'i.stuck' : 'not i.stuck'
  if (filter.late !== undefined) yield filter.late ? 'i.late' : 'not i.late'
  if (filter.deviating !== undefined) yield filter.deviating ? 'i.deviations > 0' : 'i.deviations = 0'
  if (filter.startedAfter !== undefined) yield `i.started_at >= ${bind(filter.startedAfter)}::bigint`
  if (filter.startedBefore !== undefined) yield `i.started_at < ${bind(filter.startedBefore)}::bigint`
  if (filter.deviation !== undefined) {
    yield `exists (select 1 from deviation d where d.instance = i.id and d.kind = ${bind(filter.deviation)})`
  }
  for (const condition of filter.variables ?? []) yield variableCondition(condition, bind)
  if (filter.element !== undefined || filter.waitingSince !== undefined) yield tokenCondition(filter, bind)
  // No token is older than its instance: said here, the walk over started_at begins where the first match can be.
  if (filter.waitingSince !== undefined) yield `i.started_at <= ${bind(filter.waitingSince)}::bigint`
}

const COMPARISONS = { gt: '>', gte: '>=', lt: '<', lte: '<=' } as const

function variableCondition({ path, operator, values }: VariableCondition, bind: (value: unknown) => string): string {
  const at = `${bind(path)}::text[]`
  const text = `(i.variables #>> ${at})`
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
      return `(i.variables #> ${at}) is ${value === 'true' ? 'not null' : 'null'}`
    default: {
      const comparison = COMPARISONS[operator]
      if (value.trim() === '' || !Number.isFinite(Number(value))) return `${text} ${comparison} ${bind(value)}::text`
      // The case keeps text from being read as a number: conditions may be tried in any order.
      return `case when jsonb_typeof(i.variables #> ${at}) = 'number' then ${text}::numeric ${comparison} ${bind(String(Number(value)))}::numeric else false end`
    }
  }
}

function tokenCondition(filter: InstanceFilter, bind: (value: unknown) => string): string {
  const conditions = ['t.instance = i.id']
  if (filter.model !== undefined) conditions.push(`t.model = ${bind(filter.model)}`)
  if (filter.element !== undefined) conditions.push(`t.element = ${bind(filter.element)}`)
  if (filter.waitingSince !== undefined) conditions.push(`t.since <= ${bind(filter.waitingSince)}::bigint`)
  return `exists (select 1 from token t where ${conditions.join(' and ')})`
}

export interface InstanceDetailRow extends InstanceRow {
  readonly shard: number
  readonly position: string
  readonly variables: Record<string, unknown>
}

/** One instance by its id or by one that it had before. */
export async function readInstance(db: Queryable, id: string): Promise<InstanceDetailRow | undefined> {
  const rows = await db.query<InstanceDetailRow>(
    `select ${summaryColumns}, i.shard, i.position, i.variables from instance i
     where i.id = $1::uuid or (i.former_ids @> array[$1::uuid] and i.former_ids <> '{}') order by (i.id = $1::uuid) desc limit 1`,
    [id],
  )
  return rows[0]
}

export interface KeyRow {
  readonly unit: string
  readonly name: string
  readonly value: string
}

/** Keys of these units, oldest first. */
export function readKeys(db: Queryable, units: readonly string[]): Promise<KeyRow[]> {
  return db.query<KeyRow>(
    `select unit, name, value from instance_key where unit = any($1::uuid[]) order by unit, learned_at, name, value`, [units])
}
