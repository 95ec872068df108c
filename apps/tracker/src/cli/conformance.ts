import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { Binder, compileNet, Conformance, labelOf, readProcesses, type ProcessModel } from '@tidemark/bpmn'
import { findingLine } from './check.js'
import { LogComparer, type Labels, type LogComparison } from './compare-log.js'
import { casesOf } from './logs/cases.js'
import { sourceOf } from './logs/cloud-events.js'
import type { EventLog, LogOptions, RecordedEvent } from './logs/event-log.js'
import { addLogOptions } from './logs/log-options.js'
import { openEventLog } from './logs/open-event-log.js'
import { addOutputOption, finish, grouped, note, print, table, WrongUse, type ExitCode, type OutputFormat } from './output.js'
import { startProgress } from './progress-bar.js'

/** What people are shown; `--output json` has all kinds. */
const PLACES_SHOWN = 10

interface ConformanceOptions extends LogOptions {
  readonly model: string
  readonly log: string
  readonly process?: string
  readonly output: OutputFormat
}

export function register(program: Command): void {
  const command = program
    .command('conformance')
    .description('compare a recorded log with a model, by optimal alignment: which cases fit, and where the others differ; exit 1 where some do not fit')
    .requiredOption('--model <file>', 'the BPMN file')
    .requiredOption('--log <file>', 'the log (XES or CSV, also gzipped)')
    .option('--process <id>', 'which process of the file, where it holds several')
  addOutputOption(addLogOptions(command)).action((options: ConformanceOptions) => finish(() => conformance(options)))
}

async function conformance(options: ConformanceOptions): Promise<ExitCode> {
  const process = await readModel(options.model, options.process)
  const log = await openEventLog(options.log, options)
  for (const remark of log.remarks) note(remark)
  const comparison = await compare(process, log)
  const { places, ...figures } = comparison
  await print(options.output === 'json' ? JSON.stringify(figures) : inWords(comparison, process))
  return comparison.fitting === comparison.cases ? 0 : 1
}

/** Reads the log once. */
export async function compare(process: ProcessModel, log: EventLog): Promise<LogComparison> {
  const comparer = new LogComparer(new Conformance(compileNet(process)))
  const labels = labelsIn(process, log)
  const progress = startProgress('conformance', 'cases')
  try {
    let cases = 0
    for await (const one of casesOf(log, (event) => comparer.symbolOf(labels(event)))) {
      comparer.add(one)
      cases += 1
      progress.update(log.fractionRead(), cases)
    }
  } finally {
    progress.stop()
  }
  return comparer.result()
}

async function readModel(path: string, id: string | undefined): Promise<ProcessModel> {
  const file = await readFile(path).catch((error: Error) => { throw new WrongUse(`${path} cannot be read: ${error.message}`, { cause: error }) })
  const { processes, findings } = await readProcesses(file)
  const errors = findings.filter((finding) => finding.severity === 'error')
  if (errors.length > 0) throw new WrongUse(`${path} cannot be followed:\n${errors.map((finding) => findingLine(finding)).join('\n')}`)
  const found = id === undefined ? processes[0] : processes.find((process) => process.id === id)
  if (found === undefined) throw new WrongUse(`${path} has no process ${id ?? ''}; it has: ${processes.map((process) => process.id).join(', ')}`)
  if (id === undefined && processes.length > 1) note(`${path} holds ${processes.length} processes; taking ${found.id} (choose with --process)`)
  return found
}

/** What each event of the log may mean in the model. An activity that nothing is bound to is unexpected wherever it occurs. */
function labelsIn(process: ProcessModel, log: EventLog): (event: RecordedEvent) => Labels {
  const binder = new Binder(process)
  const source = sourceOf(log.name)
  return (event) => {
    const bound = binder.bind({
      id: `${event.caseId}:${event.index}`, source, type: event.activity, subject: event.caseId, time: event.timeMs ?? 0, data: event.attributes,
    })
    return bound?.labels.map((label) => labelOf(label.element, label.phase)) ?? []
  }
}

function inWords(comparison: LogComparison, process: ProcessModel): string {
  const { cases, events, fitting, logFitness, meanCaseFitness, deviations, places } = comparison
  const share = cases === 0 ? 100 : (100 * fitting) / cases
  const lines = [
    `${grouped(fitting)} of ${grouped(cases)} cases fit ${process.name || process.id} (${share.toFixed(1)} %), ${grouped(events)} events`,
    `log fitness ${logFitness.toFixed(4)}, mean case fitness ${meanCaseFitness.toFixed(4)}`,
  ]
  if (places.length === 0) return lines.join('\n')
  const names = new Map(process.elements.map((element) => [element.id, element.name || element.id]))
  const kinds = Object.entries(deviations).map(([kind, count]) => `${grouped(count)} ${kind}`).join(', ')
  const rows = places.slice(0, PLACES_SHOWN).map((place) => [grouped(place.count), place.kind, place.element === '' ? '(not in the model)' : names.get(place.element) ?? place.element])
  return [...lines, `deviations: ${kinds}`, '', table([{ title: 'count', align: 'right' }, { title: 'kind' }, { title: 'where' }], rows)].join('\n')
}
