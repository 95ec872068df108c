import { expect, test } from 'vitest'
import { announceCommit, hearAnnouncements, type Announcement, type ShardPlace } from './announcements.js'
import type { Database, Queryable } from './database.js'
import type { Committed } from './progress.js'

const WHAT = { models: ['orders'], instances: 2, alerts: false, commands: true, moves: [] }
const shardsOf = (count: number): ShardPlace[] => Array.from({ length: count }, (_, id) => ({ id, position: 10n ** 12n + BigInt(id), clock: 1_767_225_600_000, commits: 1_000_000 + id }))

/** What another hears of it, and what it took on the wire. */
async function told(what: Omit<Committed, 'position' | 'clock'>, shards: readonly ShardPlace[]): Promise<{ said: Announcement | undefined; bytes: number }> {
  let hear: (payload: string) => void = () => undefined
  let bytes = 0
  let said: Announcement | undefined
  const db = { listen: async (_channel: string, listener: typeof hear) => { hear = listener; return async () => undefined } } as unknown as Database
  await hearAnnouncements(db, (heard) => (said = heard))
  const tx = { query: async (_sql: string, [payload]: [string]) => { bytes = Buffer.byteLength(payload); hear(payload); return [] } } as unknown as Queryable
  await announceCommit(tx, 'a', { ...what, position: 0n, clock: 0 }, shards)
  return { said, bytes }
}

test('others hear where the shards are, how many commits there were, and what changed', async () => {
  expect((await told(WHAT, shardsOf(8))).said).toEqual({ by: 'a', commit: { shards: shardsOf(8), what: WHAT } })
})

test('where the names of what changed have no room, everything may have', async () => {
  const { said, bytes } = await told({ ...WHAT, models: Array.from({ length: 500 }, (_, n) => `model number ${n}`) }, shardsOf(8))
  expect(said?.commit).toEqual({ shards: shardsOf(8), what: { ...WHAT, models: 'everything', alerts: true } })
  expect(bytes).toBeLessThan(8_000)
})

test('where there are so many shards that Postgres would refuse it, it says that there is something to look at', async () => {
  const { said, bytes } = await told(WHAT, shardsOf(256))
  expect(said).toEqual({ by: 'a', commit: undefined })
  expect(bytes).toBeLessThan(8_000)
})
