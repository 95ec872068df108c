import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import * as path from 'node:path'
import { afterAll } from 'vitest'
import type { Log } from '../log.js'
import { deflate } from '../testing/deflate.js'
import { describeLogContract } from '../testing/log-contract.js'
import { hasZstd } from './codec.js'
import type { EmbeddedLogOptions } from './embedded-log.js'
import { EmbeddedLog } from './embedded-log.js'

const directories = new Map<Log, string>()

async function openIn(directory: string, options: EmbeddedLogOptions): Promise<Log> {
  const log = await EmbeddedLog.open(directory, options)
  directories.set(log, directory)
  return log
}

afterAll(async () => {
  for (const directory of new Set(directories.values())) await rm(directory, { recursive: true })
})

/** Once as it is run, once with segments, caches and markers so small that every border is crossed. */
const variants: [string, EmbeddedLogOptions][] = [
  ['EmbeddedLog', {}],
  ['EmbeddedLog in tiny segments, without a cache', { segmentSizeBytes: 300, tailCacheBytes: 0, idleMarkerMs: 0 }],
  ['EmbeddedLog, compressed', { compression: 'zstd', codec: deflate, tailCacheBytes: 0 }],
  // A capability of the Node it runs on.
  ...(hasZstd ? [['EmbeddedLog, compressed with zstd', { compression: 'zstd', tailCacheBytes: 0 }] as [string, EmbeddedLogOptions]] : []),
]

for (const [name, options] of variants) {
  describeLogContract(name, {
    open: async (clock) => openIn(await mkdtemp(path.join(tmpdir(), 'tidemark-log-')), { ...options, ...(clock && { clock }) }),
    reopen: async (log, clock) => {
      await log.close()
      return openIn(directories.get(log)!, { ...options, ...(clock && { clock }) })
    },
    capabilities: { producers: true, exactTrim: false, densePositions: true },
  })
}
