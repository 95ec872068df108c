import type { Snapshot, SnapshotJob } from '@tidemark/api'
import type { TrackerError } from '../problem.js'
import { sizeOf, type Snapshot as Stored } from '../store/snapshot/files.js'
import type { SnapshotJob as StoredJob } from '../store/snapshot/job.js'
import { rfc3339 } from './times.js'

export async function showSnapshot(one: Stored | { readonly name: string; readonly error: TrackerError }): Promise<Snapshot> {
  if ('error' in one) return { name: one.name, found: 'damaged', remarks: [one.error.detail] }
  const { name, manifest: { position, createdAt, program, tables }, verdict } = one
  return {
    name, position: String(position), createdAt: rfc3339(createdAt), program, rows: tables.reduce((sum, { rows }) => sum + rows, 0), sizeBytes: await sizeOf(one),
    found: verdict?.found ?? 'unchecked', ...(verdict?.against === undefined ? {} : { against: verdict.against }), remarks: verdict?.remarks ?? [],
  }
}

export function showSnapshotJob({ id, status, name, done, total, startedAt, updatedAt, error }: StoredJob): SnapshotJob {
  return {
    id, status, done, total, startedAt: rfc3339(startedAt), updatedAt: rfc3339(updatedAt), ...(name === undefined ? {} : { name }), ...(error === undefined ? {} : { error }),
  }
}
