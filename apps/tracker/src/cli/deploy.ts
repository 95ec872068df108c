import { z } from 'zod'
import type { Command } from 'commander'
import { Finding, type Deployed } from '@tidemark/api'
import { bytesOf } from './bytes-of.js'
import { findingLine } from './check.js'
import { addClientOptions, Refused, TrackerClient, type ClientOptions } from './client.js'
import { decodeXml } from './logs/byte-source.js'
import { addOutputOption, finish, paint, print, type ExitCode, type OutputFormat } from './output.js'

interface DeployOptions extends ClientOptions {
  readonly mapping?: string
  readonly decision?: string
  readonly dryRun?: boolean
  readonly output: OutputFormat
}

export function register(program: Command): void {
  const command = program
    .command('deploy <file>')
    .description('give a BPMN model to a running tracker, which follows it from the first event of its log on; exit 1 where it cannot be followed')
    .option('--mapping <file>', 'which events mean what, as YAML or JSON, where the model does not say so itself')
    .option('--decision <file>', 'what becomes of events without an instance, as a DMN decision table')
    .option('--dry-run', 'only say what would be found')
  addOutputOption(addClientOptions(command)).action((file: string, options: DeployOptions) => finish(() => deploy(file, options)))
}

async function deploy(file: string, options: DeployOptions): Promise<ExitCode> {
  const xml = await bytesOf(file)
  const mapping = options.mapping === undefined ? {} : { mapping: (await bytesOf(options.mapping)).toString('utf8') }
  const decision = options.decision === undefined ? {} : { decision: (await bytesOf(options.decision)).toString('utf8') }
  const client = new TrackerClient(options)
  try {
    const deployed = await client.deploy({ xml, text: () => decodeXml(xml, file), ...mapping, ...decision }, { dryRun: options.dryRun === true })
    await print(options.output === 'json' ? JSON.stringify(deployed) : inWords(deployed))
    return 0
  } catch (error) {
    const findings = error instanceof Refused && error.status === 422 ? findingsOf(error) : []
    if (findings.length === 0) throw error
    if (options.output === 'json') await print(JSON.stringify({ findings }))
    else await print([`${paint('red', 'refused')}: ${file} cannot be followed as it is`, ...findings.map((finding) => findingLine(finding))].join('\n'))
    return 1
  }
}

function findingsOf(refused: Refused): z.infer<typeof Finding>[] {
  return z.object({ findings: z.array(Finding) }).safeParse(refused.body).data?.findings ?? []
}

function inWords(deployed: Deployed): string {
  const done = deployed.dryRun === true ? 'could be deployed' : 'deployed'
  const models = deployed.models.map((model) => `${paint('green', done)}: ${model.id} version ${model.version}${model.name === '' ? '' : ` (${model.name})`}`)
  return [...models, ...deployed.findings.map((finding) => findingLine(finding))].join('\n')
}
