import { EmbeddedLog, type Damage, type Entry, type Log, LogError, type LogReport, type ReadOptions, repairLog, verifyLog } from '@tidemark/log'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { systemClock } from '../clock.js'
import { type Settings, settingsOfProcess } from '../config.js'
import { openLog } from '../open-log.js'
import { TrackerError } from '../problem.js'
import { addOutputOption, type ExitCode, finish, grouped, note, type OutputFormat, print, WrongUse } from './output.js'

interface Where {
  readonly data?: string
}

/** For people who look after a log: `log verify`, `log repair`, `log dump`. The tracker must not have it open. */
export function register(program: Command): void {
  const group = program.command('log').description('look after the log: verify | repair | dump')
  const command = (name: string, description: string): Command =>
    group.command(name).description(description).option('--data <dir>', 'the data directory (default: TIDEMARK_DATA, ./data)').exitOverride()

  addOutputOption(command('verify', 'read every byte of the log; exit 1 where acknowledged data is damaged, with the range'))
    .action((options: Where & { output: OutputFormat }) => finish(() => verify(options)))
  addOutputOption(command('repair', 'make a damaged log open again: what cannot be read is given up, by name; the files as they were are kept'))
    .action((options: Where & { output: OutputFormat }) => finish(() => repair(options)))
  command('dump', 'print entries, one JSON object per line')
    .option('--from <place>', 'a position, or a time (2026-03-01T12:00:00Z)', placeOf)
    .option('--until <place>', 'a position or a time, inclusive', placeOf)
    .option('--subjects <patterns>', 'event.order.*,event.payment.>', listOf)
    .addOption(new Option('--limit <count>', 'entries at most').argParser(countOf))
    .action((options: DumpOptions) => finish(() => dump(options)))
}

async function verify(options: Where & { output: OutputFormat }): Promise<ExitCode> {
  const report = await onFiles(options, verifyLog)
  if (options.output === 'json') await print(asJson(report))
  else await print(inWords(report))
  return report.damages.length === 0 ? 0 : 1
}

async function repair(options: Where & { output: OutputFormat }): Promise<ExitCode> {
  const report = await onFiles(options, repairLog)
  if (options.output === 'json') {
    await print(asJson(report))
    return 0
  }
  if (report.repaired.length === 0) await print('Nothing is damaged. Nothing was changed.')
  for (const damage of report.repaired) await print(`given up: ${damageInWords(damage)}`)
  for (const path of report.aside) await print(`as it was: ${path}`)
  if (report.repaired.length > 0) note('The log opens again. What was followed before stays in the database; building it again would miss what was given up.')
  return 0
}

type Place = { readonly position: bigint } | { readonly time: number }

interface DumpOptions extends Where {
  readonly from?: Place
  readonly until?: Place
  readonly subjects?: readonly string[]
  readonly limit?: number
}

async function dump(options: DumpOptions): Promise<ExitCode> {
  const log = await openToRead(settingsFor(options))
  const untilMs = options.until !== undefined && 'time' in options.until ? options.until.time : Infinity
  const read: ReadOptions = {
    from: options.from ?? 'earliest',
    ...(options.until !== undefined && 'position' in options.until ? { until: options.until.position } : {}),
    ...(options.subjects === undefined ? {} : { subjects: options.subjects }),
    ...(options.limit === undefined ? {} : { limit: options.limit }),
  }
  try {
    for await (const entries of log.read(read)) {
      for (const entry of entries) {
        // Append times never fall: nothing behind this one is wanted.
        if (entry.appendTime > untilMs) return 0
        await print(lineOf(entry))
      }
    }
    return 0
  } catch (error) {
    throw wrongUseOf(error)
  } finally {
    await log.close()
  }
}

