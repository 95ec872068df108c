/** Loads what folding needs: the facts of units, and when they were last shown. One statement for all units of a batch. */
import { namesItems, type Fact } from '@tidemark/bpmn'
import { uuids } from '../binary.js'
import type { Queryable } from '../database.js'

export interface StoredUnit {
  readonly facts: readonly { readonly fact: Fact; readonly contentHash: string }[]
  /** The clock at which its instances were shown last; undefined where none were. */
  readonly shownAt: number | undefined
}

interface FactRow {
  /** Of its unit among those that were asked for, from 1. */
  n: number
  position: string
  kind: Fact['kind']
  time: string
  append_time: string
  source: string
  event_id: string
  type: string
  sequence: string | null
  content_hash: string
  /** JSON, which {@link labelsOf} mostly knows. */
  labels_json: string
  patch_json: string | null
  shown_at: string | null
}

export async function loadUnits(db: Queryable, units: readonly string[]): Promise<ReadonlyMap<string, StoredUnit>> {
  if (units.length === 0) return new Map()
  // One look-up in each index per unit, whatever statistics say: a table that has grown since the last ANALYZE was read whole for each batch.
  const rows = await db.query<FactRow>(
    `select wanted.n, wanted.shown_at, fact.* from (
       select unit, n::int, (select max(shown_at) from instance where instance.unit = given.unit) as shown_at from unnest($1::uuid[]) with ordinality as given (unit, n) offset 0
     ) as wanted cross join lateral (
       select position, kind, time, append_time, source, event_id, type, sequence, content_hash, labels_json, patch_json from instance_event
       where instance_event.unit = wanted.unit offset 0
     ) as fact`,
    [uuids(units, (unit) => unit)],
  )
  const loaded = new Map<string, { facts: { fact: Fact; contentHash: string }[]; shownAt: number | undefined }>()
  let last = 0
  let facts: { fact: Fact; contentHash: string }[] = []
  for (const row of rows) {
    // Those of a unit come together.
    if (row.n !== last) loaded.set(units[row.n - 1] as string, { facts: (facts = []), shownAt: row.shown_at === null ? undefined : Number(row.shown_at) })
    last = row.n
    facts.push({ fact: factOf(row), contentHash: row.content_hash })
  }
  return loaded
}

function factOf(row: FactRow): Fact {
  const base = {
    position: BigInt(row.position), kind: row.kind, time: Number(row.time), appendTime: Number(row.append_time), source: row.source, id: row.event_id, type: row.type,
    labels: labelsOf(row.labels_json), ...(row.sequence === null ? {} : { sequence: row.sequence }),
  }
  if (row.patch_json === null) return base
  const patch = JSON.parse(row.patch_json) as Record<string, unknown>
  return row.kind === 'event' ? { ...base, patch } : { ...base, ...(patch as Partial<Fact>) }
}

const MAX_LABELS = 10_000
const labelsByText = new Map<string, Fact['labels']>()

/** They say what an event means to each version of a model: very many events have the same ones, except where they name items of their case. */
function labelsOf(json: string): Fact['labels'] {
  const known = labelsByText.get(json)
  if (known !== undefined) return known
  const stored = JSON.parse(json) as Record<string, readonly string[]>
  const labels = Object.fromEntries(Object.entries(stored).map(([version, some]) => [version, some.map((label) => label.replace('\t', '\u0000'))]))
  if (Object.keys(labels).some(namesItems)) return labels
  if (labelsByText.size >= MAX_LABELS) labelsByText.clear()
  labelsByText.set(json, labels)
  return labels
}

/** A place in the order in which deadlines fall due. */
export interface DuePlace {
  readonly at: string
  readonly unit: string
}

export interface Due {
  readonly units: readonly { readonly unit: string; readonly model: string; readonly key: string }[]
  /** Where to go on; undefined where these were the last. */
  readonly next: DuePlace | undefined
}

/** The first deadline of these shards behind a moment: epoch milliseconds of the domain clock; undefined where there is none. */
export async function firstDeadline(db: Queryable, shards: readonly number[], after: number): Promise<number | undefined> {
  const [row] = await db.query<{ at: string }>(`select at from deadline where at > $1::bigint and shard = any($2::int[]) order by at limit 1`, [after, shards])
  return row === undefined ? undefined : Number(row.at)
}

/** Units of these shards whose next deadline the clock has passed, oldest first, behind a place; of `limit` deadlines those whose model is followed. */
export async function dueUnits(db: Queryable, shards: readonly number[], clock: number, after: DuePlace | undefined, limit: number): Promise<Due> {
  const rows = await db.query<{ unit: string; at: string; model: string | null; key: string; follows: boolean }>(
    `select due.unit, due.at, coalesce(due.model, instance.model) as model, coalesce(due.key, instance.key) as key,
       not exists (select 1 from model_shard m where m.model = coalesce(due.model, instance.model) and m.shard = due.shard and m.status <> 'active') as follows
     from (
       select unit, shard, at, model, key from deadline
       where at <= $1::bigint and shard = any($3::int[])${after === undefined ? '' : ' and (at, unit) > ($4::bigint, $5::uuid)'} order by at, unit limit $2::int
     ) as due
     left join lateral (select model, key from instance where instance.unit = due.unit limit 1) as instance on true
     order by due.at, due.unit`,
    [clock, limit, shards, ...(after === undefined ? [] : [after.at, after.unit])],
  )
  const last = rows.at(-1)
  return {
    units: rows.flatMap(({ unit, model, key, follows }) => (model === null || !follows ? [] : [{ unit, model, key }])),
    next: last === undefined || rows.length < limit ? undefined : { at: last.at, unit: last.unit },
  }
}
