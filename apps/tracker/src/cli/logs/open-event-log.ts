import { basename } from 'node:path'
import { stat } from 'node:fs/promises'
import { WrongUse } from '../output.js'
import { ByteSource } from './byte-source.js'
import { openCsv } from './csv.js'
import type { EventLog, LogOptions } from './event-log.js'
import { openXes } from './xes.js'

type Opener = (name: string, bytes: ByteSource, options: LogOptions) => Promise<EventLog>

/** The formats that can be read, by extension without `.gz`. A new one is a file beside xes.ts and a line here. */
const openers: Readonly<Record<string, Opener>> = { '.xes': openXes, '.csv': openCsv, '.tsv': openCsv }

/** Recognises the format by the file's name; compression by its first bytes. */
export async function openEventLog(path: string, options: LogOptions = {}): Promise<EventLog> {
  const file = await stat(path).catch(() => undefined)
  if (file === undefined) throw new WrongUse(`there is no file ${path}`)
  if (!file.isFile()) throw new WrongUse(`${path} is no file`)
  const plain = basename(path).replace(/\.gz$/i, '')
  const extension = Object.keys(openers).find((known) => plain.toLowerCase().endsWith(known))
  const open = extension === undefined ? undefined : openers[extension]
  if (open === undefined || extension === undefined) {
    throw new WrongUse(`${path}: this kind of log cannot be read; known are ${Object.keys(openers).flatMap((known) => [known, `${known}.gz`]).join(', ')}`)
  }
  return open(plain.slice(0, -extension.length), new ByteSource(path, file.size), options)
}
