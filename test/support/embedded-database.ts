import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Database } from '../../apps/tracker/src/store/database.js'
import { openDatabase } from '../../apps/tracker/src/store/open-database.js'
import { prepareDatabase } from './database-template.js'

export interface Embedded {
  readonly db: Database
  /** Closes it, and removes its directory. */
  readonly close: () => Promise<void>
}

/** A new embedded database with empty tables, in a directory of its own. */
export async function openEmbedded(): Promise<Embedded> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tidemark-embedded-'))
  await prepareDatabase(dataDir)
  const db = await openDatabase({ dataDir })
  return {
    db,
    close: async () => {
      await db.close()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}
