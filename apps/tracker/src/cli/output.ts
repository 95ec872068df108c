import { once } from 'node:events'
import { styleText } from 'node:util'
import { Option, type Command } from 'commander'

/**
 * What every command shares about speaking: results go to standard output (a table for people, JSON for programs), everything said along
 * the way to standard error. Exit code 0: fine. 1: the command found something. 2: it was used wrongly, or could not reach the tracker.
 */
export type OutputFormat = 'table' | 'json'
export type ExitCode = 0 | 1 | 2

/** One clear message that ends a command with exit code 2: what was wrong, where, and what to do. */
export class WrongUse extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'WrongUse'
  }
}

/** `--output table|json`, the same at every command. */
export function addOutputOption(command: Command): Command {
  return command.addOption(new Option('--output <format>', 'how results are printed').choices(['table', 'json']).default('table'))
}

/** Runs a command's body and sets the process's exit code; a {@link WrongUse} becomes its message, without a stack. */
export async function finish(body: () => Promise<ExitCode>): Promise<void> {
  // A reader that has seen enough (`| head`) closes the pipe: that is no fault of ours.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })
  try {
    process.exitCode = await body()
  } catch (error) {
    if (!(error instanceof WrongUse)) throw error
    note(`${paint('red', 'error', process.stderr)}: ${error.message}`)
    process.exitCode = 2
  }
}

/** Prints to standard output, no faster than it is read. */
export async function print(text: string): Promise<void> {
  if (!process.stdout.write(`${text}\n`)) await once(process.stdout, 'drain')
}

/** Says something along the way, on standard error. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`)
}

export type Paint = 'red' | 'yellow' | 'green' | 'cyan' | 'dim' | 'bold'

/** Coloured where the stream is a terminal that wants colour (NO_COLOR and FORCE_COLOR are honoured), plain elsewhere. */
export function paint(colour: Paint, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return styleText(colour, text, { stream })
}

export interface Column {
  readonly title: string
  readonly align?: 'left' | 'right'
}

/** Rows under their titles, columns padded to their widest cell. Cells carry no colour codes. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map((column, at) => Math.max(column.title.length, ...rows.map((row) => (row[at] ?? '').length)))
  const line = (cells: readonly string[]): string =>
    columns
      .map((column, at) => {
        const cell = cells[at] ?? ''
        return column.align === 'right' ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0)
      })
      .join('  ')
      .trimEnd()
  return [paint('bold', line(columns.map((column) => column.title))), ...rows.map(line)].join('\n')
}

/** 561470 -> 561,470 */
export function grouped(count: number): string {
  return count.toLocaleString('en-US', { maximumFractionDigits: 0 })
}
