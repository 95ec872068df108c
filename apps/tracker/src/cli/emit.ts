import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { readFile, stat } from 'node:fs/promises'
import type { Command } from 'commander'
import { addClientOptions, TrackerClient, type ClientOptions } from './client.js'
import { addOutputOption, finish, grouped, print, WrongUse, type ExitCode, type OutputFormat } from './output.js'
import { sendBatches, type Sendable } from './send-batches.js'

/** A file that is one JSON array is held whole; larger ones are to be JSON lines, which are streamed. */
const MAX_ARRAY_BYTES = 64 * 1024 * 1024
const DEFAULT_SOURCE = '/cli'

interface EmitOptions extends ClientOptions {
  readonly type?: string
  readonly subject?: string
  readonly data?: string
  readonly source?: string
  readonly id?: string
  readonly time?: string
  readonly file?: string
  readonly output: OutputFormat
}

export function register(program: Command): void {
  const command = program
    .command('emit')
    .description('send one event, or a file of them, to a running tracker')
    .option('--type <type>', 'what happened, e.g. order.placed')
    .option('--subject <subject>', 'whom it concerns, e.g. the order number')
    .option('--data <json>', 'its data, as JSON')
    .option('--source <uri>', `who says so (default: ${DEFAULT_SOURCE})`)
    .option('--id <id>', 'its identity: the same source and id again is the same event (default: a new one)')
    .option('--time <time>', 'when it happened, RFC 3339 (default: when it is received)')
    .option('--file <file>', 'CloudEvents instead, as a JSON array (.json) or one a line (.jsonl)')
  addOutputOption(addClientOptions(command)).action((options: EmitOptions) => finish(() => emit(options)))
}

async function emit(options: EmitOptions): Promise<ExitCode> {
  const events = options.file === undefined ? one(fromFlags(options)) : fromFile(options.file, options)
  const client = new TrackerClient(options)
  const sum = { accepted: 0, duplicates: 0, position: '0' }
  await sendBatches(client, events, {
    gate: async () => undefined,
    onAccepted: (answer) => {
      sum.accepted += answer.accepted
      sum.duplicates += answer.duplicates
      if (BigInt(answer.position) > BigInt(sum.position)) sum.position = answer.position
    },
  })
  if (options.output === 'json') await print(JSON.stringify(sum))
  else await print(`${grouped(sum.accepted)} accepted, ${grouped(sum.duplicates)} known already, up to position ${sum.position}`)
  return 0
}

function fromFlags(options: EmitOptions): object {
  if (options.type === undefined) throw new WrongUse('what happened? Give --type (such as order.placed), or a --file of events')
  return completed(
    {
      type: options.type,
      ...(options.subject === undefined ? {} : { subject: options.subject }),
      ...(options.id === undefined ? {} : { id: options.id }),
      ...(options.time === undefined ? {} : { time: options.time }),
      ...(options.data === undefined ? {} : { data: parsed(options.data, '--data') }),
    },
    options,
  )
}

/** What an event must have and people leave out. What is there stays as it is: the tracker is the judge of it. */
function completed(event: object, options: EmitOptions): object {
  return {
    specversion: '1.0', id: randomUUID(), source: options.source ?? DEFAULT_SOURCE,
    ...('data' in event ? { datacontenttype: 'application/json' } : {}),
    ...event,
  }
}

/** Events from a file keep their order: where they carry no time they are sent one batch after the other. */
async function* fromFile(path: string, options: EmitOptions): AsyncGenerator<Sendable> {
  for await (const value of path.endsWith('.json') ? arrayOf(path) : linesOf(path)) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new WrongUse(`${path}: an event is a JSON object, found ${JSON.stringify(value).slice(0, 60)}`)
    yield { json: JSON.stringify(completed(value, options)), timed: 'time' in value }
  }
}

async function* one(event: object): AsyncGenerator<Sendable> {
  yield { json: JSON.stringify(event), timed: true }
}

async function* arrayOf(path: string): AsyncGenerator<unknown> {
  const file = await stat(path).catch(() => undefined)
  if (file === undefined) throw new WrongUse(`there is no file ${path}`)
  if (file.size > MAX_ARRAY_BYTES) throw new WrongUse(`${path} is too large for one JSON array: write one event a line, as .jsonl`)
  const value = parsed(await readFile(path, 'utf8'), path)
  if (Array.isArray(value)) yield* value
  else yield value
}

async function* linesOf(path: string): AsyncGenerator<unknown> {
  if ((await stat(path).catch(() => undefined))?.isFile() !== true) throw new WrongUse(`there is no file ${path}`)
  let number = 0
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    number += 1
    if (line.trim() !== '') yield parsed(line, `${path}, line ${number}`)
  }
}

function parsed(text: string, where: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new WrongUse(`${where} is no JSON: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}
