import type { Queryable } from '../database.js'
import { usableSnapshots, type LogOfSnapshots } from './sound.js'

/**
 * The first position that is followed on from the oldest snapshot that is right: what the log may be trimmed below. Nothing, while there is none, or a model
 * was deployed since: it caught up from where the log began then, and would not catch up to the same if it were folded again from a log that begins later.
 */
export async function firstNeededBySnapshots(db: Queryable, log: LogOfSnapshots, dir: string): Promise<bigint> {
  const oldest = (await usableSnapshots(dir, log)).at(-1)?.manifest.position
  const [row] = await db.query<{ deployed: string | null }>(`select max(deployed_position) as deployed from model_version`)
  return oldest === undefined || oldest < BigInt(row?.deployed ?? 0) ? log.stats().first : oldest + 1n
}
