import { Option, type Command } from 'commander'
import type { Instance } from '@tidemark/api'
import { addClientOptions, TrackerClient, type ClientOptions } from './client.js'
import { addOutputOption, finish, print, WrongUse, type ExitCode, type OutputFormat } from './output.js'

interface CorrectOptions extends ClientOptions {
  readonly kind?: string
  readonly element?: readonly string[]
  readonly position?: string
  readonly phase?: string
  readonly item?: string
  readonly at?: string
  readonly by?: string
  readonly comment?: string
  readonly output: OutputFormat
}

/** What each is called by the API, and what it needs. */
const kinds: Readonly<Record<string, (options: CorrectOptions) => object>> = {
  accept: ({ kind, element }) => ({ what: 'accept', kind: needed(kind, 'accept', '--kind, such as skipped'), ...present('element', element?.[0]) }),
  'set-aside': ({ position }) => ({ what: 'setAside', position: needed(position, 'set-aside', '--position of the event') }),
  done: ({ element, phase, item }) => ({ what: 'done', element: needed(element?.[0], 'done', '--element'), ...present('phase', phase), ...present('item', item) }),
  move: ({ element, item }) => ({ what: 'move', elements: needed(element, 'move', '--element, once for each token'), ...present('item', item) }),
  end: () => ({ what: 'end' }),
}

export function register(program: Command): void {
  const command = program
    .command('correct <instance> <what>')
    .description(`say what is known of an instance and no event says: ${Object.keys(kinds).join(', ')}`)
    .option('--kind <kind>', 'accept: the deviation that is normal here, such as skipped')
    .option('--element <id...>', 'accept, done: the element; move: where the tokens are, all of them')
    .option('--position <position>', 'set-aside: the event that does not belong, or what was said before and is taken back')
    .addOption(new Option('--phase <phase>', 'done: of an activity that reports both').choices(['start', 'end', 'occur']))
    .option('--item <key>', 'done, move: the item meant, of what is followed item by item (default: the only one at work there)')
    .option('--at <time>', 'when it was so, RFC 3339 (default: now)')
    .option('--by <name>', 'who says so')
    .option('--comment <text>', 'why; it is kept with the entry')
  addOutputOption(addClientOptions(command)).action((instance: string, what: string, options: CorrectOptions) => finish(() => correct(instance, what, options)))
}

async function correct(instance: string, what: string, options: CorrectOptions): Promise<ExitCode> {
  const made = kinds[what]
  if (made === undefined) throw new WrongUse(`${what} is nothing that can be said of an instance: there are ${Object.keys(kinds).join(', ')}`)
  if (options.item !== undefined && what !== 'done' && what !== 'move') throw new WrongUse(`${what} is said of the whole instance: --item goes with done and move`)
  const correction = { ...made(options), ...present('at', options.at), ...present('by', options.by), ...present('comment', options.comment) }
  const shown = await new TrackerClient(options).correct(instance, correction)
  await print(options.output === 'json' ? JSON.stringify(shown) : inWords(shown))
  return 0
}

function inWords({ key, model, status, tokens, deviationList }: Instance): string {
  const at = tokens.length === 0 ? '' : `, at ${tokens.map(({ name, element, item }) => `${name || element}${item === undefined ? '' : ` ${item}`}`).join(', ')}`
  const counted = deviationList.filter(({ accepted }) => !accepted).length
  return `${key} of ${model} is ${status}${at}; ${counted} deviations that count`
}

function needed<T>(value: T | undefined, what: string, option: string): T {
  if (value === undefined) throw new WrongUse(`${what} needs ${option}`)
  return value
}

function present(name: string, value: string | undefined): object {
  return value === undefined ? {} : { [name]: value }
}
