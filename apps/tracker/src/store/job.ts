/**
 * What is asked for, takes a while and is told of: one row of `job`, which survives restarts. Rebuilds, shadows and snapshots are jobs, each kind with
 * statuses and details of its own. Times are machine time, epoch milliseconds.
 */
import type { Queryable } from './database.js'
import { identityOf } from './identity.js'

export type JobKind = 'rebuild' | 'shadow' | 'snapshot'

export type Job<Status extends string, Detail extends object> = Detail & {
  readonly id: string
  readonly status: Status
  /** 0 of 0 where nobody knows. */
  readonly done: number
  readonly total: number
  readonly startedAt: number
  readonly updatedAt: number
  readonly error: string | undefined
}

/** As the table has it. */
export interface JobRow<Status extends string, Detail extends object> {
  id: string
  status: Status
  done: string
  total: string | null
  started_at: string
  updated_at: string
  detail: Detail & { error?: string }
}

export function jobOf<Status extends string, Detail extends object>(row: JobRow<Status, Detail>): Job<Status, Detail> {
  return {
    ...row.detail,
    id: row.id, status: row.status, done: Number(row.done), total: Number(row.total ?? 0), startedAt: Number(row.started_at), updatedAt: Number(row.updated_at),
    error: row.detail.error,
  }
}

/**
 * Undefined where one of its kind has one of the statuses `underWay`.
 * @param words tell it from others that are asked for in the same millisecond
 */
export async function askForJob<Status extends string, Detail extends object>(
  db: Queryable, kind: JobKind, underWay: readonly Status[], detail: Detail, now: number, words: readonly string[] = [],
): Promise<Job<Status, Detail> | undefined> {
  const rows = await db.query<JobRow<Status, Detail>>(
    `insert into job (id, kind, status, done, total, started_at, updated_at, detail)
     select $1::uuid, $2::text, 'asked', 0, null, $3, $3, $5::jsonb where not exists (select 1 from job where kind = $2 and status = any($4::text[]))
     on conflict (id) do nothing returning *`,
    [identityOf([kind, ...words, String(now)]), kind, now, underWay, JSON.stringify(detail)])
  return rows[0] && jobOf(rows[0])
}

/** The latest of its kind. */
export async function readJob<Status extends string, Detail extends object>(db: Queryable, kind: JobKind): Promise<Job<Status, Detail> | undefined> {
  const rows = await db.query<JobRow<Status, Detail>>('select * from job where kind = $1 order by started_at desc limit 1', [kind])
  return rows[0] && jobOf(rows[0])
}

/** Answers the status, which somebody may have changed. */
export async function tellJobProgress<Status extends string>(db: Queryable, id: string, done: number, total: number, now: number): Promise<Status | undefined> {
  const rows = await db.query<{ status: Status }>('update job set done = $2, total = $3, updated_at = $4 where id = $1::uuid returning status', [id, done, total, now])
  return rows[0]?.status
}
