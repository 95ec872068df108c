import type { Log } from '@tidemark/log'
import { TrackerError } from '../problem.js'
import type { Database } from './database.js'
import { assertSameLog } from './log-position.js'
import { reaches } from './reaches.js'
import { readShards } from './write/shards.js'

/**
 * Writes the number of shards and their rows at the first start; later compares. A key's shard is its hash modulo their number, so another
 * number would look for everything in the wrong place. A position is only valid with its log, so another log is refused as well.
 */
export async function ensureShards(database: Database, shards: number, log: Pick<Log, 'identity' | 'stats' | 'read' | 'lookup'>): Promise<void> {
  await database.transaction(async (tx) => {
    await tx.query(`insert into setting (name, value) values ('shards', $1) on conflict (name) do nothing`, [String(shards)])
    const [setting] = await tx.query<{ value: string }>(`select value from setting where name = 'shards'`)
    if (setting?.value !== String(shards)) {
      throw new TrackerError(
        'shardsChanged', 500,
        `The database was set up with TIDEMARK_SHARDS=${setting?.value ?? '?'}, and is now started with ${shards}. The number cannot be changed: set it back, ` +
          'or start with an empty database, which is then built again from the log.',
      )
    }
    await tx.query(`insert into shard (id, log_identity) select id, $2 from generate_series(0, $1::int - 1) as id on conflict (id) do nothing`, [shards, log.identity])
  })
  const states = await readShards(database)
  await assertSameLog(log, states)
  const nearest = states.reduce((least, { position }) => (position < least ? position : least), states[0]?.position ?? 0n)
  await assertStillThere(log, nearest + 1n)
}

/** A log that drops what is old may have dropped what this database has not read: an older copy, or an empty one. */
async function assertStillThere(log: Pick<Log, 'read' | 'stats'>, position: bigint): Promise<void> {
  if (await reaches(log, position)) return
  throw new TrackerError(
    'logTrimmed', 500,
    `The database has followed the log up to position ${position - 1n}, but the log begins at ${log.stats().first}: what lies between was dropped from it. ` +
      'Restore the database from its latest backup, or a snapshot (`tidemark snapshot list`); an empty one cannot be built from this log alone any more.',
  )
}
