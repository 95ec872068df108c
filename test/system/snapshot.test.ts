/**
 * Snapshots: what they hold is the state at a position; with what the log says after it, it is the state of today. They are checked by folding, damage is
 * found and named, and a log that was trimmed below one is still enough.
 */
import { appendFile, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MemoryLog, type Log } from '@tidemark/log'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Database } from '../../apps/tracker/src/store/database.js'
import { openDatabase } from '../../apps/tracker/src/store/open-database.js'
import { Progress } from '../../apps/tracker/src/store/progress.js'
import { askForRebuild, readRebuild } from '../../apps/tracker/src/store/rebuild/job.js'
import { ensureShards } from '../../apps/tracker/src/store/shards.js'
import { listSnapshots, readSnapshot, type Snapshot } from '../../apps/tracker/src/store/snapshot/files.js'
import { askForSnapshot, readSnapshotJob, type SnapshotJob } from '../../apps/tracker/src/store/snapshot/job.js'
import { beginFromSnapshot, restoreSnapshot } from '../../apps/tracker/src/store/snapshot/restore.js'
import { assertOfLog, usableSnapshots } from '../../apps/tracker/src/store/snapshot/sound.js'
import { Following } from '../../apps/tracker/src/track/following.js'
import { logUpTo } from '../../apps/tracker/src/track/log-up-to.js'
import { prepareDatabase } from '../support/database-template.js'
import { foldAll } from '../support/follower.js'
import { startPostgres } from '../support/postgres.js'
import { eventDraft, recordShop } from '../support/recorded-shop.js'
import { skipUnless } from '../support/requires.js'
import { BY_ORDER, cloudEvent, xmlOf } from '../support/small-process.js'
import { differences, emptyTables, readTables } from '../support/tables.js'

const PATIENCE = { timeout: 120_000, interval: 50 }
const TIMEOUT_MS = 300_000
const SHARDS = 4
// What is lost when the machine goes down is no matter here, and a schema made in a second is.
const postgres = await startPostgres(['fsync=off', 'full_page_writes=off'])
afterAll(() => postgres?.stop())

/** As Postgres itself spells what it had in columns of jsonb, before a step of the schema made text of it. */
async function asJsonb(db: Database): Promise<void> {
  await db.query(`update instance set tokens_json = tokens_json::jsonb::text, variables_json = variables_json::jsonb::text`)
  await db.query(`update instance_event set labels_json = labels_json::jsonb::text, patch_json = patch_json::jsonb::text`)
  await db.query(`update waiting_event set fact_json = fact_json::jsonb::text`)
}

describe('with the embedded database', () => snapshots(async (dataDir) => {
  await prepareDatabase(dataDir)
  return openDatabase({ dataDir })
}))
describe.skipIf(skipUnless(postgres !== undefined, 'a Postgres server'))('with a Postgres server', () => snapshots((dataDir) => openDatabase({ dataDir, databaseUrl: postgres!.url })))

