import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { Worker } from 'node:worker_threads'
import pg from 'pg'
import { DataSource } from 'typeorm'
import { TrackerError } from '../../problem.js'
import type { Database } from '../database.js'
import { PooledDatabase } from '../pooled-database.js'
import { createInChildProcess } from './create.js'
import { bootId, forgetRun, recordRun, setAsideAfterPowerLoss } from './power-loss.js'
import { Upkeep } from './upkeep.js'
import { WorkerSocket } from './worker-socket.js'

/** A statement that waits longer for the one session waits for itself: it was issued beside the transaction it stands in. */
const SESSION_WAIT_MS = 60_000

export interface PgliteOptions {
  readonly upkeep?: boolean
  /** Names the time since the machine was started. */
  readonly boot?: () => Promise<string>
  /** Told where the directory went that was open when the machine went down. */
  readonly onSetAside?: (path: string) => void
}

/**
 * The embedded database: Postgres in WebAssembly in a worker thread, in a directory that this process owns. It never syncs to disk: after a
 * crash of the process its own recovery applies, after a crash of the machine the directory is set aside and the state comes from the newest snapshot and the log.
 */
export async function openPglite(dir: string, { upkeep: looksAfter = true, boot = bootId, onSetAside }: PgliteOptions = {}): Promise<Database> {
  await mkdir(dir, { recursive: true })
  const aside = await setAsideAfterPowerLoss(dir, boot)
  if (aside !== undefined) onSetAside?.(aside)
  if (!existsSync(`${dir}/PG_VERSION`)) await createInChildProcess(workerFile, dir)
  await recordRun(dir, boot)
  const worker = await startWorker(dir)
  const source = new DataSource({
    type: 'postgres',
    driver: pg,
    host: 'embedded',
    username: 'postgres',
    password: 'none',
    database: 'postgres',
    ssl: false,
    logging: false,
    installExtensions: false,
    poolSize: 1,
    connectTimeoutMS: SESSION_WAIT_MS,
    extra: { pipeline: true, idleTimeoutMillis: 0, stream: () => new WorkerSocket(worker) },
    poolErrorHandler: () => undefined,
  })
  await source.initialize()
  const { master } = source.driver as unknown as { master: pg.Pool }
  // There is one session for all connections that come one after the other: it does not keep what the one before has named.
  master.on('connect', (client) => void client.query('deallocate all').catch(() => undefined))
  const upkeep = new Upkeep(master)
  if (looksAfter) upkeep.start()
  return new PooledDatabase(master, true, async () => {
    await upkeep.stop()
    await source.destroy()
    await stopWorker(worker)
    await forgetRun(dir)
  })
}

const workerFile = new URL('./worker.js', import.meta.url)

async function startWorker(dir: string): Promise<Worker> {
  const worker = new Worker(workerFile, { workerData: { dir }, execArgv: [] })
  try {
    await once(worker, 'message')
  } catch (error) {
    throw new TrackerError(
      'databaseUnreachable', 500,
      `The embedded database in ${dir} does not start: ${(error as Error).message}. If the directory is damaged, move it away: it is built again from the log.`,
      undefined, { cause: error },
    )
  }
  worker.on('error', () => undefined)
  return worker
}

async function stopWorker(worker: Worker): Promise<void> {
  const exited = once(worker, 'exit')
  worker.postMessage('close')
  await exited
}
