import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import { afterAll } from 'vitest'
import type { Log } from '../log.js'
import { describeLogContract } from './log-contract.js'
import { SqliteLog } from './sqlite-log.js'

const directories = new Map<Log, string>()

function openIn(directory: string, clock?: () => number): Log {
  const log = new SqliteLog(path.join(directory, 'log.sqlite'), clock)
  directories.set(log, directory)
  return log
}

afterAll(async () => {
  for (const directory of new Set(directories.values())) await rm(directory, { recursive: true })
})

/** The suite holds for a log that we did not write as well: it says what a log is, not what ours happens to do. */
describeLogContract('SqliteLog, the oracle,', {
  open: async (clock) => openIn(await mkdtemp(path.join(tmpdir(), 'tidemark-sqlite-')), clock),
  reopen: async (log, clock) => {
    await log.close()
    return openIn(directories.get(log)!, clock)
  },
  capabilities: { producers: true, exactTrim: true, densePositions: true },
})