/** Payloads that are JSON stand as they came, others as base64. */
function lineOf({ position, kind, subject, appendTime, time, key, payload }: Entry): string {
  const head = { position: String(position), kind, subject, appendTime: new Date(appendTime).toISOString(), time: new Date(time).toISOString(), ...(key === '' ? {} : { key }) }
  const open = JSON.stringify(head).slice(0, -1)
  if (payload.length === 0) return `${open}}`
  const text = Buffer.from(payload).toString()
  return isJson(text) ? `${open},"payload":${text.replaceAll(/[\r\n]/g, ' ')}}` : `${open},"payloadBase64":"${Buffer.from(payload).toString('base64')}"}`
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function settingsFor({ data }: Where): Settings {
  try {
    return settingsOfProcess(data === undefined ? {} : { TIDEMARK_DATA: data })
  } catch (error) {
    throw wrongUseOf(error)
  }
}

async function onFiles<T>(where: Where, work: (directory: string) => Promise<T>): Promise<T> {
  const { jetstream, dataDir } = settingsFor(where)
  if (jetstream !== undefined) throw new WrongUse('The log is in JetStream: its server checks its own files. `tidemark log dump` reads every message and checks ours.')
  try {
    return await work(join(dataDir, 'log'))
  } catch (error) {
    throw wrongUseOf(error)
  }
}

/** A stream may be read beside a running tracker. */
async function openToRead(settings: Settings): Promise<Log> {
  try {
    if (settings.jetstream !== undefined) return await openLog({ ...settings, databaseUrl: 'none' }, systemClock())
    // Not made where there is none.
    await verifyExists(settings.dataDir)
    return await EmbeddedLog.open(join(settings.dataDir, 'log'))
  } catch (error) {
    throw wrongUseOf(error)
  }
}

async function verifyExists(dataDir: string): Promise<void> {
  await access(join(dataDir, 'log', 'log.id')).catch(() => {
    throw new WrongUse(`There is no log in ${join(dataDir, 'log')}. --data names the data directory.`)
  })
}

function wrongUseOf(error: unknown): unknown {
  if (error instanceof TrackerError) return new WrongUse(error.detail, { cause: error })
  if (!(error instanceof LogError)) return error
  if (error.code === 'locked') return new WrongUse(`${error.message} Stop the tracker first, or look at a copy of its data directory.`, { cause: error })
  if (error.code === 'corrupt') return new WrongUse(`${error.message} \`tidemark log verify\` says what is damaged.`, { cause: error })
  return new WrongUse(error.message, { cause: error })
}

function inWords({ identity, first, last, sizeBytes, files, damages, tornBytes }: LogReport): string {
  const holds = first > last ? 'no entries' : `positions ${first} to ${last}`
  const lines = [`log ${identity}: ${holds}, ${grouped(sizeBytes)} bytes in ${files} ${files === 1 ? 'file' : 'files'}`]
  if (tornBytes > 0) lines.push(`${grouped(tornBytes)} bytes at the end are an unfinished write that nobody was told of: opening cuts them off`)
  for (const damage of damages) lines.push(damageInWords(damage))
  lines.push(damages.length === 0 ? 'sound' : 'Restore these files from a backup, or give the ranges up: tidemark log repair')
  return lines.join('\n')
}

function damageInWords({ file, what, from, to, offset, bytes }: Damage): string {
  const range = from > to ? `nothing but the frame itself, at position ${from}` : `positions ${from} to ${to}`
  return what === 'missing' ? `${file} is missing: ${range}` : `${file} is damaged at byte ${offset} (${grouped(bytes)} bytes): ${range}`
}

function asJson(value: object): string {
  return JSON.stringify(value, (_name, part: unknown) => (typeof part === 'bigint' ? String(part) : part))
}

function placeOf(text: string): Place {
  if (/^\d+$/.test(text)) return { position: BigInt(text) }
  const time = Date.parse(text)
  if (Number.isNaN(time)) throw new InvalidArgumentError('must be a position or a time such as 2026-03-01T12:00:00Z')
  return { time }
}

function countOf(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('must be a whole number')
  return Number(text)
}

function listOf(text: string): readonly string[] {
  return text.split(',').map((item) => item.trim()).filter((item) => item !== '')
}
