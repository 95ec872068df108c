/**
 * A copy of a log in files, also of one that is being appended to: segments only grow at their end, so that what is copied in their order is a
 * prefix of the log. A write that was under way is an unfinished one in the copy, which opening cuts off.
 */
import { constants } from 'node:fs'
import * as fsp from 'node:fs/promises'
import * as path from 'node:path'
import { LogError } from '../log.js'
import { IDENTITY_FILE, READERS_FILE } from './identity.js'
import type { LogReport } from './inspect.js'
import { verifyLog } from './inspect.js'
import { realDisk } from './real-disk.js'
import { baseOfName, segmentName } from './segment.js'

/** How often copying begins again because a trim took away what was to be copied. */
const MAX_ATTEMPTS = 5

/**
 * Copies the log of one directory to another, which must not exist or be empty, reads every frame of the copy, and says what it holds. The directory
 * is there, on disk, when all of it is. Throws LogError invalid where there is no log, or something in the way.
 */
export async function copyLog(from: string, to: string): Promise<LogReport> {
  if (!(await namesIn(from)).includes(IDENTITY_FILE)) throw new LogError('invalid', `There is no log in ${from}.`)
  if ((await namesIn(to)).length > 0) throw new LogError('invalid', `${to} is not empty: nothing is overwritten.`)
  const unfinished = `${to}.unfinished`
  let copied = 0
  for (let attempt = 1; copied === 0; attempt++) {
    if (attempt > MAX_ATTEMPTS) throw new LogError('unavailable', `${from} is trimmed quicker than it can be copied.`)
    await fsp.rm(unfinished, { recursive: true, force: true })
    await fsp.mkdir(unfinished, { recursive: true })
    copied = await copyFiles(from, unfinished)
  }
  const report = await verifyLog(unfinished)
  await fsp.rename(unfinished, to)
  await realDisk.syncDirectory(path.dirname(to))
  return report
}

/**
 * How many segments the copy holds. Where a trim takes one away that was to be copied, those before it are gone as well, and the copy begins behind it.
 * Index files only of segments that others follow: the last one may be closed meanwhile, and its index would say more than was copied.
 */
async function copyFiles(from: string, to: string): Promise<number> {
  const bases = (await namesIn(from)).map(baseOfName).filter((base) => base !== undefined).toSorted((a, b) => a - b)
  for (const name of [IDENTITY_FILE, READERS_FILE]) await copyFile(from, to, name)
  let copied: string[] = []
  for (const base of bases) {
    const name = segmentName(base)
    if (await copyFile(from, to, name)) {
      copied.push(name)
    } else {
      for (const gone of copied) await fsp.rm(path.join(to, gone))
      copied = []
    }
  }
  for (const name of copied.slice(0, -1)) await copyFile(from, to, name.replace(/log$/, 'idx'))
  await realDisk.syncDirectory(to)
  return copied.length
}

/** Shares the bytes with the original where the file system can. False where there is no such file. */
async function copyFile(from: string, to: string, name: string): Promise<boolean> {
  try {
    await fsp.copyFile(path.join(from, name), path.join(to, name), constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
  const file = await fsp.open(path.join(to, name), 'r+')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
  return true
}

/** None where the directory does not exist. */
async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await fsp.readdir(directory)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