function snapshots(open: (dataDir: string) => Promise<Database>) {
  const close: (() => Promise<unknown>)[] = []
  let dataDir: string
  let dir: string
  let db: Database
  let shop: MemoryLog
  let now = 1_000
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'tidemark-snapshot-'))
    db = await open(dataDir)
    shop = await recordShop(db, { seed: 'snapshot', orders: 14, days: 9 })
    await appendWhatComesLater(shop)
  }, TIMEOUT_MS)
  afterAll(async () => {
    await db.close()
    await rm(dataDir, { recursive: true, force: true })
  })
  beforeEach(async () => {
    await emptyTables(db)
    dir = await mkdtemp(join(tmpdir(), 'tidemark-snapshots-'))
  })
  afterEach(async () => {
    for (const step of close.splice(0).reverse()) await step()
    await rm(dir, { recursive: true, force: true })
  })

  /** Follows until the function has resolved. */
  async function followed<T>(log: Log, run: () => Promise<T>, version = '1', kept = 2): Promise<T> {
    await ensureShards(db, SHARDS, log)
    const live = new Following({ db, log, progress: new Progress(), logger: pino({ level: 'silent' }), alertChannels: [], now: () => now++, version, snapshots: { dir, kept } })
    await live.start()
    try {
      return await run()
    } finally {
      await live.stop()
    }
  }

  /** Folds up to there, and has one taken. */
  async function askedAt(log: Log, position: bigint, version?: string): Promise<SnapshotJob> {
    const view = logUpTo(log, position)
    await foldAll(db, view)
    return followed(view, async () => {
      const asked = await askForSnapshot(db, now++)
      await expect.poll(async () => (await readSnapshotJob(db))?.status, PATIENCE).toMatch(/done|failed/)
      const job = await readSnapshotJob(db)
      expect(job?.id).toBe(asked?.id)
      return job!
    }, version)
  }

  async function snapshotAt(log: Log, position: bigint, version?: string): Promise<Snapshot> {
    const job = await askedAt(log, position, version)
    expect(job).toMatchObject({ status: 'done', error: undefined })
    return readSnapshot(dir, job.name!)
  }

  test('one is checked by folding the log from its beginning; the tail makes it what the log says today', async () => {
    await foldAll(db, shop)
    const today = await readTables(db)
    await emptyTables(db)
    const mid = shop.stats().last * 6n / 10n
    const taken = await snapshotAt(shop, mid)
    expect(taken).toMatchObject({ name: `snapshot-${mid}`, verdict: { found: 'folded', against: 'log', remarks: [] } })
    const then = await readTables(db)
    expect(differences(then, today)).not.toEqual([])
    await emptyTables(db)
    expect((await beginFromSnapshot(db, shop, dir, failOn))?.name).toBe(taken.name)
    expect(differences(then, await readTables(db))).toEqual([])
    await foldAll(db, shop)
    expect(differences(today, await readTables(db))).toEqual([])
  }, TIMEOUT_MS)

  test('the next is folded from the one before; where the tables were changed meanwhile it differs, says in what, and is not used', async () => {
    const positions = [3n, 5n, 7n, 9n].map((tenths) => (shop.stats().last * tenths) / 10n)
    const [first, second, third, fourth] = positions as [bigint, bigint, bigint, bigint]
    await snapshotAt(shop, first)
    await asJsonb(db)
    expect((await snapshotAt(shop, second)).verdict).toMatchObject({ found: 'folded', against: `snapshot-${first}` })
    await db.query(`update element_count set visits = visits + 1 where element = (select min(element) from element_count)`)
    const job = await askedAt(shop, third)
    expect(job).toMatchObject({ status: 'failed', error: expect.stringMatching(new RegExp(`folded from snapshot-${second} on, gives another state than the snapshot snapshot-${third} has: element_count`)) as string })
    expect((await usableSnapshots(dir, shop)).map(({ name }) => name)).toEqual([`snapshot-${second}`, `snapshot-${first}`])
    await followed(logUpTo(shop, third), async () => {
      await askForRebuild(db, now++)
      await expect.poll(async () => (await readRebuild(db))?.status, PATIENCE).toBe('done')
    })
    expect((await snapshotAt(shop, fourth)).verdict).toMatchObject({ found: 'folded', against: `snapshot-${second}` })
    expect((await listSnapshots(dir)).map(({ name }) => name), 'two that are right are kept, and the newest of the others').toEqual(
      [`snapshot-${fourth}`, `snapshot-${third}`, `snapshot-${second}`])
  }, TIMEOUT_MS)

  test('damage is found, whatever it is, and an older one is used in its place', async () => {
    const older = await snapshotAt(shop, 60n)
    const taken = await snapshotAt(shop, 80n)
    const { manifest } = taken
    const largest = manifest.tables.reduce((one, other) => (other.bytes > one.bytes ? other : one))
    const file = join(taken.path, largest.file)
    const whole = await readFile(file)
    const flipped = Buffer.from(whole)
    flipped[Math.floor(whole.length / 2)]! ^= 1
    for (const [damage, message] of [
      [() => writeFile(file, flipped), 'not as it was written'], [() => truncate(file, whole.length - 7), 'bytes instead of'], [() => appendFile(file, 'x'), 'bytes instead of'], [() => rm(file), 'is missing'],
    ] as const) {
      await damage()
      await expect(restoreSnapshot(db, taken)).rejects.toMatchObject({ code: 'snapshotDamaged', detail: expect.stringContaining(message) as string })
      await writeFile(file, whole)
    }
    await restoreSnapshot(db, taken)
    await writeFile(file, flipped)
    await emptyTables(db)
    const said: string[] = []
    expect((await beginFromSnapshot(db, shop, dir, (name, reason) => said.push(`${name}: ${reason}`)))?.name).toBe(older.name)
    expect(said).toEqual([expect.stringContaining(`${largest.file} is not as it was written`)])
    const text = await readFile(join(taken.path, 'manifest.json'), 'utf8')
    await writeFile(join(taken.path, 'manifest.json'), text.replace(`"rows": ${largest.rows}`, `"rows": ${largest.rows + 1}`))
    await expect(readSnapshot(dir, taken.name)).rejects.toMatchObject({ code: 'snapshotDamaged' })
    await rm(join(taken.path, 'manifest.json'))
    await expect(readSnapshot(dir, taken.name)).rejects.toMatchObject({ code: 'snapshotDamaged' })
    await expect(readSnapshot(dir, 'snapshot-1')).rejects.toMatchObject({ code: 'snapshotNotFound' })
    await expect(readSnapshot(dir, '../x')).rejects.toMatchObject({ code: 'snapshotNotFound' })
  }, TIMEOUT_MS)

  test('that of another log, or of a newer program, is refused; that of an older schema is brought up to date', async () => {
    const taken = await snapshotAt(shop, 80n)
    const other = new MemoryLog()
    await expect(assertOfLog(taken, other)).rejects.toMatchObject({ code: 'snapshotOfAnotherLog' })
    await expect(assertOfLog(taken, logUpTo(shop, 79n))).rejects.toMatchObject({ code: 'snapshotOfAnotherLog' })
    const of = (steps: readonly string[]) => ({ ...taken, manifest: { ...taken.manifest, steps: [...steps] } })
    await expect(restoreSnapshot(db, of([...taken.manifest.steps, '9999-from-tomorrow']))).rejects.toMatchObject({ code: 'snapshotNewer', detail: expect.stringContaining('9999-from-tomorrow') as string })
    const before = await readTables(db)
    await restoreSnapshot(db, of(taken.manifest.steps.filter((step) => !step.startsWith('0012'))))
    expect(differences(before, await readTables(db))).toEqual([])
    await expect(restoreSnapshot(db, of(taken.manifest.steps.filter((step) => !step.startsWith('0014'))))).rejects.toMatchObject({ code: 'schemaStepRefused' })
    expect(differences(before, await readTables(db))).toEqual([])
  }, TIMEOUT_MS)

  test('a log that was trimmed is enough: to begin from, to rebuild from, and to check the next one from', async () => {
    const log = await copyOf(shop)
    await foldAll(db, log)
    const today = await readTables(db)
    await emptyTables(db)
    const [first, second] = [(log.stats().last * 4n) / 10n, (log.stats().last * 7n) / 10n]
    await snapshotAt(log, first)
    await log.trim(first)
    expect(log.stats().first).toBeGreaterThan(1n)
    expect((await snapshotAt(log, second)).verdict).toMatchObject({ found: 'folded', against: `snapshot-${first}` })
    expect((await snapshotAt(log, second + 1n, '2')).verdict, 'what another version folded cannot be folded again to the same state').toMatchObject(
      { found: 'restored', remarks: [expect.stringContaining('there is no older snapshot of this version')] })
    await foldAll(db, log)
    expect(differences(today, await readTables(db))).toEqual([])
    await db.query('delete from token')
    await followed(log, async () => {
      await askForRebuild(db, now++)
      await expect.poll(async () => (await readRebuild(db))?.status, PATIENCE).toMatch(/done|failed/)
      expect((await readRebuild(db))?.error).toBeUndefined()
    })
    expect(differences(today, await readTables(db))).toEqual([])
    await rm(dir, { recursive: true })
    await followed(log, async () => {
      await askForRebuild(db, now++)
      await expect.poll(async () => (await readRebuild(db))?.error, PATIENCE).toMatch(/has been trimmed, and there is no snapshot/)
    })
  }, TIMEOUT_MS)
}

