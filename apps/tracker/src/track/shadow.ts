/**
 * A new version of a model, told from the log beside the one in use, in a schema of its own in which no other model is followed. When it has come as
 * far as the live tracker the two are compared, and the shadow stands still until somebody decides. Accepted, the version is deployed by an entry of the
 * log that says so; the shadow reads on to where the live tracker stands, that pauses, and the rows of the model are exchanged in one transaction.
 * Nothing that is decided in the shadow is sent.
 */
import type { Log } from '@tidemark/log'
import { TrackerError } from '../problem.js'
import type { Database } from '../store/database.js'
import type { ModelEntry } from '../store/entries.js'
import { dropFreshTables, freshTables, haveFreshTables, makeFreshTables } from '../store/rebuild/fresh-tables.js'
import { reaches } from '../store/reaches.js'
import { compareShadow } from '../store/shadow/compare.js'
import { moveShadow, SHADOW_SCHEMA, tellShadowProgress, type ShadowJob, type ShadowStatus } from '../store/shadow/job.js'
import { goOnFromShadow, takeModelRows, tellInPlace, waitsForSwap } from '../store/shadow/model-rows.js'
import { insertModelShards, insertModelVersion, readModelVersions, tellModelStatus } from '../store/write/model-versions.js'
import { readShards } from '../store/write/shards.js'
import { foldBeside } from './beside.js'
import { deployedVersions } from './deployed-versions.js'
import { Models } from './models.js'
import type { RebuildContext } from './rebuild.js'

const WORKED_ON: ReadonlySet<ShadowStatus> = new Set(['asked', 'running', 'accepting', 'dropping'])

/** Whether there is something to be done for it; else it waits for a person, or has ended. */
export function isWorkedOn(job: ShadowJob | undefined): job is ShadowJob {
  return job !== undefined && WORKED_ON.has(job.status)
}

/** Resolves when it is ready, has ended, or the signal says stop: then it goes on after the next start. */
export async function shadow(context: RebuildContext, job: ShadowJob): Promise<void> {
  const { db, logger, now, signal } = context
  try {
    if (job.status === 'dropping') await drop(context, job)
    else if (job.status === 'accepting') await swapIn(context, job)
    else await tell(context, job)
  } catch (error) {
    if (signal.aborted) return
    if (error instanceof TrackerError && error.code === 'fenced') return logger.warn({ job: job.id }, 'another process goes on with the shadow')
    logger.error({ err: error, job: job.id }, 'a shadow failed; what is in use is as it was')
    await dropFreshTables(db, SHADOW_SCHEMA).catch(() => undefined)
    await context.whilePaused(async () => {
      await db.transaction((tx) => tellInPlace(tx, job.candidate.model, job.candidate.hash))
    }).catch((fault: unknown) => logger.error({ err: fault }, 'POST /api/v1/models/{id}/resume goes on with the model'))
    await moveShadow(db, job.id, ['asked', 'running', 'accepting', 'dropping'], 'failed', now(), { error: error instanceof Error ? error.message.slice(0, 1_000) : String(error) })
  }
}

async function drop({ db, now }: RebuildContext, job: ShadowJob): Promise<void> {
  await dropFreshTables(db, SHADOW_SCHEMA)
  await moveShadow(db, job.id, ['dropping'], 'dropped', now())
}

async function tell(context: RebuildContext, job: ShadowJob): Promise<void> {
  const { db, now, version } = context
  const goesOn = job.status === 'running' && job.program === version && (await haveFreshTables(db, SHADOW_SCHEMA))
  if (!(await moveShadow(db, job.id, ['asked', 'running'], 'running', now(), { program: version }))) return
  if (!goesOn) await makeShadow(db, job, context.log)
  await upToLive(context, job, async () => {
    await assertNewest(db, job)
    const comparison = await compareShadow(db, job.candidate.model, SHADOW_SCHEMA)
    await moveShadow(db, job.id, ['running'], 'ready', now(), { comparison })
  })
}

async function swapIn(context: RebuildContext, job: ShadowJob): Promise<void> {
  const { db, now, logger } = context
  const { model, version, hash } = job.candidate
  const entry: ModelEntry = entryOf(job)
  // Twice does no harm: the second deploys what is there.
  if (!(await readModelVersions(db)).some((one) => one.model === model && one.hash === hash)) {
    await context.log.append([{ kind: 'model', subject: 'model', key: `shadow ${job.id}`, payload: Buffer.from(JSON.stringify(entry)) }])
  }
  if (job.program !== context.version || !(await haveFreshTables(db, SHADOW_SCHEMA))) await makeShadow(db, job, context.log)
  await upToLive(context, job, async () => {
    await assertNewest(db, job)
    // Its entry has not been folded everywhere yet: the next look finds it.
    if (!(await waitsForSwap(db, model, version, hash))) return
    await db.transaction(async (tx) => {
      await takeModelRows(tx, model, SHADOW_SCHEMA)
      await goOnFromShadow(tx, model, version, SHADOW_SCHEMA)
      await tellModelStatus(tx, model, version)
      await moveShadow(tx, job.id, ['accepting'], 'accepted', now())
      await tx.query(`drop schema ${SHADOW_SCHEMA} cascade`)
    })
    logger.info({ model, version }, 'a shadow has taken the place of what was in use')
  })
}

