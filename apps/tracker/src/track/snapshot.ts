/**
 * Snapshots, by whoever follows the log: taken, checked, and the old ones cleared away. Checking is done in schemas of its own. First the files are loaded:
 * every row must be as it was read. Then the log is folded from the snapshot before it (or from its beginning) to where this one stands, by a tracker
 * that sees no more of it: the state must be the same. A snapshot that was checked is what the log may be trimmed below.
 */
import { TrackerError } from '../problem.js'
import type { Database } from '../store/database.js'
import { reaches } from '../store/reaches.js'
import { dropFreshTables, makeFreshTables } from '../store/rebuild/fresh-tables.js'
import { dropLateIndexes } from '../store/rebuild/late-indexes.js'
import { ensureShards } from '../store/shards.js'
import { differencesOf } from '../store/snapshot/digest.js'
import { deleteSnapshot, keepVerdict, listSnapshots, readSnapshot, type Snapshot } from '../store/snapshot/files.js'
import { tellSnapshotJob, type SnapshotJob, type SnapshotJobStatus } from '../store/snapshot/job.js'
import { loadSnapshot } from '../store/snapshot/load.js'
import type { Verdict } from '../store/snapshot/manifest.js'
import { assertOfLog, isVerified, usableSnapshots } from '../store/snapshot/sound.js'
import { takeSnapshot } from '../store/snapshot/take.js'
import { foldApart } from './beside.js'
import { logUpTo } from './log-up-to.js'
import type { RebuildContext } from './rebuild.js'

export interface SnapshotOptions {
  /** Where they are kept, a directory each. */
  readonly dir: string
  /** How many that were found right are kept; the log is trimmed below the oldest of them. */
  readonly kept: number
  /** How often one is taken by itself; absent: when somebody asks. */
  readonly everyMs?: number
}

export interface SnapshotContext extends RebuildContext {
  readonly snapshots: SnapshotOptions
}

export const CHECKED_SCHEMA = 'tidemark_snapshot'
export const FOLDED_SCHEMA = 'tidemark_snapshot_base'
const TELL_MS = 1_000
/** A deadline that is due and never passes is a fault of the tracker, which is not what is looked for here. */
const QUIET_WAIT_MS = 30_000

type Found = Omit<Verdict, 'manifest' | 'at'>

class Stopped extends Error {}

/** Resolves when it is done, failed (the job says why), or the signal says stop: then it goes on after the next start. */
export async function snapshot(context: SnapshotContext, job: SnapshotJob): Promise<void> {
  const { db, logger, now, signal, snapshots: { dir } } = context
  try {
    const taken = job.name === undefined ? await take(context, job) : await readSnapshot(dir, job.name)
    await tellSnapshotJob(db, job.id, now(), { status: 'checking', done: 0, total: 0, name: taken.name })
    const found = await check(context, job, taken)
    await keepVerdict(taken, { ...found, at: now() })
    if (found.found === 'differs') throw differs(taken, found)
    await clearAway(context)
    await tellSnapshotJob(db, job.id, now(), { status: 'done' })
    logger.info({ snapshot: taken.name, ...found }, 'a snapshot was taken and checked')
  } catch (error) {
    if (signal.aborted || error instanceof Stopped) return
    logger.error({ err: error, job: job.id }, 'a snapshot failed; the log is not trimmed below it')
    await clearAway(context).catch(() => undefined)
    await tellSnapshotJob(db, job.id, now(), { status: 'failed', error: error instanceof TrackerError ? error.detail.slice(0, 2_000) : String(error).slice(0, 1_000) })
  } finally {
    await Promise.all([CHECKED_SCHEMA, FOLDED_SCHEMA].map((schema) => dropFreshTables(db, schema).catch(() => undefined)))
  }
}

async function take(context: SnapshotContext, job: SnapshotJob): Promise<Snapshot> {
  const { db, now, version, signal, snapshots: { dir } } = context
  const tell = teller(context, job, 'taking')
  const taking = { dir, now: now(), program: version, onRows: (rows: number) => {
    if (signal.aborted) throw new Stopped()
    tell(rows, 0)
  } }
  if (!db.embedded) return takeSnapshot(db, taking)
  let taken: Snapshot | undefined
  await context.whilePaused(async () => {
    taken = await takeSnapshot(db, taking)
  })
  if (taken === undefined) throw new Stopped()
  return taken
}

