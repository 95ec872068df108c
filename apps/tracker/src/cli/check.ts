import { readFile, stat } from 'node:fs/promises'
import type { Command } from 'commander'
import { parseMapping, readProcesses, type Finding, type Mapping } from '@tidemark/bpmn'
import { bytesOf } from './bytes-of.js'
import { modelFiles } from './model-files.js'
import { addOutputOption, finish, note, paint, print, type ExitCode, type OutputFormat, type Paint } from './output.js'

/** Larger files are not even read; the reader's own limit is far lower and says what to do. */
const MAX_READ_BYTES = 64 * 1024 * 1024

interface CheckOptions {
  readonly mapping?: string
  readonly decision?: string
  readonly output: OutputFormat
}

/** What the models are checked with, as they would be deployed with it. */
interface Side {
  readonly mapping?: Mapping
  readonly decision?: Buffer
  /** Faults of the mapping itself. */
  readonly findings: readonly Finding[]
}

export interface CheckedFile {
  readonly file: string
  /** Flow nodes found. */
  readonly elements: number
  readonly findings: readonly Finding[]
}

export function register(program: Command): void {
  const command = program
    .command('check <file...>')
    .description('say what would keep BPMN files from being followed (files, folders or patterns); exit 1 where there is an error or a warning')
    .option('--mapping <file>', 'which events mean what, as YAML or JSON, where the model does not say so itself')
    .option('--decision <file>', 'what becomes of events without an instance, as a DMN decision table')
  addOutputOption(command).action((files: string[], options: CheckOptions) => finish(async () => check(files, await sideOf(options), options.output)))
}

/** One file at a time, printed as it is done: thousands of files cost the memory of one. */
async function check(args: readonly string[], side: Side, output: OutputFormat): Promise<ExitCode> {
  let [files, errors, warnings] = [0, 0, 0]
  if (output === 'json') process.stdout.write('[')
  for await (const path of modelFiles(args)) {
    const checked = await checkFile(path, side)
    errors += checked.findings.filter((finding) => finding.severity === 'error').length
    warnings += checked.findings.filter((finding) => finding.severity === 'warning').length
    if (output === 'json') await print(`${files === 0 ? '' : ','}${JSON.stringify(checked)}`)
    else await print(inWords(checked))
    files += 1
  }
  if (output === 'json') await print(']')
  else note(`${files} files, ${errors} errors, ${warnings} warnings`)
  return errors + warnings > 0 ? 1 : 0
}

async function sideOf({ mapping, decision }: CheckOptions): Promise<Side> {
  const parsed = mapping === undefined ? { findings: [] } : parseMapping((await bytesOf(mapping)).toString('utf8'))
  return { ...parsed, ...(decision === undefined ? {} : { decision: await bytesOf(decision) }) }
}

/** Never throws: what cannot be read or fails is a finding. */
async function checkFile(path: string, { findings, ...side }: Side): Promise<CheckedFile> {
  const unusable = (code: string, message: string): CheckedFile => ({ file: path, elements: 0, findings: [{ code, severity: 'error', message }] })
  try {
    const { size } = await stat(path)
    if (size > MAX_READ_BYTES) return unusable('tooLarge', `The file has ${size} bytes, which no drawn process needs: is it a BPMN file?`)
    const read = await readProcesses(await readFile(path), side)
    return { file: path, elements: read.elementCount, findings: [...findings, ...read.findings] }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    if (error instanceof Error && 'syscall' in error) return unusable('unreadable', `The file cannot be read: ${reason}.`)
    return unusable('checkFailed', `The check itself failed on this file (${reason}). This is a fault of Tidemark: please report it with the file.`)
  }
}

const colours: Readonly<Record<Finding['severity'], Paint>> = { error: 'red', warning: 'yellow', info: 'cyan' }

function inWords(checked: CheckedFile): string {
  const elements = `${checked.elements} elements`
  if (checked.findings.length === 0) return `${paint('green', 'ok')} ${checked.file} (${elements})`
  const lines = checked.findings.map((finding) => findingLine(finding))
  return [`${paint('bold', checked.file)} (${elements})`, ...lines].join('\n')
}

/** `  warning  deadEnd  Task_1: ...` */
export function findingLine(finding: Finding): string {
  const place = finding.elementId === undefined ? '' : `${finding.elementId}: `
  return `  ${paint(colours[finding.severity], finding.severity.padEnd(7))} ${finding.code}  ${place}${finding.message}`
}
