/**
 * What tests of the tracker's write side stand on: an embedded database of their file, emptied before each test, and a log in memory whose clock
 * stands, or goes as told.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MemoryLog, type Log } from '@tidemark/log'
import { afterAll, beforeAll, beforeEach, expect } from 'vitest'
import type { Database } from '../../apps/tracker/src/store/database.js'
import { openDatabase } from '../../apps/tracker/src/store/open-database.js'
import { foldAll, type Cut } from './follower.js'
import { differences, emptyTables, readTables } from './tables.js'

export let db: Database
export let log: MemoryLog
/** Epoch milliseconds; the log stamps with it. */
export const clock = { now: 0 }

/** Called once by a file of tests, before its own hooks. `start`: where the clock stands as each test begins. */
export function standOn(start: number): void {
  let dataDir: string
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'tidemark-ground-'))
    db = await openDatabase({ dataDir })
  })
  afterAll(async () => {
    await db.close()
    await rm(dataDir, { recursive: true, force: true })
  })
  beforeEach(async () => {
    await emptyTables(db)
    clock.now = start
    log = new MemoryLog({ clock: () => clock.now })
  })
}

const CUTS: readonly Cut[] = [{}, { batch: 2 }, { batch: 1, restartAfter: 2 }]

/** The same tables come of the log alone, in other cuts. Nobody may follow it meanwhile. `from`: a log of the test's own. */
export async function expectRebuilds(cuts: readonly Cut[] = CUTS, from: Log = log): Promise<void> {
  const live = await readTables(db)
  for (const cut of cuts) {
    await emptyTables(db)
    await foldAll(db, from, cut)
    expect(differences(live, await readTables(db)), JSON.stringify(cut)).toEqual([])
  }
}