function failOn(name: string, reason: string): void {
  throw new Error(`${name}: ${reason}`)
}

/** A model and a new version of it, events that come late for instances of before, and time. */
async function appendWhatComesLater(log: MemoryLog): Promise<void> {
  const model = (steps: readonly string[]) => ({ kind: 'model' as const, subject: 'model', payload: Buffer.from(JSON.stringify({ xml: xmlOf({ id: 'parcels', steps }), mapping: BY_ORDER, by: 'test' })) })
  const at = log.stats().lastAppendTime
  const event = (type: string, order: string, minutes: number) => eventDraft({ ...cloudEvent({ type, data: { order } }), id: `${type} ${order}`, time: new Date(at + minutes * 60_000).toISOString() })
  await log.append([model(['placed', 'paid']), event('paid', 'A', -5), event('placed', 'B', -4)])
  await log.append([model(['placed', 'packed', 'paid']), event('placed', 'A', -9), event('placed', 'C', 0)])
  for await (const [entry] of log.read({ from: { position: 40n }, kinds: ['event'], limit: 1 })) {
    const late = JSON.parse(Buffer.from(entry!.payload).toString()) as { source: string; id: string; type: string; time: string }
    await log.append([eventDraft({ ...late, id: `${late.id} again` })])
  }
}

/** One that can be trimmed. */
async function copyOf(log: MemoryLog): Promise<MemoryLog> {
  let now = 0
  const copy = new MemoryLog({ clock: () => now })
  for await (const entries of log.read({ from: 'earliest' })) {
    for (const { kind, subject, appendTime, time, key, payload } of entries) {
      now = appendTime
      await copy.append([{ kind, subject, time, payload, ...(key === '' ? {} : { key }) }])
    }
  }
  return copy
}
