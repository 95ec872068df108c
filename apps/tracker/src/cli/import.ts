import { Option, type Command } from 'commander'
import { addClientOptions, TrackerClient, type ClientOptions } from './client.js'
import { LagGate } from './lag-gate.js'
import { toCloudEvent, sourceOf } from './logs/cloud-events.js'
import type { EventLog, LogOptions } from './logs/event-log.js'
import { addLogOptions } from './logs/log-options.js'
import { openEventLog } from './logs/open-event-log.js'
import { addOutputOption, finish, grouped, note, print, WrongUse, type ExitCode, type OutputFormat } from './output.js'
import { startProgress } from './progress-bar.js'
import { sendBatches, type Sendable } from './send-batches.js'

interface ImportOptions extends LogOptions, ClientOptions {
  readonly model?: string
  readonly source?: string
  readonly data: 'attributes' | 'none'
  readonly output: OutputFormat
}

export interface ImportSummary {
  events: number
  accepted: number
  /** Recognised at the door as sent before; others that repeat are found when they are followed. */
  duplicates: number
  /** Until the last was acknowledged, and until all were followed. */
  seconds: number
  followedAfterSeconds: number
  /** Events per second until all were followed. */
  rate: number
  /** Of the model that was named, all its instances. `fitting`: completed without a deviation; absent where there are too many to count. */
  model?: { id: string; version: number; fitting?: number; active: number; completed: number; terminated: number; deviating: number }
}

export function register(program: Command): void {
  const command = program
    .command('import <file>')
    .description('send a recorded event log (XES or CSV, also gzipped) to a running tracker, as events')
    .option('--model <id>', 'the deployed model that follows them; its counts are printed at the end')
    .option('--source <name>', 'CloudEvents source of the events (default: /import/<name of the file>)')
    .addOption(new Option('--data <what>', 'what events carry as data').choices(['attributes', 'none']).default('attributes'))
  addOutputOption(addClientOptions(addLogOptions(command))).action((file: string, options: ImportOptions) => finish(() => importLog(file, options)))
}

async function importLog(file: string, options: ImportOptions): Promise<ExitCode> {
  const client = new TrackerClient(options)
  await client.status()
  if (options.model !== undefined && (await client.model(options.model)) === undefined) {
    throw new WrongUse(`no model "${options.model}" is deployed at ${options.url}. Deploy it first: npx tidemark deploy ${options.model}.bpmn`)
  }
  const log = await openEventLog(file, options)
  for (const remark of log.remarks) note(remark)
  const summary = await sendAndWait(client, log, options)
  await print(options.output === 'json' ? JSON.stringify(summary) : inWords(summary))
  return 0
}

async function sendAndWait(client: TrackerClient, log: EventLog, options: ImportOptions): Promise<ImportSummary> {
  const began = performance.now()
  const secondsSince = (): number => (performance.now() - began) / 1000
  let [events, accepted, duplicates, last] = [0, 0, 0, 0n]
  // A small file is read long before it is sent.
  const fraction = (): number => log.fractionRead() * ((accepted + duplicates) / Math.max(events, 1))
  const progress = startProgress('import', 'events')
  const gate = new LagGate({
    status: () => client.status(),
    onWait: (status) => progress.update(fraction(), accepted + duplicates, `the tracker catches up (${grouped(status.lagEntries)} behind)`),
  })
  try {
    await sendBatches(client, cloudEvents(log, options, () => { events += 1 }), {
      gate: () => gate.pass(),
      onAccepted: (answer) => {
        accepted += answer.accepted
        duplicates += answer.duplicates
        if (BigInt(answer.position) > last) last = BigInt(answer.position)
        progress.update(fraction(), accepted + duplicates)
      },
    })
    const seconds = secondsSince()
    await gate.caughtUp(last)
    progress.update(1, accepted + duplicates)
    const followedAfterSeconds = secondsSince()
    const model = options.model === undefined ? undefined : await countsOf(client, options.model)
    return {
      events, accepted, duplicates, seconds: rounded(seconds), followedAfterSeconds: rounded(followedAfterSeconds),
      rate: Math.round(events / Math.max(followedAfterSeconds, 0.001)), ...(model === undefined ? {} : { model }),
    }
  } finally {
    progress.stop()
  }
}

async function* cloudEvents(log: EventLog, options: ImportOptions, onRead: () => void): AsyncGenerator<Sendable> {
  const source = options.source ?? sourceOf(log.name)
  for await (const event of log.events()) {
    onRead()
    yield toCloudEvent(event, { source, withData: options.data === 'attributes' })
  }
}

async function countsOf(client: TrackerClient, id: string): Promise<ImportSummary['model']> {
  const flow = await client.flow(id)
  if (flow === undefined) return undefined
  const fitting = await client.countInstances({ model: id, status: 'completed', deviating: 'false' })
  const { version, active, completed, terminated, deviating } = flow
  return { id, version, ...(fitting === undefined ? {} : { fitting }), active, completed, terminated, deviating }
}

function inWords(summary: ImportSummary): string {
  const lines = [
    `${grouped(summary.events)} events read, ${grouped(summary.accepted)} accepted, ${grouped(summary.duplicates)} known already`,
    `acknowledged after ${summary.seconds} s, followed after ${summary.followedAfterSeconds} s (${grouped(summary.rate)} events/s)`,
  ]
  const { model } = summary
  if (model !== undefined) {
    const all = model.active + model.completed + model.terminated
    const fitting = model.fitting === undefined ? '' : `${grouped(model.fitting)} fit (completed without deviation), `
    lines.push(
      `${model.id} version ${model.version}: ${grouped(all)} instances, ${fitting}${grouped(model.deviating)} deviate; ` +
      `${grouped(model.completed)} completed, ${grouped(model.active)} active, ${grouped(model.terminated)} terminated`,
    )
  }
  return lines.join('\n')
}

function rounded(seconds: number): number {
  return Math.round(seconds * 10) / 10
}
