import type { Command } from 'commander'
import { addClientOptions, TrackerClient, type ClientOptions } from './client.js'
import { addOutputOption, finish, note, print, table, type ExitCode, type OutputFormat } from './output.js'

interface FaultsOptions extends ClientOptions {
  readonly retry?: string | true
  readonly output: OutputFormat
}

export function register(program: Command): void {
  const command = program
    .command('faults')
    .description('instances of a running tracker that cannot be folded, and are suspended until they can; exit 1 where there are some')
    .option('--retry [unit]', 'fold one again, or all of them, after a mend')
  addOutputOption(addClientOptions(command)).action((options: FaultsOptions) => finish(() => faults(options)))
}

async function faults({ retry, output, ...options }: FaultsOptions): Promise<ExitCode> {
  const client = new TrackerClient(options)
  if (retry !== undefined) {
    const { tried } = await client.retryFaults(retry === true ? undefined : retry)
    await print(output === 'json' ? JSON.stringify({ tried }) : `${tried} tried again; \`npx tidemark faults\` says which still cannot be folded`)
    return 0
  }
  const { items, nextCursor } = await client.faults()
  if (output === 'json') await print(JSON.stringify(items))
  else if (items.length === 0) await print('none')
  else {
    await print(table([{ title: 'unit' }, { title: 'model' }, { title: 'key' }, { title: 'events', align: 'right' }, { title: 'since' }, { title: 'error' }],
      items.map((fault) => [fault.unit, fault.model, fault.key, String(fault.events), fault.since, fault.error.split('\n')[0] ?? ''])))
  }
  if (nextCursor !== undefined) note('there are more')
  return items.length === 0 ? 0 : 1
}
