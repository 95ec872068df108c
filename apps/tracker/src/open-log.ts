import { EmbeddedLog, lockDirectory, type Log, LogError } from '@tidemark/log'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from './clock.js'
import type { JetStreamSettings, Settings } from './config.js'
import { TrackerError } from './problem.js'

/** The log that the settings name. Opening it takes the data directory for this process, where anything is kept in it. */
export async function openLog(settings: Pick<Settings, 'dataDir' | 'databaseUrl' | 'jetstream' | 'logCompression'>, clock: Clock): Promise<Log> {
  const { dataDir, databaseUrl, jetstream, logCompression } = settings
  if (jetstream === undefined) return openEmbedded(dataDir, clock, logCompression)
  if (databaseUrl !== undefined) return openJetStream(jetstream, clock)
  // The embedded database stands in the data directory and has no lock of its own.
  const unlock = await withDirectory(dataDir, async (dir) => {
    await mkdir(dir, { recursive: true })
    return lockDirectory(dir)
  })
  try {
    const log = await openJetStream(jetstream, clock)
    const close = log.close.bind(log)
    log.close = () => close().finally(unlock)
    return log
  } catch (error) {
    await unlock()
    throw error
  }
}

/** In `<dataDir>/log`, stamped by the domain clock. */
function openEmbedded(dataDir: string, clock: Clock, compression: Settings['logCompression']): Promise<Log> {
  return withDirectory(dataDir, (dir) => EmbeddedLog.open(dir, { clock: () => clock.now(), compression }))
}

async function openJetStream({ subjects, ...settings }: JetStreamSettings, clock: Clock): Promise<Log> {
  // Who does not use it does not load its client.
  const { JetStreamLog } = await import('@tidemark/log/jetstream')
  // The server stamps, because its clock is one for all trackers, unless time runs otherwise here than there.
  const stamps = clock.now === clock.machine ? {} : { clock: () => clock.now() }
  try {
    return await JetStreamLog.open({ ...settings, ...stamps, foreignSubjects: subjects })
  } catch (error) {
    if (!(error instanceof LogError)) throw error
    if (error.code === 'unavailable') throw new TrackerError('natsUnreachable', 500, `${error.message} Check NATS_URL.`, undefined, { cause: error })
    throw new TrackerError('logUnreadable', 500, `The log in JetStream cannot be opened: ${error.message}`, undefined, { cause: error })
  }
}

async function withDirectory<T>(dataDir: string, open: (dir: string) => Promise<T>): Promise<T> {
  try {
    return await open(join(dataDir, 'log'))
  } catch (error) {
    throw refusalOf(error, dataDir)
  }
}

function refusalOf(error: unknown, dataDir: string): unknown {
  if (error instanceof LogError && error.code === 'locked') {
    return new TrackerError(
      'dataDirectoryInUse', 500,
      `The data directory ${dataDir} is in use by another Tidemark process. Stop that one, or give this one a directory of its own with TIDEMARK_DATA.`,
      undefined, { cause: error },
    )
  }
  if (error instanceof LogError) {
    const next = error.code === 'corrupt' ? ` \`npx tidemark log verify --data ${dataDir}\` says what is damaged, \`npx tidemark log repair --data ${dataDir}\` goes on without it.` : ''
    return new TrackerError('logUnreadable', 500, `The log in ${dataDir} cannot be opened: ${error.message}${next}`, undefined, { cause: error })
  }
  const { code } = error as NodeJS.ErrnoException
  if (typeof code !== 'string') return error
  return new TrackerError('dataDirectoryUnusable', 500, `The data directory ${dataDir} cannot be used (${code}). TIDEMARK_DATA must name a directory that this user may write to.`, undefined, { cause: error })
}
