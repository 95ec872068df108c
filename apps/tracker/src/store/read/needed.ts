import type { Queryable } from '../database.js'

/** The first position that is still to be read: by the shards, or by a model that has not caught up with them. */
export async function readNeeded(db: Queryable): Promise<bigint> {
  const [row] = await db.query<{ position: string }>(
    `select least((select min(position) from shard), (select min(position) from model_version where status <> 'active')) + 1 as position`,
  )
  return BigInt(row?.position ?? 0)
}
