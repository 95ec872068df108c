/** Taking or checking a snapshot, as it is asked for and told of: a job whose rows are counted while it is taken, entries while it is checked. */
import type { Queryable } from '../database.js'
import { askForJob, readJob, type Job } from '../job.js'

/** `taking` and `checking` end in `done` or `failed`. */
export type SnapshotJobStatus = 'asked' | 'taking' | 'checking' | 'done' | 'failed'

interface Detail {
  /** Absent while none is taken. */
  readonly name?: string
}

export type SnapshotJob = Job<SnapshotJobStatus, Detail>

const UNDER_WAY: readonly SnapshotJobStatus[] = ['asked', 'taking', 'checking']

export function isUnderWay(job: SnapshotJob | undefined): job is SnapshotJob & { readonly status: 'asked' | 'taking' | 'checking' } {
  return job !== undefined && UNDER_WAY.includes(job.status)
}

/** @param name the one that is to be checked; absent: one is taken, and checked. Undefined where another is under way already. */
export async function askForSnapshot(db: Queryable, now: number, name?: string): Promise<SnapshotJob | undefined> {
  return askForJob<SnapshotJobStatus, Detail>(db, 'snapshot', UNDER_WAY, name === undefined ? {} : { name }, now)
}

/** The latest. */
export async function readSnapshotJob(db: Queryable): Promise<SnapshotJob | undefined> {
  return readJob<SnapshotJobStatus, Detail>(db, 'snapshot')
}

export async function tellSnapshotJob(
  db: Queryable, id: string, now: number, to: { readonly status: SnapshotJobStatus; readonly done?: number; readonly total?: number; readonly name?: string; readonly error?: string },
): Promise<void> {
  const detail = { ...(to.name === undefined ? {} : { name: to.name }), ...(to.error === undefined ? {} : { error: to.error }) }
  await db.query(
    `update job set status = $2, updated_at = $3, done = coalesce($4, done), total = coalesce($5, total), detail = detail || $6::jsonb where id = $1::uuid`,
    [id, to.status, now, to.done ?? null, to.total ?? null, JSON.stringify(detail)])
}
