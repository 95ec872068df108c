/**
 * Where a list of instances is read from: the narrowest index that holds one of its filters in the order of the list. The others are checked row
 * by row, on a bounded number of rows, so that no filter makes a page cost more, however rare what it asks for.
 *
 * Instances come newest first; where tokens are asked for, those whose token came last come first, since that is what an index can say of a place.
 */
import type { Queryable } from '../database.js'
import { conditionsOf, startConditions, type Bind, type InstanceFilter } from './instance-filter.js'

/** The last row of the page before: started_at, or the token's since, and the instance. */
export interface Place {
  readonly at: string
  readonly id: string
}

/** A statement that answers `at` and `id` of candidates in the order of the list. */
export interface Walk {
  readonly sql: string
  /** Any of them may be no match, and only the first {@link LOOKED_AT} are answered. */
  readonly isCut: boolean
}

/** So many candidates are looked at for a page: some tens of milliseconds. */
export const LOOKED_AT = 5_000
/** Instances with a kind of deviation are few, or a walk meets them soon. */
const FEW_DEVIATING = 2_000

/** @param limit rows of the page */
export async function walkOf(db: Queryable, filter: InstanceFilter, below: Place | undefined, limit: number, bind: Bind): Promise<Walk> {
  if (filter.key !== undefined) return ofKey(filter, below, bind)
  if (filter.element !== undefined || filter.waitingSince !== undefined) return overTokens(filter, below, limit, bind)
  if (filter.deviation !== undefined) {
    const few = await fewDeviating(db, filter.deviation)
    if (few !== undefined) return { sql: `select started_at as at, id from instance i where id = any(${bind(few)}::uuid[])${and(beyond(below, bind))} order by 1 desc, 2 desc`, isCut: false }
  }
  return overInstances(filter, below, limit, bind)
}

/** A key has few units, and what is asked of them is checked at once. */
function ofKey(filter: InstanceFilter, below: Place | undefined, bind: Bind): Walk {
  const { value, units } = filter.key ?? { value: '', units: [] }
  return { sql: `select i.started_at as at, i.id from instance i where ${[...conditionsOf({ key: { value, units } }, bind), ...beyond(below, bind)].join(' and ')} order by 1 desc, 2 desc`, isCut: false }
}

function beyond(below: Place | undefined, bind: Bind): string[] {
  return below === undefined ? [] : [`(i.started_at, i.id) < (${bind(below.at)}::bigint, ${bind(below.id)}::uuid)`]
}

function and(conditions: readonly string[]): string {
  return conditions.map((condition) => ` and ${condition}`).join('')
}

/** An instance stands where its latest token stands among those that are asked for. */
function overTokens(filter: InstanceFilter, below: Place | undefined, limit: number, bind: Bind): Walk {
  const { model, version, element, waitingSince, startedAfter, startedBefore, stuck, late, deviating, deviation, variables } = filter
  const isExact = [version, startedAfter, startedBefore, stuck, late, deviating, deviation, variables?.[0]].every((asked) => asked === undefined)
  const size = bind(isExact ? limit : LOOKED_AT)
  const places = element === undefined
    ? `select distinct v.model, e.value ->> 'id' as element from model_version v cross join jsonb_array_elements(v.process -> 'elements') as e${model === undefined ? '' : ` where v.model = ${bind(model)}`}`
    : model === undefined ? `select distinct model, ${bind(element)}::text as element from model_version` : `select ${bind(model)}::text as model, ${bind(element)}::text as element`
  const since = (token: string) => (waitingSince === undefined ? [] : [`${token}.since <= ${bind(waitingSince)}::bigint`])
  const after = below === undefined ? [] : [`(t.since, t.instance) < (${bind(below.at)}::bigint, ${bind(below.id)}::uuid)`]
  const range = ['t.model = place.model', 't.element = place.element', ...since('t'), ...after]
  const later = ['o.instance = t.instance', ...(element === undefined ? [] : ['o.element = t.element']), ...since('o'), '(o.since, o.element, o.n) > (t.since, t.element, t.n)']
  return {
    isCut: !isExact,
    sql: `select one.at, one.id from (${places}) as place cross join lateral (
        select t.since as at, t.instance as id from token t where ${range.join(' and ')} and not exists (select 1 from token o where ${later.join(' and ')})
        order by t.since desc, t.instance desc limit ${size}::int
      ) as one order by one.at desc, one.id desc limit ${size}::int`,
  }
}

/** The instances with a deviation, where they are few. */
async function fewDeviating(db: Queryable, kind: string): Promise<string[] | undefined> {
  const rows = await db.query<{ instance: string }>(`select instance from deviation where kind = $1 limit $2::int`, [kind, FEW_DEVIATING + 1])
  return rows.length > FEW_DEVIATING ? undefined : [...new Set(rows.map(({ instance }) => instance))]
}

/** One range of an index per model, or per version and status, merged. */
function overInstances(filter: InstanceFilter, below: Place | undefined, limit: number, bind: Bind): Walk {
  const { model, version, status, stuck, late, deviating, deviation, variables } = filter
  const flag = stuck === true ? 'i.stuck' : late === true ? 'i.late' : deviating === true ? 'i.deviations > 0' : undefined
  const flags = [stuck, late, deviating].filter((asked) => asked !== undefined).length
  const byState = flag === undefined && (model !== undefined || version !== undefined || status !== undefined)
  const isExact = flags === (flag === undefined ? 0 : 1) && deviation === undefined && variables?.[0] === undefined && (byState || (version === undefined && status === undefined))
  const size = bind(isExact ? limit : LOOKED_AT)
  const range = [...startConditions(filter, bind), ...beyond(below, bind)]
  const read = (conditions: readonly string[]) => {
    const where = [...conditions, ...range]
    return `select i.started_at as at, i.id from instance i ${where.length === 0 ? '' : `where ${where.join(' and ')}`} order by i.started_at desc, i.id desc limit ${size}::int`
  }
  const merged = (ranges: string, conditions: readonly string[]) =>
    `select one.at, one.id from (${ranges}) as range cross join lateral (${read(conditions)}) as one order by one.at desc, one.id desc limit ${size}::int`
  if (flag !== undefined) {
    const ranges = model === undefined ? `select distinct model from model_version` : `select ${bind(model)}::text as model`
    return { isCut: !isExact, sql: merged(ranges, ['i.model = range.model', flag]) }
  }
  if (!byState) return { isCut: !isExact, sql: read([]) }
  const of = [...(model === undefined ? [] : [`v.model = ${bind(model)}`]), ...(version === undefined ? [] : [`v.version = ${bind(version)}::int`])]
  const ranges = `select v.model, v.version, s.status from model_version v cross join unnest(${bind(status === undefined ? ['active', 'completed', 'terminated'] : [status])}::text[]) as s (status)
    ${of.length === 0 ? '' : `where ${of.join(' and ')}`}`
  return { isCut: !isExact, sql: merged(ranges, ['i.model = range.model', 'i.version = range.version', 'i.status = range.status']) }
}
