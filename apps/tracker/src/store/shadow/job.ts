/** A shadow as it is asked for and told of: a job that counts entries. */
import type { ShadowComparison } from '@tidemark/api'
import type { Queryable } from '../database.js'
import { askForJob, jobOf, tellJobProgress, type Job, type JobRow } from '../job.js'

/** The schema in which the model is told by its new version. */
export const SHADOW_SCHEMA = 'tidemark_shadow'

/**
 * `asked`: nobody works on it yet. `running`: the log is read. `ready`: compared, and somebody decides. `accepting`: it stands in the log as a deployment,
 * and is being swapped in. Ends in one of the others.
 */
export type ShadowStatus = 'asked' | 'running' | 'ready' | 'accepting' | 'dropping' | 'accepted' | 'dropped' | 'failed'

/** What is tried, and by whom. */
export interface Candidate {
  readonly model: string
  readonly version: number
  readonly hash: string
  /** Instances that began at or after it, epoch milliseconds of event time. */
  readonly since: number
  readonly xml: string
  readonly mapping?: string
  readonly decision?: string
  readonly by: string
}

interface Detail {
  readonly candidate: Candidate
  readonly comparison?: ShadowComparison
  /** Of the program that began it: another one tells differently, and begins again. */
  readonly program?: string
}

export type ShadowJob = Job<ShadowStatus, Detail>

const UNDER_WAY: readonly ShadowStatus[] = ['asked', 'running', 'ready', 'accepting', 'dropping']

/** There is one at a time, over all models. Undefined where one is under way already. */
export async function askForShadow(db: Queryable, candidate: Candidate, now: number): Promise<ShadowJob | undefined> {
  return askForJob<ShadowStatus, Detail>(db, 'shadow', UNDER_WAY, { candidate }, now, [candidate.model])
}

/** The latest of a model; of any where none is named. */
export async function readShadow(db: Queryable, model?: string): Promise<ShadowJob | undefined> {
  const rows = await db.query<JobRow<ShadowStatus, Detail>>(
    `select * from job where kind = 'shadow' and ($1::text is null or detail -> 'candidate' ->> 'model' = $1) order by started_at desc limit 1`, [model ?? null])
  return rows[0] && jobOf(rows[0])
}

/** The model of which a version is tried, or has failed last. */
export async function readTriedModel(db: Queryable): Promise<string | undefined> {
  const job = await readShadow(db)
  return job !== undefined && (UNDER_WAY.includes(job.status) || job.status === 'failed') ? job.candidate.model : undefined
}

/** Moves it from one of these states to another; false where it is in none of them. */
export async function moveShadow(db: Queryable, id: string, from: readonly ShadowStatus[], to: ShadowStatus, now: number, detail: object = {}): Promise<boolean> {
  const rows = await db.query(
    `update job set status = $3, updated_at = $4, detail = detail || $5::jsonb where id = $1::uuid and status = any($2::text[]) returning id`,
    [id, from, to, now, JSON.stringify(detail)])
  return rows.length > 0
}

/** Answers the status, which somebody may have changed. */
export async function tellShadowProgress(db: Queryable, id: string, done: number, total: number, now: number): Promise<ShadowStatus | undefined> {
  return tellJobProgress<ShadowStatus>(db, id, done, total, now)
}

/** Whoever meets the deployment in the log leaves the rest to the swap. */
export async function isAcceptedShadow(db: Queryable, model: string, hash: string): Promise<boolean> {
  const rows = await db.query(
    `select 1 from job where kind = 'shadow' and status = 'accepting' and detail -> 'candidate' ->> 'model' = $1 and detail -> 'candidate' ->> 'hash' = $2`, [model, hash])
  return rows.length > 0
}
