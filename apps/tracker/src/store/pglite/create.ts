import { fork } from 'node:child_process'
import { once } from 'node:events'
import { rename, rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { TrackerError } from '../../problem.js'

/**
 * Creates the database in a process of its own (850 MB at its peak, given back when it ends) beside its place, and moves it there when it is
 * whole: a creation that was cut off is done again, not opened.
 */
export async function createInChildProcess(workerFile: URL, dir: string): Promise<void> {
  const unfinished = `${dir}.unfinished`
  await rm(unfinished, { recursive: true, force: true })
  const child = fork(fileURLToPath(workerFile), [unfinished], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: [] })
  let said = ''
  child.stderr?.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-2_000)))
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null]
  if (code !== 0) {
    throw new TrackerError(
      'databaseUnreachable', 500,
      `The embedded database could not be created in ${dir} (${signal ?? `exit code ${code}`}): ${said.trim().split('\n').at(-1) ?? 'no message'}. ` +
        'It needs about 1 GB of memory once, and 150 MB of disk.',
    )
  }
  await rm(dir, { recursive: true, force: true })
  await rename(unfinished, dir)
}
