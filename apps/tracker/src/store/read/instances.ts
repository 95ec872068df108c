import type { Queryable } from '../database.js'
import { conditionsOf, type Bind, type InstanceFilter } from './instance-filter.js'
import { LOOKED_AT, walkOf, type Place } from './instance-walk.js'

export interface TokenColumn {
  readonly element: string
  /** Epoch milliseconds. */
  readonly since: number
  readonly dueAt?: number
  readonly stuck?: boolean
  readonly late?: boolean
  readonly undecided?: readonly string[]
  readonly item?: string
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
  /** Names and values of all keys of its unit, oldest first. */
  readonly keys: readonly (readonly [name: string, value: string])[]
}

const summaryColumns = `i.id, i.unit, i.run, i.model, i.version, i.key, i.status, i.stuck, i.late, i.deviations, i.settling, i.approximate,
  i.started_at, i.last_event_at, i.ended_at, i.shown_at, i.tokens_json::json as tokens,
  (select coalesce(jsonb_agg(jsonb_build_array(k.name, k.value) order by k.learned_at, k.name, k.value), '[]') from instance_key k where k.unit = i.unit) as keys`

/** A row of a list, with its place in it. */
export interface ListedRow extends InstanceRow, Place {}

export interface InstancePage {
  /** In the order of the list. */
  readonly rows: readonly ListedRow[]
  /** There are fewer than asked for, since enough was looked at: it goes on below this. */
  readonly goesOn?: Place
}

/** A page of instances that fit all of a filter; in which order, see instance-walk.ts. One statement, and another one where the page was cut short. */
export async function readInstances(db: Queryable, filter: InstanceFilter, limit: number, below?: Place): Promise<InstancePage> {
  const walked = binding()
  const walk = walkOf(filter, below, limit, walked.bind)
  const { params, bind } = binding(walked.params)
  const conditions = [...conditionsOf(filter, bind)]
  // Row by row by its key, and no further than the page: the planner would rather read the whole table.
  const rows = await db.query<ListedRow>(
    `select ${summaryColumns}, walk.at from (${walk.sql}) as walk cross join lateral (select * from instance where instance.id = walk.id offset 0) as i
     ${conditions.length === 0 ? '' : `where ${conditions.join('\n and ')}`} order by walk.at desc, walk.id desc limit ${bind(limit)}::int`, params)
  if (rows.length >= limit || !walk.isCut) return { rows }
  const [last] = await db.query<Place>(`select at, id from (${walk.sql}) as walk order by at desc, id desc limit 1 offset ${LOOKED_AT - 1}`, walked.params)
  return last === undefined ? { rows } : { rows, goesOn: last }
}

function binding(before: readonly unknown[] = []): { readonly params: unknown[]; readonly bind: Bind } {
  const params = [...before]
  return { params, bind: (value) => `$${params.push(value)}` }
}

export interface InstanceDetailRow extends InstanceRow {
  readonly shard: number
  readonly position: string
  readonly variables: Record<string, unknown>
}

/** One instance by its id or by one that it had before. */
export async function readInstance(db: Queryable, id: string): Promise<InstanceDetailRow | undefined> {
  const rows = await db.query<InstanceDetailRow>(
    `select ${summaryColumns}, i.shard, i.position, i.variables_json::json as variables from instance i
     where i.id = $1::uuid or (i.former_ids @> array[$1::uuid] and i.former_ids <> '{}') order by (i.id = $1::uuid) desc limit 1`,
    [id],
  )
  return rows[0]
}
