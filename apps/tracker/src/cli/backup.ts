import { copyLog, LogError, type LogReport } from '@tidemark/log'
import type { Command } from 'commander'
import { access, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Settings, settingsOfProcess, snapshotDir } from '../config.js'
import { TrackerError } from '../problem.js'
import { copySnapshot, listSnapshots, type Snapshot } from '../store/snapshot/files.js'
import { isVerified } from '../store/snapshot/sound.js'
import { addOutputOption, type ExitCode, finish, grouped, note, type OutputFormat, print, WrongUse } from './output.js'

interface BackupOptions {
  readonly data?: string
  readonly output: OutputFormat
}

const LOG = 'log'
const SNAPSHOTS = 'snapshots'
/** Of the embedded database, which is built from the log and so not part of a backup. */
const DATABASE = 'db'

/** `backup` and `restore`: the log in files and the snapshots, which is all that a database can be built from again. */
export function register(program: Command): void {
  const command = (name: string, description: string): Command =>
    addOutputOption(program.command(name).description(description).argument('<dir>', 'the directory of the backup')
      .option('--data <dir>', 'the data directory (default: TIDEMARK_DATA, ./data)').exitOverride())
  command('backup', 'copy the log and the snapshots, also of a running tracker, and check the copy; overwrites nothing; exit 1 where acknowledged data is damaged')
    .action((dir: string, options: BackupOptions) => finish(() => backup(dir, options)))
  command('restore', 'put log and snapshots of a backup into an empty data directory, and check them; the embedded database is built again at the next start')
    .action((dir: string, options: BackupOptions) => finish(() => restore(dir, options)))
}

async function backup(dir: string, options: BackupOptions): Promise<ExitCode> {
  const settings = settingsFor(options)
  const { dataDir, databaseUrl } = settings
  await assertEmpty(join(dir, LOG))
  // First, since the log goes on: it must not end before a snapshot does.
  const snapshots = await copySnapshots(snapshotDir(settings), join(dir, SNAPSHOTS))
  const report = await copy(join(dataDir, LOG), join(dir, LOG))
  await say('backed up', report, snapshots, options.output)
  if (snapshots.length > 0 && !snapshots.some(({ manifest }) => manifest.position + 1n >= report.first)) {
    throw new WrongUse(`Another snapshot was taken meanwhile, and the log was dropped below it: nothing can be built from ${dir}. Delete it, and back up again.`)
  }
  if (databaseUrl !== undefined) note('The Postgres database is not in it. One that was saved before this goes with it; one that was saved later is ahead of it, and refused.')
  return report.damages.length === 0 ? 0 : 1
}

async function restore(dir: string, options: BackupOptions): Promise<ExitCode> {
  const settings = settingsFor(options)
  const { dataDir } = settings
  if (await exists(join(dataDir, DATABASE))) {
    throw new WrongUse(`${join(dataDir, DATABASE)} holds a database of another time: nothing is overwritten. Name an empty data directory, or move this one away.`)
  }
  const report = await copy(join(dir, LOG), join(dataDir, LOG))
  const snapshots = await copySnapshots(join(dir, SNAPSHOTS), snapshotDir(settings))
  await say('restored', report, snapshots, options.output)
  return report.damages.length === 0 ? 0 : 1
}

/** Those that were found right, newest first; one that is there already stays. One that is damaged is left out, and said. */
async function copySnapshots(from: string, to: string): Promise<readonly Snapshot[]> {
  const there = new Set((await listSnapshots(to)).map(({ name }) => name))
  const copied: Snapshot[] = []
  for (const one of await listSnapshots(from)) {
    if ('error' in one || !isVerified(one)) continue
    try {
      if (!there.has(one.name)) await copySnapshot(one, to)
      copied.push(one)
    } catch (error) {
      if (!(error instanceof TrackerError) || error.code !== 'snapshotDamaged') throw error
      note(error.detail)
    }
  }
  return copied
}

async function assertEmpty(dir: string): Promise<void> {
  const names = await readdir(dir).catch(() => [])
  if (names.length > 0) throw new WrongUse(`${dir} is not empty: nothing is overwritten.`)
}

async function copy(from: string, to: string): Promise<LogReport> {
  try {
    return await copyLog(from, to)
  } catch (error) {
    if (error instanceof LogError) throw new WrongUse(error.message, { cause: error })
    throw error
  }
}

async function say(done: string, report: LogReport, snapshots: readonly Snapshot[], output: OutputFormat): Promise<void> {
  const { identity, first, last, sizeBytes, damages } = report
  if (output === 'json') return print(JSON.stringify({ ...report, snapshots: snapshots.map(({ name }) => name), first: String(first), last: String(last), damages: damages.map((damage) => ({ ...damage, from: String(damage.from), to: String(damage.to) })) }))
  const holds = first > last ? 'no entries' : `positions ${first} to ${last}`
  await print(`${done}: log ${identity}, ${holds}, ${grouped(sizeBytes)} bytes, every frame read`)
  for (const { name } of snapshots) await print(`${done}: ${name}, every byte read`)
  for (const { file, what, from, to } of damages) await print(`${file} is ${what}: positions ${from} to ${to}. \`tidemark log repair\` gives them up; an older backup may have them.`)
}

function settingsFor({ data }: BackupOptions): Settings {
  let settings: Settings
  try {
    settings = settingsOfProcess(data === undefined ? {} : { TIDEMARK_DATA: data })
  } catch (error) {
    if (error instanceof TrackerError) throw new WrongUse(error.detail, { cause: error })
    throw error
  }
  if (settings.jetstream !== undefined) throw new WrongUse('The log is in JetStream: back up and restore the stream with `nats stream backup` and `nats stream restore`.')
  return settings
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(() => true, () => false)
}
