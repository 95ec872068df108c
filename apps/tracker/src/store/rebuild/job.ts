/** A rebuild as it is asked for and told of: one row of `job`, which survives restarts and the swap. Times are machine time, epoch milliseconds. */
import { identityOf } from '../identity.js'
import type { Queryable } from '../database.js'

/** `asked`: nobody works on it yet. `running` ends in one of the others; `paused` is `running` again when somebody says so; `cancelling` ends in `cancelled`. */
export type RebuildStatus = 'asked' | 'running' | 'paused' | 'cancelling' | 'done' | 'failed' | 'cancelled'

export interface RebuildJob {
  readonly id: string
  readonly status: RebuildStatus
  /** Entries folded again, of those that there were when it was last looked. */
  readonly done: number
  readonly total: number
  readonly startedAt: number
  readonly updatedAt: number
  readonly error: string | undefined
  /** Of the program that began it: another one folds differently, and begins again. */
  readonly version: string | undefined
}

const UNDER_WAY: readonly RebuildStatus[] = ['asked', 'running', 'paused', 'cancelling']

/** Undefined where one is under way already. */
export async function askForRebuild(db: Queryable, now: number): Promise<RebuildJob | undefined> {
  const rows = await db.query<JobRow>(
    `insert into job (id, kind, status, done, total, started_at, updated_at)
     select $1::uuid, 'rebuild', 'asked', 0, null, $2, $2 where not exists (select 1 from job where kind = 'rebuild' and status = any($3::text[])) returning *`,
    [identityOf(['rebuild', String(now)]), now, UNDER_WAY])
  return rows[0] && jobOf(rows[0])
}

/** False where none is under way. */
export async function cancelRebuild(db: Queryable): Promise<boolean> {
  return (await db.query(`update job set status = 'cancelling' where kind = 'rebuild' and status = any($1::text[]) returning id`, [UNDER_WAY])).length > 0
}

/** False where none is running. Whoever works on it sees it at the next look, and leaves what is folded so far. */
export async function pauseRebuild(db: Queryable): Promise<boolean> {
  return (await db.query(`update job set status = 'paused' where kind = 'rebuild' and status in ('asked', 'running') returning id`)).length > 0
}

/** False where none is paused. */
export async function resumeRebuild(db: Queryable): Promise<boolean> {
  return (await db.query(`update job set status = 'running' where kind = 'rebuild' and status = 'paused' returning id`)).length > 0
}

/** The latest. */
export async function readRebuild(db: Queryable): Promise<RebuildJob | undefined> {
  const rows = await db.query<JobRow>(`select * from job where kind = 'rebuild' order by started_at desc limit 1`)
  return rows[0] && jobOf(rows[0])
}

/** False where somebody has paused or cancelled it meanwhile. */
export async function beginRebuilding(db: Queryable, id: string, now: number, version: string): Promise<boolean> {
  const rows = await db.query(
    `update job set status = 'running', updated_at = $2, detail = detail || $3::jsonb where id = $1::uuid and status in ('asked', 'running') returning id`,
    [id, now, JSON.stringify({ version })])
  return rows.length > 0
}

/** Moves a running one on. Answers the status, which somebody may have set to `paused` or `cancelling`. */
export async function tellProgress(db: Queryable, id: string, done: number, total: number, now: number): Promise<RebuildStatus | undefined> {
  const rows = await db.query<{ status: RebuildStatus }>(`update job set done = $2, total = $3, updated_at = $4 where id = $1::uuid returning status`, [id, done, total, now])
  return rows[0]?.status
}

export async function setRebuildStatus(db: Queryable, id: string, status: RebuildStatus, now: number, detail: { readonly error?: string } = {}): Promise<void> {
  await db.query(`update job set status = $2, updated_at = $3, detail = detail || $4::jsonb where id = $1::uuid`, [id, status, now, JSON.stringify(detail)])
}

interface JobRow {
  id: string
  status: RebuildStatus
  done: string
  total: string | null
  started_at: string
  updated_at: string
  detail: { version?: string; error?: string }
}

function jobOf(row: JobRow): RebuildJob {
  return {
    id: row.id, status: row.status, done: Number(row.done), total: Number(row.total ?? 0), startedAt: Number(row.started_at), updatedAt: Number(row.updated_at),
    error: row.detail.error, version: row.detail.version,
  }
}
