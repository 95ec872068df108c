/** Deployed models, and how far each shard has followed them. */
import type { Finding, ProcessModel } from '@tidemark/bpmn'
import type { Queryable } from '../database.js'

export type FollowStatus = 'catchingUp' | 'active' | 'suspended'

export interface ModelVersion {
  readonly model: string
  readonly version: number
  readonly hash: string
  readonly process: ProcessModel
  /** Over all shards: see {@link tellModelStatus}. */
  readonly status: FollowStatus
  readonly deployedPosition: bigint
  /** Append time of the entry that deployed it. */
  readonly deployedAt: number
  readonly inForceFrom: number
}

/** How far a shard has followed a version. A position counts where it is not active: active, it is as far as the shard. */
export interface ModelShard {
  readonly model: string
  readonly version: number
  readonly shard: number
  readonly status: FollowStatus
  readonly position: bigint
}

export async function readModelVersions(db: Queryable): Promise<readonly ModelVersion[]> {
  const rows = await db.query<{ model: string; version: number; hash: string; process: ProcessModel; status: FollowStatus; deployed_position: string; deployed_at: string; in_force_from: string }>(
    `select model, version, hash, process, status, deployed_position, deployed_at, in_force_from from model_version order by model, version`)
  return rows.map((row) => ({
    model: row.model, version: row.version, hash: row.hash, process: row.process, status: row.status, 
    deployedPosition: BigInt(row.deployed_position), deployedAt: Number(row.deployed_at), inForceFrom: Number(row.in_force_from),
  }))
}

export async function readModelShards(db: Queryable, shards: readonly number[]): Promise<readonly ModelShard[]> {
  const rows = await db.query<Omit<ModelShard, 'position'> & { position: string }>(
    `select model, version, shard, status, position from model_shard where shard = any($1::int[])`, [shards])
  return rows.map((row) => ({ ...row, position: BigInt(row.position) }))
}

/** Whoever comes to its entry writes it; what the entry says is the same for all. */
export async function insertModelVersion(
  tx: Queryable, version: ModelVersion & { readonly xml: string; readonly mapping: string | null; readonly decision: string | null; readonly findings: readonly Finding[] },
): Promise<void> {
  await tx.query(
    `insert into model_version (model, version, name, hash, xml, mapping, process, findings, mode, status, position, deployed_position, deployed_at, in_force_from, decision)
     values ($1, $2, $3, $4, $5, $6, $7::jsonb, $8::jsonb, $9, 'catchingUp', 0, $10, $11, $12, $13) on conflict (model, version) do nothing`,
    [
      version.model, version.version, version.process.name, version.hash, version.xml, version.mapping, JSON.stringify(version.process), JSON.stringify(version.findings),
      version.process.mode, version.deployedPosition, version.deployedAt, version.inForceFrom, version.decision,
    ],
  )
}

export async function insertModelShards(tx: Queryable, rows: readonly ModelShard[]): Promise<void> {
  await tx.query(
    `insert into model_shard (model, version, shard, status, position) select * from unnest($1::text[], $2::int[], $3::int[], $4::text[], $5::bigint[])`,
    [rows.map((row) => row.model), rows.map((row) => row.version), rows.map((row) => row.shard), rows.map((row) => row.status), rows.map((row) => row.position)])
}

/** False where one of them does not stand where we think: then nothing may be committed. */
export async function moveModelShards(tx: Queryable, rows: readonly ModelShard[], to: { readonly status: FollowStatus; readonly position?: bigint }): Promise<boolean> {
  const moved = await tx.query(
    `update model_shard as own set status = $5, position = coalesce($6, own.position) from unnest($1::text[], $2::int[], $3::int[], $4::bigint[]) as row (model, version, shard, position)
     where own.model = row.model and own.version = row.version and own.shard = row.shard and own.position = row.position returning own.shard`,
    [rows.map((row) => row.model), rows.map((row) => row.version), rows.map((row) => row.shard), rows.map((row) => row.position), to.status, to.position ?? null])
  return moved.length === rows.length
}

/** The brake: they go on from their positions once somebody resumes the model. */
export async function suspendModelShards(tx: Queryable, rows: readonly ModelShard[]): Promise<void> {
  await tx.query(
    `update model_shard as own set status = 'suspended', position = row.position from unnest($1::text[], $2::int[], $3::int[], $4::bigint[]) as row (model, version, shard, position)
     where own.model = row.model and own.version = row.version and own.shard = row.shard`,
    [rows.map((row) => row.model), rows.map((row) => row.version), rows.map((row) => row.shard), rows.map((row) => row.position)])
}

/**
 * What is told of a version: suspended where one shard is, else catching up until all have. Each owner says it after it has moved its own; the lock
 * makes the last one see all.
 */
export async function tellModelStatus(tx: Queryable, model: string, version: number): Promise<void> {
  await Promise.all([
    tx.query(`select 1 from model_version where model = $1 and version = $2 for update`, [model, version]),
    tx.query(
      `update model_version as whole set status = told.status, position = told.position from (
         select case when bool_or(status = 'suspended') then 'suspended'
           when bool_or(status = 'catchingUp') or count(*) < (select count(*) from shard) then 'catchingUp' else 'active' end as status, coalesce(min(position) filter (where status <> 'active'), max(position)) as position
         from model_shard where model = $1 and version = $2 having count(*) > 0
       ) as told where whole.model = $1 and whole.version = $2`, [model, version]),
  ])
}
