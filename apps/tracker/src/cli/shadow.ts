import { setTimeout as pause } from 'node:timers/promises'
import type { Command } from 'commander'
import type { Shadow, ShadowComparison, ShadowSample } from '@tidemark/api'
import { addClientOptions, TrackerClient, type ClientOptions } from './client.js'
import { bytesOf } from './bytes-of.js'
import { decodeXml } from './logs/byte-source.js'
import { addOutputOption, finish, grouped, print, WrongUse, type ExitCode, type OutputFormat } from './output.js'
import { startProgress } from './progress-bar.js'

interface ShadowOptions extends ClientOptions {
  readonly model?: string
  readonly mapping?: string
  readonly decision?: string
  readonly since?: string
  readonly status?: boolean
  readonly accept?: boolean
  readonly stay?: boolean
  readonly drop?: boolean
  readonly output: OutputFormat
}

const LOOK_MS = 500
const WORKED_ON: readonly Shadow['status'][] = ['asked', 'running', 'accepting', 'dropping']

export function register(program: Command): void {
  const command = program
    .command('shadow [file]')
    .description('try a new version of a deployed model: all instances are told again by it beside those in use, and what would differ is said; exit 1 where it failed')
    .option('--model <id>', 'the model; default: the first process of the file')
    .option('--mapping <file>', 'which events mean what, as YAML or JSON')
    .option('--decision <file>', 'what becomes of events without an instance, as a DMN decision table')
    .option('--since <time>', 'tell only instances again that began then or later')
    .option('--status', 'of --model: how far it is, and what would differ')
    .option('--accept', 'of --model: deploy it, and let it tell all instances that were told again')
    .option('--stay', 'of --model: deploy it for instances that begin from now on; the others stay with their version')
    .option('--drop', 'of --model: forget it; what is in use stays')
  addOutputOption(addClientOptions(command)).action((file: string | undefined, options: ShadowOptions) => finish(() => run(file, options)))
}

async function run(file: string | undefined, options: ShadowOptions): Promise<ExitCode> {
  const { status, accept, stay, drop } = options
  const wanted = [status, accept, stay, drop].filter((one) => one === true).length
  if (wanted > 1) throw new WrongUse('--status, --accept, --stay and --drop exclude each other')
  if ((file === undefined) !== (wanted === 1)) throw new WrongUse('name a file to try, or --model with one of --status, --accept, --stay, --drop')
  const client = new TrackerClient(options)
  const id = file === undefined ? modelOf(options) : await begin(client, file, options)
  if (accept === true || stay === true) await client.acceptShadow(id, accept === true ? 'move' : 'stay')
  if (drop === true) await client.dropShadow(id)
  const told = status === true ? await found(client, id) : await watched(client, id)
  const said = stay === true ? `${id} version ${told.version}: deployed for instances that begin from now on; what was told for the comparison is dropped` : inWords(told)
  await print(options.output === 'json' ? JSON.stringify(told) : said)
  return told.status === 'failed' ? 1 : 0
}

function modelOf({ model }: ShadowOptions): string {
  if (model === undefined) throw new WrongUse('--model says which model is meant')
  return model
}

async function begin(client: TrackerClient, file: string, options: ShadowOptions): Promise<string> {
  const xml = await bytesOf(file)
  const model = {
    xml, text: () => decodeXml(xml, file),
    ...(options.mapping === undefined ? {} : { mapping: (await bytesOf(options.mapping)).toString('utf8') }),
    ...(options.decision === undefined ? {} : { decision: (await bytesOf(options.decision)).toString('utf8') }),
  }
  const id = options.model ?? (await client.deploy(model, { dryRun: true })).id
  await client.beginShadow(id, model, options.since)
  return id
}

async function found(client: TrackerClient, id: string): Promise<Shadow> {
  const shadow = await client.shadow(id)
  if (shadow === undefined) throw new WrongUse(`no version of ${id} has been tried; \`npx tidemark shadow FILE\` tries one`)
  return shadow
}

/** Until it waits for a person, or has ended. */
async function watched(client: TrackerClient, id: string): Promise<Shadow> {
  const bar = startProgress('shadow', 'entries')
  try {
    for (;;) {
      const shadow = await found(client, id)
      bar.update(shadow.total === 0 ? 0 : shadow.done / shadow.total, shadow.done)
      if (!WORKED_ON.includes(shadow.status)) return shadow
      await pause(LOOK_MS)
    }
  } finally {
    bar.stop()
  }
}

function inWords({ model, version, status, error, comparison }: Shadow): string {
  const head = `${model} version ${version}: ${status}${error === undefined ? '' : `; ${error}`}`
  return [head, ...(comparison === undefined ? [] : compared(comparison))].join('\n')
}

function compared({ before, after, same, different, deviations, samples }: ShadowComparison): string[] {
  const figures = (['active', 'completed', 'terminated', 'stuck', 'late', 'deviating'] as const).filter((name) => before[name] !== after[name])
  return [
    `${grouped(different)} of ${grouped(same + different)} instances would be told otherwise`,
    ...figures.map((name) => `  ${name}: ${grouped(before[name])} -> ${grouped(after[name])}`),
    ...deviations.map(({ kind, element, before: had, after: has }) => `  ${kind} at ${element}: ${grouped(had)} -> ${grouped(has)}`),
    ...(samples.length === 0 ? [] : ['for example:']),
    ...samples.map(({ key, before: had, after: has }) => `  ${key}: ${toldOf(had)} -> ${toldOf(has)}`),
  ]
}

function toldOf(told: ShadowSample['before']): string {
  if (told === undefined) return 'none'
  const { status, deviations, at } = told
  return `${status}${at.length === 0 ? '' : ` at ${at.join(', ')}`}${deviations === 0 ? '' : `, ${deviations === 1 ? 'a deviation' : `${deviations} deviations`}`}`
}
