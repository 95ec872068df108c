import type { Command } from 'commander'
import { settingsOfProcess } from '../config.js'
import { createApp } from '../main.js'
import { finish, note, WrongUse } from './output.js'
import { TrackerError } from '../problem.js'
import { letHeapFill } from '../track/heap.js'
import { roomOf } from '../track/room.js'
import { stopSignal } from './stop-signal.js'

interface ServeOptions {
  readonly port?: string
  readonly host?: string
  readonly data?: string
}

export function register(program: Command): void {
  program
    .command('serve')
    .description('run the service: API, pages, tracker. Settings come from the environment, see .env.example')
    .option('--port <port>', 'instead of PORT')
    .option('--host <host>', 'instead of TIDEMARK_HOST')
    .option('--data <directory>', 'instead of TIDEMARK_DATA')
    .action((options: ServeOptions) => finish(() => startingUp(() => serve(options))))
}

async function serve(options: ServeOptions): Promise<0> {
  const settings = settingsOfProcess({
    ...(options.port === undefined ? {} : { PORT: options.port }),
    ...(options.host === undefined ? {} : { TIDEMARK_HOST: options.host }),
    ...(options.data === undefined ? {} : { TIDEMARK_DATA: options.data }),
  })
  const stop = stopSignal()
  const app = await createApp(settings)
  const { standing } = app.foundation.progress
  // The process holds no database then, and has room: to look for garbage at each half, as bin/tidemark.js has it, takes a twentieth of the time more.
  if (settings.databaseUrl !== undefined) letHeapFill(roomOf(settings.memoryMb).heap, () => standing.keptBytes)
  note(`Tidemark answers at ${app.url} (Ctrl+C stops it)`)
  await stop
  await app.close()
  return 0
}

/** What keeps the service from starting is told as one message, without a stack, and ends with exit code 2. */
export async function startingUp<T>(body: () => Promise<T>): Promise<T> {
  try {
    return await body()
  } catch (error) {
    if (error instanceof TrackerError) throw new WrongUse(error.message, { cause: error })
    throw error
  }
}
