/** Taking or checking a snapshot, as it is asked for and told of: one row of `job`. Times are machine time, epoch milliseconds. */
import { identityOf } from '../identity.js'
import type { Queryable } from '../database.js'

/** `taking` and `checking` end in `done` or `failed`. */
export type SnapshotJobStatus = 'asked' | 'taking' | 'checking' | 'done' | 'failed'

export interface SnapshotJob {
  readonly id: string
  readonly status: SnapshotJobStatus
  /** Absent while none is taken. */
  readonly name: string | undefined
  /** Rows while it is taken, entries while it is checked; 0 of 0 where nobody knows. */
  readonly done: number
  readonly total: number
  readonly startedAt: number
  readonly updatedAt: number
  readonly error: string | undefined
}

const UNDER_WAY: readonly SnapshotJobStatus[] = ['asked', 'taking', 'checking']

export function isUnderWay(job: SnapshotJob | undefined): job is SnapshotJob & { readonly status: 'asked' | 'taking' | 'checking' } {
  return job !== undefined && UNDER_WAY.includes(job.status)
}

/** @param name the one that is to be checked; absent: one is taken, and checked. Undefined where another is under way already. */
export async function askForSnapshot(db: Queryable, now: number, name?: string): Promise<SnapshotJob | undefined> {
  const rows = await db.query<JobRow>(
    `insert into job (id, kind, status, done, total, started_at, updated_at, detail)
     select $1::uuid, 'snapshot', 'asked', 0, 0, $2, $2, $4::jsonb where not exists (select 1 from job where kind = 'snapshot' and status = any($3::text[]))
     on conflict (id) do nothing returning *`,
    [identityOf(['snapshot', String(now)]), now, UNDER_WAY, JSON.stringify(name === undefined ? {} : { name })])
  return rows[0] && jobOf(rows[0])
}

/** The latest. */
export async function readSnapshotJob(db: Queryable): Promise<SnapshotJob | undefined> {
  const rows = await db.query<JobRow>(`select * from job where kind = 'snapshot' order by started_at desc limit 1`)
  return rows[0] && jobOf(rows[0])
}

export async function tellSnapshotJob(
  db: Queryable, id: string, now: number, to: { readonly status: SnapshotJobStatus; readonly done?: number; readonly total?: number; readonly name?: string; readonly error?: string },
): Promise<void> {
  const detail = { ...(to.name === undefined ? {} : { name: to.name }), ...(to.error === undefined ? {} : { error: to.error }) }
  await db.query(
    `update job set status = $2, updated_at = $3, done = coalesce($4, done), total = coalesce($5, total), detail = detail || $6::jsonb where id = $1::uuid`,
    [id, to.status, now, to.done ?? null, to.total ?? null, JSON.stringify(detail)])
}

interface JobRow {
  id: string
  status: SnapshotJobStatus
  done: string
  total: string | null
  started_at: string
  updated_at: string
  detail: { name?: string; error?: string }
}

function jobOf(row: JobRow): SnapshotJob {
  return {
    id: row.id, status: row.status, name: row.detail.name, done: Number(row.done), total: Number(row.total ?? 0), startedAt: Number(row.started_at),
    updatedAt: Number(row.updated_at), error: row.detail.error,
  }
}
