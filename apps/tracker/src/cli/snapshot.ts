/**
 * `tidemark snapshot`: `create` asks a running tracker, `verify --fold` too; the others look at the files in its data directory. `restore` needs the
 * tracker stopped.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { type Snapshot, type SnapshotJob, type SnapshotFound } from '@tidemark/api'
import type { Log } from '@tidemark/log'
import type { Command } from 'commander'
import { systemClock } from '../clock.js'
import { type Settings, settingsOfProcess, snapshotDir } from '../config.js'
import { openLog } from '../open-log.js'
import { TrackerError } from '../problem.js'
import { showSnapshot } from '../serve/show-snapshot.js'
import type { Database } from '../store/database.js'
import { openDatabase } from '../store/open-database.js'
import { checkFiles, deleteSnapshot, listSnapshots, readSnapshot } from '../store/snapshot/files.js'
import { restoreSnapshot } from '../store/snapshot/restore.js'
import { assertOfLog, isVerified } from '../store/snapshot/sound.js'
import { addClientOptions, TrackerClient, type ClientOptions } from './client.js'
import { addOutputOption, finish, grouped, note, print, table, WrongUse, type ExitCode, type OutputFormat } from './output.js'
import { startProgress } from './progress-bar.js'

interface Where {
  readonly data?: string
}

interface Told {
  readonly output: OutputFormat
}

const LOOK_MS = 300
const IN_WORDS: Readonly<Record<SnapshotFound, string>> = {
  unchecked: 'not checked yet', restored: 'comes back whole', folded: 'the log gives the same', differs: 'THE LOG GIVES ANOTHER STATE', damaged: 'DAMAGED',
}

export function register(program: Command): void {
  const group = program.command('snapshot').description('keep the state as it was at a position, below which the log may be trimmed: create | list | verify | restore | delete')
  const onFiles = (name: string, description: string): Command =>
    group.command(name).description(description).option('--data <dir>', 'the data directory (default: TIDEMARK_DATA, ./data)').exitOverride()
  const create = group.command('create').description('ask a running tracker to take one and to check it by folding the log; waits for the end. Exit 1 where it failed').option('--detach', 'begin it, and do not wait').exitOverride()
  addOutputOption(addClientOptions(create)).action((options: ClientOptions & Told & { detach?: boolean }) => finish(() => ask(options)))
  addOutputOption(onFiles('list', 'which there are, newest first, and what was found when they were checked')).action((options: Where & Told) => finish(() => list(options)))
  addOutputOption(addClientOptions(onFiles('verify', 'read every byte of one, or of all; exit 1 where one is damaged').argument('[name]', 'absent: all')
    .option('--fold', 'have a running tracker check it by folding the log to the same place')))
    .action((name: string | undefined, options: Where & Told & ClientOptions & { fold?: boolean }) => finish(() => verify(name, options)))
  onFiles('restore', 'put one in the place of the tables; the log is followed on from there at the next start. The tracker must be stopped').argument('<name>')
    .action((name: string, options: Where) => finish(() => restore(name, options)))
  onFiles('delete', 'delete one').argument('<name>').option('--force', 'also the last one that was found right')
    .action((name: string, options: Where & { force?: boolean }) => finish(() => remove(name, options)))
}

async function ask(options: ClientOptions & Told & { detach?: boolean }, name?: string): Promise<ExitCode> {
  const client = new TrackerClient(options)
  const begun = name === undefined ? await client.beginSnapshot() : await client.verifySnapshot(name)
  const job = options.detach === true ? begun : await watched(client, begun)
  if (options.output === 'json') await print(JSON.stringify(job))
  else {
    await print(`${job.status}${job.name === undefined ? '' : `: ${job.name}`}${job.error === undefined ? '' : `; ${job.error}`}`)
    const found = job.status === 'done' ? (await client.snapshots()).items.find((one) => one.name === job.name) : undefined
    if (found !== undefined) await print(inTable([found]))
  }
  return job.status === 'failed' ? 1 : 0
}

async function watched(client: TrackerClient, begun: SnapshotJob): Promise<SnapshotJob> {
  const bar = startProgress('snapshot', 'rows or entries')
  try {
    for (let job: SnapshotJob | undefined = begun; ; job = (await client.snapshots()).job) {
      if (job === undefined || job.id !== begun.id) throw new WrongUse('another snapshot has been asked for meanwhile: `tidemark snapshot list` says what became of this one')
      bar.update(job.total === 0 ? 0 : job.done / job.total, job.done)
      if (job.status === 'done' || job.status === 'failed') return job
      await pause(LOOK_MS)
    }
  } finally {
    bar.stop()
  }
}

async function list(options: Where & Told): Promise<ExitCode> {
  const dir = snapshotDir(settingsFor(options))
  const shown = await Promise.all((await listSnapshots(dir)).map(showSnapshot))
  if (options.output === 'json') await print(JSON.stringify({ items: shown }))
  else await print(shown.length === 0 ? `none in ${dir}` : inTable(shown))
  return 0
}

function inTable(snapshots: readonly Snapshot[]): string {
  return table(
    [{ title: 'snapshot' }, { title: 'taken' }, { title: 'rows', align: 'right' }, { title: 'bytes', align: 'right' }, { title: 'checked' }],
    snapshots.map(({ name, createdAt, rows, sizeBytes, found, against, remarks }) => [
      name, createdAt ?? '?', grouped(rows ?? 0), grouped(sizeBytes ?? 0), [`${IN_WORDS[found]}${against === undefined ? '' : ` as from ${against} on`}`, ...remarks.slice(0, 1)].join(': '),
    ]))
}

async function verify(name: string | undefined, options: Where & Told & ClientOptions & { fold?: boolean }): Promise<ExitCode> {
  if (options.fold === true) {
    if (name === undefined) throw new WrongUse('--fold checks one: name it')
    return ask(options, name)
  }
  const dir = snapshotDir(settingsFor(options))
  const wanted = name === undefined ? (await listSnapshots(dir)).map((one) => one.name) : [name]
  const told: { name: string; error?: string }[] = []
  for (const one of wanted) told.push({ name: one, ...(await damageOf(dir, one)) })
  if (options.output === 'json') await print(JSON.stringify({ items: told }))
  else if (told.length === 0) await print(`none in ${dir}`)
  else for (const { name: one, error } of told) await print(error ?? `${one}: sound, every byte read`)
  return told.some(({ error }) => error !== undefined) ? 1 : 0
}

async function damageOf(dir: string, name: string): Promise<{ error?: string }> {
  try {
    await checkFiles(await readSnapshot(dir, name))
    return {}
  } catch (error) {
    if (error instanceof TrackerError && error.code !== 'snapshotNotFound') return { error: error.detail }
    throw wrongUseOf(error)
  }
}

async function restore(name: string, options: Where): Promise<ExitCode> {
  const settings = settingsFor(options)
  return said(async () => {
    const snapshot = await readSnapshot(snapshotDir(settings), name)
    await withLogAndDatabase(settings, async (log, db) => {
      await assertOfLog(snapshot, log)
      await assertNobodyFollows(db)
      const bar = startProgress('restore', 'rows')
      const total = snapshot.manifest.tables.reduce((sum, { rows }) => sum + rows, 0)
      await restoreSnapshot(db, snapshot, (rows) => bar.update(rows / Math.max(total, 1), rows)).finally(() => bar.stop())
      const behind = log.entriesAfter(snapshot.manifest.position)
      await print(`restored: ${name}; ${grouped(behind)} entries of the log are followed at the next start`)
    })
    if (!isVerified(snapshot)) note('It was not found right when it was checked, or never checked: `tidemark snapshot list` says which.')
    return 0
  })
}

async function remove(name: string, options: Where & { force?: boolean }): Promise<ExitCode> {
  const dir = snapshotDir(settingsFor(options))
  return said(async () => {
    const right = (await listSnapshots(dir)).filter((one) => 'manifest' in one && isVerified(one))
    if (options.force !== true && right.length === 1 && right[0]?.name === name) {
      throw new WrongUse(`${name} is the only one that was found right: where the log has been trimmed nothing can be built without it. --force deletes it all the same.`)
    }
    await deleteSnapshot(dir, name)
    await print(`deleted: ${name}`)
    return 0
  })
}

/** Opening the log takes the data directory: a tracker that runs on it is found so. */
async function withLogAndDatabase(settings: Settings, work: (log: Log, db: Database) => Promise<void>): Promise<void> {
  const log = await openLog(settings, systemClock())
  try {
    const db = await openDatabase(settings)
    try {
      await work(log, db)
    } finally {
      await db.close()
    }
  } finally {
    await log.close()
  }
}

async function assertNobodyFollows(db: Database): Promise<void> {
  const [member] = await db.query<{ name: string }>(`select name from member where lease_until > now() limit 1`)
  if (member !== undefined) throw new WrongUse(`The tracker ${member.name} is following: stop all that share the log first, and wait until their leases are over.`)
}

function settingsFor({ data }: Where): Settings {
  try {
    return settingsOfProcess(data === undefined ? {} : { TIDEMARK_DATA: data })
  } catch (error) {
    throw wrongUseOf(error)
  }
}

async function said(work: () => Promise<ExitCode>): Promise<ExitCode> {
  try {
    return await work()
  } catch (error) {
    throw wrongUseOf(error)
  }
}

function wrongUseOf(error: unknown): unknown {
  return error instanceof TrackerError ? new WrongUse(error.detail, { cause: error }) : error
}