/** Empty tables that stand where the live ones do, and the new version beside the others: it reads the log from its beginning. */
async function makeShadow(db: Database, job: ShadowJob, log: Log): Promise<void> {
  const { candidate } = job
  if (!(await reaches(log, 1n))) throw new TrackerError('logTrimmed', 409, `The log begins at ${log.stats().first}: what was before it has been trimmed, so instances cannot be told again from it.`)
  const { model, hash } = candidate
  await assertNewest(db, job)
  const models = new Models()
  const before = (await readModelVersions(db)).filter((stored) => stored.model !== model || stored.version < candidate.version)
  for (const stored of before) models.put(stored)
  const shards = await readShards(db)
  const [shard] = shards
  if (shard === undefined) throw new Error('the tables have no shards')
  const entry = { position: shard.position + 1n, kind: 'model' as const, subject: 'model', appendTime: shard.clock, time: shard.clock, key: '', payload: new Uint8Array() }
  const made = (await deployedVersions({ kind: 'model', entry, model: entryOf(job) }, models)).find((version) => version.model === model && version.hash === hash)
  if (made === undefined) throw new TrackerError('shadowStatus', 409, `The file has no process ${model} that is new.`)
  await makeFreshTables(db, SHADOW_SCHEMA)
  const [row] = await db.query<{ home: string }>(`select quote_ident(current_schema()) as home`)
  const home = row?.home ?? 'public'
  await freshTables(db, SHADOW_SCHEMA).transaction(async (tx) => {
    for (const table of ['shard', 'setting', 'outage', 'dropped_unit', 'dropped_history']) await tx.query(`insert into ${table} select * from ${home}.${table}`)
    // Other models are known, since this one may call them, and no shard follows them.
    await tx.query(`insert into model_version select * from ${home}.model_version where model <> $1 or version < $2`, [model, candidate.version])
    await tx.query(`insert into model_shard select model, version, shard, 'active', position from ${home}.model_shard where model = $1 and version < $2`, [model, candidate.version])
    await insertModelVersion(tx, { ...made, deployedPosition: shard.position })
    await insertModelShards(tx, shards.map(({ id }) => ({ model, version: made.version, shard: id, status: 'catchingUp', position: 0n })))
  })
}

/** Versions are counted in the order of the log: another one in its place is another comparison. */
async function assertNewest(db: Database, { candidate: { model, version, hash } }: ShadowJob): Promise<void> {
  if (!(await readModelVersions(db)).some((one) => one.model === model && one.version >= version && one.hash !== hash)) return
  throw new TrackerError('shadowStatus', 409, `Another version of ${model} was deployed meanwhile: try the new one again.`)
}

function entryOf({ candidate: { model, since, xml, mapping, decision, by } }: ShadowJob): ModelEntry {
  return { xml, ...(mapping === undefined ? {} : { mapping }), ...(decision === undefined ? {} : { decision }), by, takesOver: { model, since } }
}

/** Tells until the live tracker has nothing on it, and does the rest while that pauses. */
async function upToLive(context: RebuildContext, job: ShadowJob, finish: () => Promise<void>): Promise<void> {
  const { db, now } = context
  const { model, version } = job.candidate
  const fresh = freshTables(db, SHADOW_SCHEMA)
  const own = async () => (await readModelVersions(fresh)).find((one) => one.model === model && one.version === version)
  await foldBeside<'ended'>({ ...context, tracker: { ...context.tracker, alertChannels: [] } }, {
    db: fresh,
    tell: async (done, total) => ((await tellShadowProgress(db, job.id, done, total, now())) === (job.status === 'accepting' ? 'accepting' : 'running') ? undefined : 'ended'),
    isLevel: async () => {
      const status = (await own())?.status
      if (status === 'suspended') throw new TrackerError('shadowStatus', 409, 'Too many instances cannot be folded by the new version: see the log of the service.')
      return status === 'active'
    },
    finish: async ({ stop }) => {
      await stop()
      await finish()
    },
  })
}
