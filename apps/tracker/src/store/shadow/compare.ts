/** What a new version says otherwise than the one in use: counts, and some instances of each kind of difference. */
import type { ShadowComparison, ShadowFigures, ShadowSample } from '@tidemark/api'
import type { Queryable } from '../database.js'

/** What a person reads; the rest is in the counts. */
const MAX_DEVIATIONS = 50
const MAX_SAMPLES = 20

/** Both must stand at the same position. */
export async function compareShadow(db: Queryable, model: string, schema: string): Promise<ShadowComparison> {
  const [before, after, statuses, deviations, samples] = [
    await figures(db, 'instance', model), await figures(db, `${schema}.instance`, model), await changedStatuses(db, model, schema),
    await changedDeviations(db, model, schema), await sampled(db, model, schema),
  ]
  const total = statuses.reduce((sum, { instances }) => sum + instances, 0)
  const different = statuses.reduce((sum, row) => sum + row.different, 0)
  return { before, after, same: total - different, different, statuses: statuses.map(({ different: _, ...row }) => row), deviations, samples }
}

async function figures(db: Queryable, table: string, model: string): Promise<ShadowFigures> {
  const [row] = await db.query<Record<keyof ShadowFigures, string>>(
    `select count(*) filter (where status = 'active') as active, count(*) filter (where status = 'completed') as completed,
       count(*) filter (where status = 'terminated') as terminated, count(*) filter (where stuck) as stuck,
       count(*) filter (where late and status = 'active') as late, count(*) filter (where deviations > 0) as deviating from ${table} where model = $1`, [model])
  const number = (name: keyof ShadowFigures) => Number(row?.[name] ?? 0)
  return {
    active: number('active'), completed: number('completed'), terminated: number('terminated'), stuck: number('stuck'), late: number('late'), deviating: number('deviating'),
  }
}

/** Runs of both, those of one unit side by side. */
const pairs = (schema: string) => `(select * from instance where model = $1) as old full join (select * from ${schema}.instance where model = $1) as new
  on new.unit = old.unit and new.run = old.run`

const placesOf = (side: string) => `jsonb_path_query_array(${side}.tokens_json::jsonb, '$[*].element')`

/** Where somebody looks at an instance they would see something else. */
const DIFFERS = `(old.status is distinct from new.status or old.deviations is distinct from new.deviations or old.stuck is distinct from new.stuck or old.late is distinct from new.late
  or ${placesOf('old')} is distinct from ${placesOf('new')})`

async function changedStatuses(db: Queryable, model: string, schema: string) {
  const rows = await db.query<{ before: string | null; after: string | null; instances: string; different: string }>(
    `select old.status as before, new.status as after, count(*) as instances, count(*) filter (where ${DIFFERS}) as different from ${pairs(schema)}
     group by 1, 2 order by 1, 2`, [model])
  return rows.map(({ before, after, instances, different }) => ({
    ...(before === null ? {} : { before: before as ShadowState }), ...(after === null ? {} : { after: after as ShadowState }), instances: Number(instances), different: Number(different),
  }))
}

type ShadowState = NonNullable<ShadowComparison['statuses'][number]['before']>

async function changedDeviations(db: Queryable, model: string, schema: string): Promise<ShadowComparison['deviations']> {
  const counted = (prefix: string) => `(select kind, element, count(distinct deviation.instance) as instances from ${prefix}deviation as deviation join ${prefix}instance as instance on instance.id = deviation.instance
    where instance.model = $1 and not accepted group by 1, 2)`
  const rows = await db.query<{ kind: string; element: string; before: string; after: string }>(
    `select kind, element, coalesce(old.instances, 0) as before, coalesce(new.instances, 0) as after from ${counted('')} as old full join ${counted(`${schema}.`)} as new using (kind, element)
     where old.instances is distinct from new.instances order by abs(coalesce(new.instances, 0) - coalesce(old.instances, 0)) desc, kind, element limit ${MAX_DEVIATIONS}`, [model])
  return rows.map(({ kind, element, before, after }) => ({ kind, element, before: Number(before), after: Number(after) }))
}

/** Those whose state differs first; by a hash of their ids, so that they are from everywhere. */
async function sampled(db: Queryable, model: string, schema: string): Promise<ShadowSample[]> {
  const rows = await db.query<{ key: string; instance: string | null; before: ShadowSample['before'] | null; after: ShadowSample['after'] | null }>(
    `select coalesce(old.key, new.key) as key, old.id as instance, ${shown('old')} as before, ${shown('new')} as after from ${pairs(schema)} where ${DIFFERS}
     order by (old.status is not distinct from new.status), uuid_hash(coalesce(old.id, new.id)) limit ${MAX_SAMPLES}`, [model])
  return rows.map(({ key, instance, before, after }) => ({
    key, ...(instance === null ? {} : { instance }), ...(before === null ? {} : { before }), ...(after === null ? {} : { after }),
  }))
}

const shown = (side: string) => `case when ${side}.id is null then null else jsonb_build_object('status', ${side}.status, 'deviations', ${side}.deviations, 'stuck', ${side}.stuck,
  'late', ${side}.late, 'at', ${placesOf(side)}) end`
