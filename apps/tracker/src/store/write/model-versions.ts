/** Deployed models. */
import type { Finding, ProcessModel } from '@tidemark/bpmn'
import type { Queryable } from '../database.js'

export interface ModelVersion {
  readonly model: string
  readonly version: number
  readonly hash: string
  readonly process: ProcessModel
  readonly status: 'catchingUp' | 'active' | 'suspended'
  readonly position: bigint
  readonly deployedPosition: bigint
  /** Append time of the entry that deployed it. */
  readonly deployedAt: number
  readonly inForceFrom: number
}

export async function readModelVersions(db: Queryable): Promise<readonly ModelVersion[]> {
  const rows = await db.query<{ model: string; version: number; hash: string; process: ProcessModel; status: ModelVersion['status']; position: string; deployed_position: string; deployed_at: string; in_force_from: string }>(
    `select model, version, hash, process, status, position, deployed_position, deployed_at, in_force_from from model_version order by model, version`)
  return rows.map((row) => ({
    model: row.model, version: row.version, hash: row.hash, process: row.process, status: row.status, position: BigInt(row.position),
    deployedPosition: BigInt(row.deployed_position), deployedAt: Number(row.deployed_at), inForceFrom: Number(row.in_force_from),
  }))
}

export async function insertModelVersion(
  tx: Queryable, version: ModelVersion & { readonly xml: string; readonly mapping: string | null; readonly decision: string | null; readonly findings: readonly Finding[] },
): Promise<void> {
  await tx.query(
    `insert into model_version (model, version, name, hash, xml, mapping, process, findings, mode, status, position, deployed_position, deployed_at, in_force_from, decision)
     values ($1, $2, $3, $4, $5, $6, $7::jsonb, $8::jsonb, $9, $10, $11, $12, $13, $14, $15)`,
    [
      version.model, version.version, version.process.name, version.hash, version.xml, version.mapping, JSON.stringify(version.process), JSON.stringify(version.findings),
      version.process.mode, version.status, version.position, version.deployedPosition, version.deployedAt, version.inForceFrom, version.decision,
    ],
  )
}
