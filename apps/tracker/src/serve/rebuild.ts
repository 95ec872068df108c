import type { Rebuild } from '@tidemark/api'
import { TrackerError } from '../problem.js'
import type { Database } from '../store/database.js'
import { askForRebuild, cancelRebuild, pauseRebuild, readRebuild, resumeRebuild, type RebuildJob } from '../store/rebuild/job.js'
import { rfc3339 } from './times.js'

export async function findRebuild(db: Database): Promise<Rebuild> {
  const job = await readRebuild(db)
  if (job === undefined) throw new TrackerError('rebuildNotFound', 404, 'The state has not been rebuilt yet. POST /api/v1/rebuild begins a rebuild.')
  return show(job)
}

export async function beginRebuild(db: Database, now: number): Promise<Rebuild> {
  const job = await askForRebuild(db, now)
  if (job === undefined) throw new TrackerError('rebuildStatus', 409, 'A rebuild is under way. GET /api/v1/rebuild says how far it is, POST /api/v1/rebuild/cancel ends it.')
  return show(job)
}

export async function endRebuild(db: Database): Promise<Rebuild> {
  if (!(await cancelRebuild(db))) throw new TrackerError('rebuildStatus', 409, 'No rebuild is under way.')
  return findRebuild(db)
}

export async function holdRebuild(db: Database): Promise<Rebuild> {
  if (!(await pauseRebuild(db))) throw new TrackerError('rebuildStatus', 409, 'No rebuild is running.')
  return findRebuild(db)
}

export async function goOnWithRebuild(db: Database): Promise<Rebuild> {
  if (!(await resumeRebuild(db))) throw new TrackerError('rebuildStatus', 409, 'No rebuild is paused.')
  return findRebuild(db)
}

function show({ id, status, done, total, startedAt, updatedAt, error }: RebuildJob): Rebuild {
  return { id, status, done, total, startedAt: rfc3339(startedAt), updatedAt: rfc3339(updatedAt), ...(error === undefined ? {} : { error }) }
}
