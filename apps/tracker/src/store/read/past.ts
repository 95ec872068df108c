/** Which instances of a version were under way at a moment. Each statement is one range of an index. Moments are epoch milliseconds. */
import type { Queryable } from '../database.js'

export interface PastCounts {
  readonly underWay: number
  readonly completed: number
  readonly terminated: number
}

export async function readPastCounts(db: Queryable, model: string, version: number, at: number): Promise<PastCounts> {
  const of = [model, version, at]
  const [open, since, before] = await Promise.all([
    db.query<{ count: string }>(`select count(*) from instance where model = $1 and version = $2::int and status = 'active' and started_at <= $3::bigint`, of),
    db.query<{ count: string }>(`select count(*) from instance where model = $1 and version = $2::int and ended_at > $3::bigint and started_at <= $3::bigint`, of),
    db.query<{ status: string; count: string }>(`select status, count(*) from instance where model = $1 and version = $2::int and ended_at <= $3::bigint group by status`, of),
  ])
  const ended = (status: string) => Number(before.find((row) => row.status === status)?.count ?? 0)
  return { underWay: Number(open[0]?.count ?? 0) + Number(since[0]?.count ?? 0), completed: ended('completed'), terminated: ended('terminated') }
}

/**
 * Those that were under way; of many some `most`, by a hash of their ids: ids of neighbours begin alike.
 * @param underWay how many there are
 */
export function readUnderWay(db: Queryable, model: string, version: number, at: number, underWay: number, most: number): Promise<{ id: string; unit: string; key: string }[]> {
  return db.query(
    `with chosen as materialized (
       select id from instance where model = $1 and version = $2::int and status = 'active' and started_at <= $3::bigint and uuid_hash(id) <= $4::int
       union all
       select id from instance where model = $1 and version = $2::int and ended_at > $3::bigint and started_at <= $3::bigint and uuid_hash(id) <= $4::int
       limit $5::int
     ) select instance.id, instance.unit, instance.key from chosen join instance on instance.id = chosen.id`,
    [model, version, at, highestHash(most / Math.max(most, underWay)), 2 * most])
}

/** Hashes are 32 bits with a sign: this share of them is not above it. */
function highestHash(share: number): number {
  return Math.min(Math.floor((share - 0.5) * 2 ** 32), 2 ** 31 - 1)
}
