import type { Finding, ProcessModel } from '@tidemark/bpmn'
import type { Queryable } from '../database.js'

export interface ModelVersionRow {
  readonly model: string
  readonly version: number
  readonly name: string
  readonly findings: readonly Finding[]
  readonly mode: 'observe' | 'suggest' | 'manage'
  readonly status: 'catchingUp' | 'active' | 'suspended'
  readonly position: string
  readonly deployed_position: string
  readonly deployed_at: string
}

const versionColumns = 'v.model, v.version, v.name, v.findings, v.mode, v.status, v.position, v.deployed_position, v.deployed_at'

/** All versions of the models that come after `after` by id, at most `limit` models; without their XML and compiled process. */
export function readModels(db: Queryable, after: string | undefined, limit: number): Promise<ModelVersionRow[]> {
  return db.query<ModelVersionRow>(
    `with page as (select distinct model from model_version where $1::text is null or model > $1::text order by model limit $2::int)
     select ${versionColumns} from model_version v join page on page.model = v.model order by v.model, v.version`,
    [after ?? null, limit],
  )
}

/** All versions of one model, oldest first; none: unknown. */
export function readModel(db: Queryable, model: string): Promise<ModelVersionRow[]> {
  return db.query<ModelVersionRow>(`select ${versionColumns} from model_version v where v.model = $1 order by v.version`, [model])
}

/** The versions that one entry of the log deployed. */
export function readDeployedAt(db: Queryable, position: bigint): Promise<ModelVersionRow[]> {
  return db.query<ModelVersionRow>(
    `select ${versionColumns} from model_version v where v.deployed_position = $1::bigint order by v.model, v.version`,
    [String(position)],
  )
}

export interface SourceRow {
  readonly model: string
  readonly version: number
  readonly name: string
  readonly xml: string
  readonly mapping: string | null
  readonly decision: string | null
  readonly hash: string
}

/** What was deployed: of one version, the file as it is shown. */
export async function readSource(db: Queryable, model: string, version: number): Promise<SourceRow | undefined> {
  const rows = await db.query<SourceRow>(
    `select model, version, name, xml, mapping, decision, hash from model_version where model = $1 and version = $2::int`, [model, version])
  return rows[0]
}

/** The newest version of each of these models, with its file. */
export function readNewestSources(db: Queryable, models: readonly string[]): Promise<SourceRow[]> {
  return db.query<SourceRow>(
    `select distinct on (model) model, version, name, xml, mapping, decision, hash from model_version
     where model = any($1::text[]) order by model, version desc`,
    [models],
  )
}

export interface ProcessRow {
  readonly model: string
  readonly version: number
  readonly process: ProcessModel
}

/** Compiled processes of the (model, version) pairs, which come as two arrays of equal length. */
export function readProcessesOf(db: Queryable, models: readonly string[], versions: readonly number[]): Promise<ProcessRow[]> {
  return db.query<ProcessRow>(
    `select v.model, v.version, v.process from model_version v
     join unnest($1::text[], $2::int[]) as wanted (model, version) on wanted.model = v.model and wanted.version = v.version`,
    [models, versions],
  )
}

export interface NewestRow {
  readonly model: string
  readonly version: number
  readonly name: string
}

/** Newest version and name of at most `limit` models, by id. */
export function readNewestVersions(db: Queryable, limit: number): Promise<NewestRow[]> {
  return db.query<NewestRow>(
    `select distinct on (model) model, version, name from model_version order by model, version desc limit $1::int`, [limit])
}

export interface ModelCountRow {
  readonly model: string
  readonly active: string
  readonly completed: string
  readonly terminated: string
  readonly stuck: string
  readonly late: string
  readonly deviating: string
  readonly last_event_at: string
}

const modelSums = `sum(active)::bigint as active, sum(completed)::bigint as completed, sum(terminated)::bigint as terminated,
  sum(stuck)::bigint as stuck, sum(late)::bigint as late, sum(deviating)::bigint as deviating, max(last_event_at) as last_event_at`

/** Counters of whole models, summed over shards and versions. A model without instances has no row. */
export function readModelCounts(db: Queryable, models: readonly string[]): Promise<ModelCountRow[]> {
  return db.query<ModelCountRow>(
    `select model, ${modelSums} from model_count where shard in (select id from shard) and model = any($1::text[]) group by model`, [models])
}

/** Counters of one version, summed over shards. */
export async function readVersionCounts(db: Queryable, model: string, version: number): Promise<ModelCountRow | undefined> {
  const rows = await db.query<ModelCountRow>(
    `select model, ${modelSums} from model_count
     where shard in (select id from shard) and model = $1 and version = $2::int group by model`,
    [model, version],
  )
  return rows[0]
}

/** Counters of all models, for metrics: at most `limit` models. */
export function readAllModelCounts(db: Queryable, limit: number): Promise<ModelCountRow[]> {
  return db.query<ModelCountRow>(`select model, ${modelSums} from model_count group by model order by model limit $1::int`, [limit])
}

export interface VersionInForce {
  readonly model: string
  readonly version: number
  readonly inForceFrom: number
  readonly deployedPosition: bigint
}

/** Newest versions of at most `limit` models that call this process, by id. */
export function readCallers(db: Queryable, called: string, limit: number): Promise<{ model: string; version: number }[]> {
  return db.query<{ model: string; version: number }>(
    `select distinct on (model) model, version from model_version
     where process->'elements' @> jsonb_build_array(jsonb_build_object('calledElement', $1::text)) order by model, version desc limit $2::int`,
    [called, limit],
  )
}

/** The versions of a model, oldest first, with the moment of event time from which each is in force. */
export async function readVersionsInForce(db: Queryable, model: string): Promise<readonly VersionInForce[]> {
  const rows = await db.query<{ model: string; version: number; in_force_from: string; deployed_position: string }>(
    `select model, version, in_force_from, deployed_position from model_version where model = $1 order by version`, [model])
  return rows.map((row) => ({ model: row.model, version: row.version, inForceFrom: Number(row.in_force_from), deployedPosition: BigInt(row.deployed_position) }))
}
