import type { SnapshotJob, Snapshots } from '@tidemark/api'
import { snapshotDir, type Settings } from '../config.js'
import { TrackerError } from '../problem.js'
import type { Database } from '../store/database.js'
import { listSnapshots, readSnapshot } from '../store/snapshot/files.js'
import { askForSnapshot, readSnapshotJob } from '../store/snapshot/job.js'
import { showSnapshot, showSnapshotJob } from './show-snapshot.js'

export interface SnapshotsContext {
  readonly db: Database
  readonly settings: Pick<Settings, 'snapshots' | 'dataDir'>
}

export async function findSnapshots({ db, settings }: SnapshotsContext): Promise<Snapshots> {
  const job = await readSnapshotJob(db)
  return { items: await Promise.all((await listSnapshots(snapshotDir(settings))).map(showSnapshot)), ...(job === undefined ? {} : { job: showSnapshotJob(job) }) }
}

/** @param name the one that is to be checked again; absent: one is taken */
export async function beginSnapshot({ db, settings }: SnapshotsContext, now: number, name?: string): Promise<SnapshotJob> {
  if (name !== undefined) await readSnapshot(snapshotDir(settings), name)
  const job = await askForSnapshot(db, now, name)
  if (job === undefined) throw new TrackerError('snapshotStatus', 409, 'A snapshot is being taken or checked already. GET /api/v1/snapshots says how far it is.')
  return showSnapshotJob(job)
}
