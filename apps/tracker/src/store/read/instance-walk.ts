/**
 * Where a list of instances is read from: the narrowest index that holds one of its filters in the order of the list. The others are checked row
 * by row, on a bounded number of rows, so that no filter makes a page cost more, however rare what it asks for.
 *
 * Instances come newest first; where a place or a kind of deviation is asked for, those that came there, or deviated, last: that is what an index can say.
 */
import { startConditions, type Bind, type InstanceFilter } from './instance-filter.js'

/** The last row of the page before: started_at, or when the token came or the deviation happened, and the instance. */
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
export const LOOKED_AT = 2_000
/** @param limit rows of the page */
export function walkOf(filter: InstanceFilter, below: Place | undefined, limit: number, bind: Bind): Walk {
  if (filter.key !== undefined) return ofKey(filter, below, bind)
  if (filter.deviation !== undefined) return overDeviations(filter, filter.deviation, below, limit, bind)
  const { stuck, late, deviating } = filter
  const flag = stuck === true ? 'i.stuck' : late === true ? 'i.late' : deviating === true ? 'i.deviations > 0' : undefined
  // Those that somebody should look at are fewer than those at a place.
  if (flag === undefined && (filter.element !== undefined || filter.waitingSince !== undefined)) return overTokens(filter, below, limit, bind)
  return overInstances(filter, flag, below, limit, bind)
}

/** One key value belongs to at most this many units that are listed for it; a hub value (a customer, a day) has more. */
const UNITS_PER_KEY = 1_000

/** A key has few units, and each is looked up by itself: of how many at once the planner knows nothing, so that it might read the whole table. */
function ofKey(filter: InstanceFilter, below: Place | undefined, bind: Bind): Walk {
  const { value, units } = filter.key ?? { value: '', units: [] }
  const ofUnit = ['i.unit = wanted.unit', ...beyond(below, bind)]
  return {
    isCut: false,
    sql: `select one.at, one.id from ((select k.unit from instance_key k where k.value = ${bind(value)} limit ${UNITS_PER_KEY}) union select unnest(${bind(units)}::uuid[])) as wanted
      cross join lateral (select i.started_at as at, i.id from instance i where ${ofUnit.join(' and ')} offset 0) as one order by one.at desc, one.id desc`,
  }
}

function beyond(below: Place | undefined, bind: Bind): string[] {
  return below === undefined ? [] : [`(i.started_at, i.id) < (${bind(below.at)}::bigint, ${bind(below.id)}::uuid)`]
}

/** An instance stands where its latest token stands among those that are asked for. */
function overTokens(filter: InstanceFilter, below: Place | undefined, limit: number, bind: Bind): Walk {
  const { model, version, element, waitingSince, startedAfter, startedBefore, stuck, late, deviating, variables } = filter
  const isExact = [version, startedAfter, startedBefore, stuck, late, deviating, variables?.[0]].every((asked) => asked === undefined)
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

/** An instance stands where its latest deviation of the kind stands. */
function overDeviations(filter: InstanceFilter, kind: string, below: Place | undefined, limit: number, bind: Bind): Walk {
  const isCut = Object.entries(filter).some(([name, asked]) => name !== 'deviation' && asked !== undefined && !(Array.isArray(asked) && asked.length === 0))
  const after = below === undefined ? '' : ` and (d.at, d.instance) < (${bind(below.at)}::bigint, ${bind(below.id)}::uuid)`
  return {
    isCut,
    sql: `select d.at, d.instance as id from deviation d where d.kind = ${bind(kind)}${after}
        and not exists (select 1 from deviation o where o.instance = d.instance and o.kind = d.kind and (o.at, o.element, o.item) > (d.at, d.element, d.item))
      order by d.at desc, d.instance desc limit ${bind(isCut ? LOOKED_AT : limit)}::int`,
  }
}

/** One range of an index per model, or per version and status, merged. */
function overInstances(filter: InstanceFilter, flag: string | undefined, below: Place | undefined, limit: number, bind: Bind): Walk {
  const { model, version, status, element, waitingSince, stuck, late, deviating, variables } = filter
  const flags = [stuck, late, deviating].filter((asked) => asked !== undefined).length
  const byState = flag === undefined && (model !== undefined || version !== undefined || status !== undefined)
  const isExact = flags === (flag === undefined ? 0 : 1) && [element, waitingSince, variables?.[0]].every((asked) => asked === undefined) && (byState || (version === undefined && status === undefined))
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
