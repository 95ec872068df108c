/** Batches stand in memory that the next ones use. With other bytes written over it as soon as it is given back, the tables are those of a log that lends nothing. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EmbeddedLog, type Draft, type Log } from '@tidemark/log'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { Database } from '../../apps/tracker/src/store/database.js'
import type * as LentMemory from '../../apps/tracker/src/store/lent-memory.js'
import { openDatabase } from '../../apps/tracker/src/store/open-database.js'
import { prepareDatabase } from '../support/database-template.js'
import { foldAll, type Cut } from '../support/follower.js'
import { recordShop } from '../support/recorded-shop.js'
import { differences, emptyTables, readTables } from '../support/tables.js'

const memory = vi.hoisted(() => ({ lent: new WeakSet<ArrayBufferLike>(), overwritten: 0 }))
vi.mock('../../apps/tracker/src/store/lent-memory.js', async (original) => {
  const real = await original<typeof LentMemory>()
  return {
    borrow(bytes: number): Buffer {
      const own = real.borrow(bytes)
      // Not what Node shares among many.
      if (own.length === own.buffer.byteLength) memory.lent.add(own.buffer)
      return own
    },
    giveBack(part: Uint8Array): void {
      if (memory.lent.delete(part.buffer)) {
        new Uint8Array(part.buffer).fill(0xee)
        memory.overwritten++
      }
      real.giveBack(part)
    },
  }
})

let dataDir: string
let db: Database
let log: EmbeddedLog
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tidemark-lent-'))
  await prepareDatabase(dataDir)
  db = await openDatabase({ dataDir })
  log = await EmbeddedLog.open(join(dataDir, 'log'))
  // Out of order behind the model, so that events wait for their key over several batches; a few in each frame.
  const drafts: Draft[] = []
  const shop = await recordShop(db, { seed: 'lent', orders: 12, days: 9 })
  for await (const batch of shop.read({ from: 'earliest' })) for (const { kind, subject, time, key, payload } of batch) drafts.push({ kind, subject, time, key, payload })
  await log.append(drafts.splice(0, 1))
  const mixed = Array.from({ length: Math.ceil(drafts.length / 60) }, (_, n) => drafts.slice(60 * n, 60 * (n + 1)).reverse()).flat()
  for (let at = 0; at < mixed.length; at += 5) await log.append(mixed.slice(at, at + 5))
}, 120_000)
afterAll(async () => {
  await log.close()
  await db.close()
  await rm(dataDir, { recursive: true, force: true })
})

/** What the tables say of the log, and how much memory was given back meanwhile. */
async function folded(from: Log, cut: Cut): Promise<{ readonly tables: Map<string, string[]>; readonly overwritten: number }> {
  await emptyTables(db)
  const before = memory.overwritten
  await foldAll(db, from, cut)
  return { tables: await readTables(db), overwritten: memory.overwritten - before }
}

test.each<Cut>([{ batch: 3 }, { batch: 50 }, { batch: 20, holdsBack: { facts: 200, bytes: 1e9, portion: 30, near: 10 } }])('followed as ever: %o', async (cut) => {
  const lendsNothing = new Proxy(log, {
    get: (of, name) => {
      if (name === 'read') return (options: Parameters<Log['read']>[0]) => of.read({ ...options, memory: (bytes) => Buffer.alloc(bytes) })
      const value: unknown = Reflect.get(of, name, of)
      return typeof value === 'function' ? (value.bind(of) as unknown) : value
    },
  })
  const expected = await folded(lendsNothing, cut)
  const found = await folded(log, cut)
  expect(expected.tables.get('waiting_event')?.length).toBeGreaterThan(0)
  expect(expected.tables.get('instance_event')?.length).toBeGreaterThan(50)
  expect(differences(expected.tables, found.tables)).toEqual([])
  expect(found.overwritten, 'pieces that batches were read into').toBeGreaterThan(expected.overwritten)
}, 120_000)