async function check(context: SnapshotContext, job: SnapshotJob, taken: Snapshot): Promise<Found> {
  const { db, log } = context
  const checked = await loadSnapshot(db, taken, CHECKED_SCHEMA)
  await assertOfLog(taken, log)
  const base = await baseOf(context, taken)
  if (typeof base === 'string') return { found: 'restored', remarks: [base] }
  const to = taken.manifest.shards.reduce((most, { position }) => (position > most ? position : most), 0n)
  const folded = base === undefined ? await emptyTables(context, taken) : await loadSnapshot(db, base, FOLDED_SCHEMA)
  const tell = teller(context, job, 'checking')
  const from = base?.manifest.position ?? 0n
  const total = Math.max(log.entriesAfter(from) - log.entriesAfter(to), 0)
  await foldTo(context, folded, to, (position) => tell(Math.max(total - log.entriesAfter(position) + log.entriesAfter(to), 0), total))
  // What had fallen due, and who had still to catch up, when it was taken.
  await foldTo(context, checked, to, () => undefined)
  const remarks = await differencesOf(db, FOLDED_SCHEMA, CHECKED_SCHEMA)
  return { found: remarks.length === 0 ? 'folded' : 'differs', against: base?.name ?? 'log', remarks: [...remarks] }
}

/** The newest before it that the same program has folded; undefined: the log's beginning. Or why there is neither. */
async function baseOf({ log, version, snapshots: { dir } }: SnapshotContext, { manifest }: Snapshot): Promise<Snapshot | undefined | string> {
  if (manifest.program !== version) return `it was folded by version ${manifest.program}, and this is ${version}`
  const before = (await usableSnapshots(dir, log)).find((one) => one.manifest.position < manifest.position && one.manifest.program === version && one.manifest.shards.length === manifest.shards.length)
  if (before !== undefined) return before
  return (await reaches(log, 1n)) ? undefined : 'the log has been trimmed, and there is no older snapshot of this version to fold from'
}

async function emptyTables({ db, log }: SnapshotContext, { manifest }: Snapshot): Promise<Database> {
  const fresh = await makeFreshTables(db, FOLDED_SCHEMA)
  await dropLateIndexes(db, FOLDED_SCHEMA)
  await ensureShards(fresh, manifest.shards.length, log)
  return fresh
}

/** Until everything up to the position is folded, every model has caught up, and what its clock has passed is done. */
async function foldTo(context: SnapshotContext, db: Database, to: bigint, onProgress: (position: bigint) => void): Promise<void> {
  const { now, tracker, signal } = context
  let reachedAt: number | undefined
  const end = await foldApart({ log: logUpTo(context.log, to), tracker: { ...tracker, alertChannels: [] }, signal }, db, (until) => until<'there'>(async ({ taken, committed, clock }) => {
    onProgress(taken)
    if (committed < to) return undefined
    reachedAt ??= now()
    return now() - reachedAt > QUIET_WAIT_MS || (await isQuiet(db, clock)) ? 'there' : undefined
  }))
  if (end === 'stopped') throw new Stopped()
}

async function isQuiet(db: Database, clock: number): Promise<boolean> {
  const [row] = await db.query<{ open: boolean }>(
    `select exists (select 1 from model_version where status = 'catchingUp') or exists (select 1 from deadline where at <= $1::bigint) as open`, [clock])
  return row?.open === false
}

/** The newest that were found right stay, and of the others one, for whoever wants to look. */
async function clearAway({ snapshots: { dir, kept } }: SnapshotContext): Promise<void> {
  const all = await listSnapshots(dir)
  const right = all.filter((one) => 'manifest' in one && isVerified(one)).map(({ name }) => name)
  const others = all.map(({ name }) => name).filter((name) => !right.includes(name))
  for (const name of [...right.slice(kept), ...others.slice(1)]) await deleteSnapshot(dir, name)
}

function differs({ name }: Snapshot, { against, remarks }: Found): TrackerError {
  return new TrackerError(
    'snapshotDiffers', 409,
    `The log, folded from ${against === 'log' ? 'its beginning' : against ?? ''} on, gives another state than the snapshot ${name} has: ${remarks.slice(0, 3).join('; ')}. ` +
      'Either the tables were changed by somebody else, or they were folded by a version that read instances differently: `tidemark rebuild`, then take another.',
  )
}

/** Says how far a job is, now and then; what cannot be said is not said. */
function teller({ db, now }: SnapshotContext, { id }: SnapshotJob, status: SnapshotJobStatus): (done: number, total: number) => void {
  let told = 0
  return (done, total) => {
    if (now() - told < TELL_MS) return
    told = now()
    void tellSnapshotJob(db, id, told, { status, done, total }).catch(() => undefined)
  }
}
