import { EmbeddedLog, type Log, LogError } from '@tidemark/log'
import { join } from 'node:path'
import type { Clock } from './clock.js'
import type { Settings } from './config.js'
import { TrackerError } from './problem.js'

/** The embedded log in `<dataDir>/log`, stamped by the domain clock. Opening it takes the data directory for this process. */
export async function openLog(settings: Pick<Settings, 'dataDir'>, clock: Clock): Promise<Log> {
  const dir = join(settings.dataDir, 'log')
  try {
    return await EmbeddedLog.open(dir, { clock: () => clock.now() })
  } catch (error) {
    throw refusalOf(error, settings.dataDir)
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
  if (error instanceof LogError) return new TrackerError('logUnreadable', 500, `The log in ${dataDir} cannot be opened: ${error.message}`, undefined, { cause: error })
  const { code } = error as NodeJS.ErrnoException
  if (typeof code !== 'string') return error
  return new TrackerError('dataDirectoryUnusable', 500, `The data directory ${dataDir} cannot be used (${code}). TIDEMARK_DATA must name a directory that this user may write to.`, undefined, { cause: error })
}
