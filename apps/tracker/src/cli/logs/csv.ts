import { Readable, pipeline } from 'node:stream'
import { parse, CsvError } from 'csv-parse'
import { WrongUse } from '../output.js'
import type { ByteSource } from './byte-source.js'
import { chooseColumns, type Columns } from './csv-columns.js'
import type { EventLog, LogOptions, RecordedEvent } from './event-log.js'
import { isTimeZone, parseTime } from './timestamp.js'

/**
 * CSV with a header row, any delimiter, any column order. The file is read through once before anything is made of it, so that
 * rows that cannot be used are known, counted and shown before the first event leaves.
 */
const BAD_ROWS_SHOWN = 5
/** A quote that is never closed would swallow the rest of the file. */
const MAX_ROW_BYTES = 1024 * 1024
const delimiters = [',', ';', '\t', '|']

export async function openCsv(name: string, bytes: ByteSource, options: LogOptions): Promise<EventLog> {
  if (options.timeZone !== undefined && !isTimeZone(options.timeZone)) {
    throw new WrongUse(`--time-zone ${options.timeZone} is not known; it looks like Europe/Amsterdam`)
  }
  const delimiter = options.delimiter === undefined ? await guessDelimiter(bytes) : options.delimiter.replace('\\t', '\t')
  const bad = await survey(bytes, delimiter, options)
  if (bad.count > 0 && options.skipBadRows !== true) {
    throw new WrongUse(`${bytes.path}: ${bad.count} rows cannot be used:\n${shown(bad)}\nMend them, or leave them out with --skip-bad-rows.`)
  }
  return {
    name,
    casesAreContiguous: false,
    remarks: bad.count === 0 ? [] : [`${bad.count} rows cannot be used and are skipped:\n${shown(bad)}`],
    fractionRead: () => bytes.fractionRead(),
    async *events() {
      for await (const row of rows(bytes, delimiter, options)) if (typeof row.read === 'object') yield* row.read
    },
  }
}

interface BadRows {
  count: number
  readonly first: { line: number; reason: string }[]
}

function shown(bad: BadRows): string {
  const lines = bad.first.map((row) => `  line ${row.line}: ${row.reason}`)
  return bad.count > bad.first.length ? [...lines, `  and ${bad.count - bad.first.length} more`].join('\n') : lines.join('\n')
}

async function survey(bytes: ByteSource, delimiter: string, options: LogOptions): Promise<BadRows> {
  const bad: BadRows = { count: 0, first: [] }
  for await (const row of rows(bytes, delimiter, options)) {
    if (typeof row.read === 'object') continue
    bad.count += 1
    if (bad.first.length < BAD_ROWS_SHOWN) bad.first.push({ line: row.line, reason: row.read })
  }
  return bad
}

interface Row {
  readonly line: number
  /** Its events, or why it has none. */
  readonly read: readonly RecordedEvent[] | string
}

async function* rows(bytes: ByteSource, delimiter: string, options: LogOptions): AsyncGenerator<Row> {
  // Quotes are taken as they come inside unquoted cells; missing and surplus cells are told per row, not as the end of everything.
  const parser = parse({ delimiter, bom: true, info: true, relax_column_count: true, relax_quotes: true, skip_empty_lines: true, max_record_size: MAX_ROW_BYTES })
  pipeline(Readable.from(bytes.text()), parser, () => undefined)
  let columns: Columns | undefined
  let number = 0
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
      if (columns === undefined) {
        columns = chooseColumns(record, options, bytes.path)
        continue
      }
      yield { line: info.lines, read: readRow(record, columns, number, options) }
      number += 1
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    throw new WrongUse(`${bytes.path} cannot be read as CSV: ${error.message}`, { cause: error })
  }
  if (columns === undefined) throw new WrongUse(`${bytes.path} is empty: a header row with the names of the columns is expected`)
}

/** Twice the row's number, so that a start beside an end has a number of its own. */
function readRow(cells: readonly string[], columns: Columns, number: number, options: LogOptions): readonly RecordedEvent[] | string {
  if (cells.length !== columns.names.length) return `${cells.length} cells, where the header names ${columns.names.length} columns`
  const caseId = cells[columns.case] ?? ''
  const activity = cells[columns.activity] ?? ''
  if (caseId === '') return `no case (column ${columns.names[columns.case]})`
  if (activity === '') return `no activity (column ${columns.names[columns.activity]})`
  const timeMs = parseTime(cells[columns.time] ?? '', options)
  if (typeof timeMs === 'string') return `${timeMs} (column ${columns.names[columns.time]})`
  const attributes = attributesOf(cells, columns)
  const event = { caseId, activity, timeMs, index: number * 2 + 1, attributes }
  if (options.lifecycle !== true || columns.startTime === undefined) return [event]
  const startMs = parseTime(cells[columns.startTime] ?? '', options)
  if (typeof startMs === 'string') return `${startMs} (column ${columns.names[columns.startTime]})`
  return [
    { ...event, timeMs: startMs, index: number * 2, attributes: { ...attributes, 'lifecycle:transition': 'start' } },
    { ...event, attributes: { ...attributes, 'lifecycle:transition': 'complete' } },
  ]
}

function attributesOf(cells: readonly string[], columns: Columns): Record<string, unknown> {
  const attributes: Record<string, unknown> = {}
  for (const [at, name] of columns.names.entries()) {
    const cell = cells[at] ?? ''
    if (cell === '' || at === columns.case || at === columns.activity || at === columns.time || name === '__proto__') continue
    attributes[at === columns.resource ? 'org:resource' : name] = cell
  }
  return attributes
}

/** The one that splits the header line into most columns. */
async function guessDelimiter(bytes: ByteSource): Promise<string> {
  for await (const text of bytes.text()) {
    const header = text.split(/\r?\n/, 1)[0] ?? ''
    const counts = delimiters.map((one) => header.split(one).length)
    return delimiters[counts.indexOf(Math.max(...counts))] ?? ','
  }
  return ','
}
