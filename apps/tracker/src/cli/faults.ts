import type { Command } from 'commander'
import { addClientOptions, TrackerClient, type ClientOptions } from './client.js'
import { addOutputOption, finish, note, print, table, WrongUse, type ExitCode, type OutputFormat } from './output.js'

interface FaultsOptions extends ClientOptions {
  readonly retry?: string | true
  readonly discard?: string
  readonly discardEvent?: string
  readonly position?: readonly string[]
  readonly by?: string
  readonly comment?: string
  readonly output: OutputFormat
}

export function register(program: Command): void {
  const command = program
    .command('faults')
    .description('instances of a running tracker that cannot be folded, and are suspended until they can; exit 1 where there are some')
    .option('--retry [unit]', 'fold one again, or all of them, after a mend')
    .option('--discard <unit>', 'set aside the events of one that wait, and fold it again without them; asks for --comment')
    .option('--position <position...>', 'with --discard: only these events')
    .option('--discard-event <position>', 'nothing is to become of a quarantined event; asks for --comment')
    .option('--by <name>', 'who throws it away')
    .option('--comment <text>', 'why; it is kept with the entry')
  addOutputOption(addClientOptions(command)).action((options: FaultsOptions) => finish(() => faults(options)))
}

async function faults({ retry, output, ...options }: FaultsOptions): Promise<ExitCode> {
  const { discard, discardEvent, position: positions } = options
  if ([retry, discard, discardEvent].filter((one) => one !== undefined).length > 1) throw new WrongUse('--retry, --discard and --discard-event exclude each other')
  if (positions !== undefined && discard === undefined) throw new WrongUse('--position says which events of an instance: it goes with --discard UNIT')
  const client = new TrackerClient(options)
  if (discard !== undefined) {
    const { discarded } = await client.discardFault(discard, { ...reasonOf(options), ...(positions === undefined ? {} : { positions }) })
    await print(output === 'json' ? JSON.stringify({ discarded }) : `${discarded} events are set aside; \`npx tidemark faults\` says whether it can be folded without them`)
    return 0
  }
  if (discardEvent !== undefined) {
    const event = await client.discardEvent(discardEvent, reasonOf(options))
    await print(output === 'json' ? JSON.stringify(event) : `event ${event.position} is ${event.fates.map(({ kind }) => kind).join(', ')}`)
    return 0
  }
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

function reasonOf({ by, comment }: Pick<FaultsOptions, 'by' | 'comment'>): { readonly by?: string; readonly comment: string } {
  if (comment === undefined || comment.trim() === '') throw new WrongUse('what is thrown away needs a reason: --comment')
  return { comment, ...(by === undefined ? {} : { by }) }
}
