import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { finish } from './output.js'

interface CommandModule {
  register(program: Command): void
}

/** Loaded only when it is called, so that help and errors come at once. */
const commands: Readonly<Record<string, { readonly summary: string; readonly load: () => Promise<CommandModule> }>> = {
  serve: { summary: 'run the service', load: () => import('./serve.js') },
  demo: { summary: 'run the service with a shop whose orders it follows; a day is a second', load: () => import('./demo.js') },
  check: { summary: 'say what would keep BPMN files from being followed', load: () => import('./check.js') },
  deploy: { summary: 'give a BPMN model to a running tracker', load: () => import('./deploy.js') },
  emit: { summary: 'send one event, or a file of them', load: () => import('./emit.js') },
  correct: { summary: 'say what is known of an instance: a step was done, an event does not belong', load: () => import('./correct.js') },
  import: { summary: 'send a recorded event log as events', load: () => import('./import.js') },
  schema: { summary: 'print the JSON Schema of mapping files, for editors', load: () => import('./schema.js') },
  log: { summary: 'look after the log: verify, repair, dump', load: () => import('./log.js') },
  backup: { summary: 'copy the log and the snapshots, also of a running tracker', load: () => import('./backup.js') },
  restore: { summary: 'put log and snapshots of a backup into an empty data directory', load: () => import('./backup.js') },
  faults: { summary: 'say which instances cannot be folded, and try them again', load: () => import('./faults.js') },
  rebuild: { summary: 'fold the state of a running tracker again from its log', load: () => import('./rebuild.js') },
  snapshot: { summary: 'keep the state as it was at a position, below which the log may be trimmed', load: () => import('./snapshot.js') },
  shadow: { summary: 'try a new version of a model beside the one in use, and say what would differ', load: () => import('./shadow.js') },
  conformance: { summary: 'compare a recorded log with a model', load: () => import('./conformance.js') },
}

/** Exit code 0: fine. 1: the command found something. 2: wrong use, or the service cannot start. */
export async function main(argv: readonly string[]): Promise<void> {
  const program = new Command('tidemark')
    .description('How far every order, claim or payment has got: follows business processes along their BPMN models.')
    .version(versionOfPackage(), '-v, --version')
    .showHelpAfterError('(--help says more)')
  const name = argv.slice(2).find((argument) => !argument.startsWith('-'))
  const wanted = name === undefined || name === 'help' ? undefined : commands[name]
  if (wanted === undefined) for (const [known, { summary }] of Object.entries(commands)) program.command(known).description(summary)
  else (await wanted.load()).register(program)
  for (const command of [program, ...program.commands]) command.exitOverride()
  await finish(async () => {
    if (name === undefined && argv.length <= 2) {
      program.outputHelp()
      return 0
    }
    return parse(program, argv)
  })
}

/** Commander has said its own word by then; only the code is ours: it would be 1 for wrong use. A command sets its own. */
async function parse(program: Command, argv: readonly string[]): Promise<0 | 1 | 2> {
  try {
    await program.parseAsync([...argv])
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    throw error
  }
  return (process.exitCode ?? 0) as 0 | 1 | 2
}

function versionOfPackage(): string {
  return (JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }).version
}
