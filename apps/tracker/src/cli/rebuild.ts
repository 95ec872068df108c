import { setTimeout as pause } from 'node:timers/promises'
import type { Command } from 'commander'
import type { Rebuild } from '@tidemark/api'
import { addClientOptions, TrackerClient, type ClientOptions } from './client.js'
import { addOutputOption, finish, grouped, print, WrongUse, type ExitCode, type OutputFormat } from './output.js'
import { startProgress } from './progress-bar.js'

interface RebuildOptions extends ClientOptions {
  readonly status?: boolean
  readonly cancel?: boolean
  readonly pause?: boolean
  readonly resume?: boolean
  readonly detach?: boolean
  readonly output: OutputFormat
}

const LOOK_MS = 500
const ENDED: readonly Rebuild['status'][] = ['done', 'failed', 'cancelled']

export function register(program: Command): void {
  const command = program
    .command('rebuild')
    .description('fold the state of a running tracker again from its log, and swap it in at once; goes on by itself if the tracker restarts. Exit 1 where it did not come to its end')
    .option('--detach', 'begin it, and do not wait')
    .option('--status', 'only say how far the latest one is')
    .option('--cancel', 'end the one that is under way; the state in use stays')
    .option('--pause', 'hold it; what is folded so far is kept, over restarts too')
    .option('--resume', 'go on with it, and wait for its end')
  addOutputOption(addClientOptions(command)).action((options: RebuildOptions) => finish(() => rebuild(options)))
}

async function rebuild(options: RebuildOptions): Promise<ExitCode> {
  const { detach, status, cancel, pause: hold, resume } = options
  if ([detach, status, cancel, hold, resume].filter((one) => one === true).length > 1) throw new WrongUse('--detach, --status, --cancel, --pause and --resume exclude each other')
  const client = new TrackerClient(options)
  const change = cancel === true ? 'cancel' as const : hold === true ? 'pause' as const : resume === true ? 'resume' as const : undefined
  const known = status === true ? await client.rebuild() : change === undefined ? await client.beginRebuild() : await client.changeRebuild(change)
  if (known === undefined) throw new WrongUse('the state has not been rebuilt yet; `npx tidemark rebuild` does it')
  const told = status === true || detach === true || hold === true ? known : await watched(client, known)
  await print(options.output === 'json' ? JSON.stringify(told) : inWords(told))
  return told.status === 'failed' || (told.status === 'cancelled' && cancel !== true) ? 1 : 0
}

async function watched(client: TrackerClient, begun: Rebuild): Promise<Rebuild> {
  const bar = startProgress('rebuild', 'entries')
  try {
    for (let job: Rebuild | undefined = begun; ; job = await client.rebuild()) {
      if (job === undefined || job.id !== begun.id) throw new WrongUse('another rebuild has begun meanwhile')
      bar.update(job.total === 0 ? 0 : job.done / job.total, job.done)
      if (ENDED.includes(job.status)) return job
      await pause(LOOK_MS)
    }
  } finally {
    bar.stop()
  }
}

function inWords({ status, done, total, error }: Rebuild): string {
  return `${status}: ${grouped(done)} of ${grouped(total)} entries folded again${error === undefined ? '' : `; ${error}`}`
}
