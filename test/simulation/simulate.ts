/** One seed: what happened in it, and what does not hold afterwards. */
import type { Database } from '../../apps/tracker/src/store/database.js'
import { dropFreshTables } from '../../apps/tracker/src/store/rebuild/fresh-tables.js'
import { emptyTables } from '../support/tables.js'
import { violations } from '../support/violations.js'
import type { Deed } from './faulty-database.js'
import { readModel, World } from './world.js'

export interface Simulated {
  readonly seed: string
  readonly entries: number
  /** How often what happened. */
  readonly happened: ReadonlyMap<string, number>
  readonly virtualMs: number
  readonly violations: readonly string[]
  readonly story: readonly string[]
}

/**
 * @param db whose tables are ours: they are emptied
 * @param trackers that share the log
 */
export async function simulate(db: Database, seed: string, trackers = 1): Promise<Simulated> {
  await dropFreshTables(db)
  await emptyTables(db)
  const world = new World(seed, db, await readModel(), trackers)
  const found: string[] = []
  try {
    found.push(...(await world.play()))
  } catch (error) {
    found.push(`it did not come to its end: ${error instanceof Error ? error.message : String(error)}; said: ${world.said.slice(-3).join(' | ')}`)
  }
  if (found.length === 0) {
    found.push(...world.senders.refused.map((reason) => `an event was refused: ${reason}`), ...usurped(world.deeds), ...(await violations({
      db, log: world.log, shop: world.shop, xml: world.xml, acknowledged: world.senders.acknowledged,
      received: world.receivers.received.filter(({ path }) => path !== '/alerts').map(({ body }) => body),
    })))
  }
  const entries = world.log.stats().entries
  await world.log.close()
  return { seed, entries, happened: world.chance.struck, virtualMs: world.lastedMs, violations: found, story: world.story }
}

/**
 * Epochs and positions only grow, and each epoch of a shard has one who moves it. What a commit leaves where it is, it has not written. On a server a
 * swap of tables waits for where other trackers are; those that share one session of the embedded database it sets back.
 */
export function usurped(deeds: readonly Deed[]): string[] {
  const faults: string[] = []
  const owners = new Map<string, string>()
  const last = new Map<number, { readonly epoch: bigint; readonly position: bigint }>()
  for (const { by, shards } of deeds) {
    for (const { id, epoch, position } of shards) {
      const before = last.get(id)
      if (by !== undefined && BigInt(position) !== (before?.position ?? 0n)) {
        const owner = owners.get(`${id} ${epoch}`) ?? by
        owners.set(`${id} ${epoch}`, owner)
        if (owner !== by) faults.push(`${by} wrote in shard ${id} in epoch ${epoch}, which is that of ${owner}`)
      }
      if (before !== undefined && (BigInt(epoch) < before.epoch || (by !== undefined && BigInt(position) < before.position))) faults.push(`shard ${id} went back from epoch ${before.epoch}, position ${before.position} to ${epoch}, ${position}`)
      last.set(id, { epoch: BigInt(epoch), position: BigInt(position) })
    }
  }
  return faults
}
