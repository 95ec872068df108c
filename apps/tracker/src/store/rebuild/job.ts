/** A rebuild as it is asked for and told of: a job, whose row survives the swap too, and which counts entries folded again, of those that there were when it was last looked. */
import type { Queryable } from '../database.js'
import { askForJob, readJob, tellJobProgress, type Job } from '../job.js'

/** `asked`: nobody works on it yet. `running` ends in one of the others; `paused` is `running` again when somebody says so; `cancelling` ends in `cancelled`. */
export type RebuildStatus = 'asked' | 'running' | 'paused' | 'cancelling' | 'done' | 'failed' | 'cancelled'

interface Detail {
  /** Of the program that began it: another one folds differently, and begins again. */
  readonly version?: string
}

export type RebuildJob = Job<RebuildStatus, Detail>

const UNDER_WAY: readonly RebuildStatus[] = ['asked', 'running', 'paused', 'cancelling']

/** Undefined where one is under way already. */
export async function askForRebuild(db: Queryable, now: number): Promise<RebuildJob | undefined> {
  return askForJob<RebuildStatus, Detail>(db, 'rebuild', UNDER_WAY, {}, now)
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
  return readJob<RebuildStatus, Detail>(db, 'rebuild')
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
  return tellJobProgress<RebuildStatus>(db, id, done, total, now)
}

export async function setRebuildStatus(db: Queryable, id: string, status: RebuildStatus, now: number, detail: { readonly error?: string } = {}): Promise<void> {
  await db.query(`update job set status = $2, updated_at = $3, detail = detail || $4::jsonb where id = $1::uuid`, [id, status, now, JSON.stringify(detail)])
}
