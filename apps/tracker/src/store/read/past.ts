/** Which instances of a version were under way at a moment. Moments are epoch milliseconds. */
import type { Queryable } from '../database.js'

export interface PastCounts {
  readonly underWay: number
  readonly completed: number
  readonly terminated: number
}

/** Exact. Ranges of indexes, or the whole table once, whichever reads less. */
export async function readPastCounts(db: Queryable, model: string, version: number, at: number): Promise<PastCounts> {
  const of = [model, version, at]
  const [table] = await db.query<{ at_once: boolean | null }>(
    // Where much was written since the last vacuum, each entry of an index has its row looked at too.
    `select relpages - relallvisible + pg_stat_get_mod_since_analyze(oid) > relpages / 2 and reltuples < 4 * (select sum(active + completed + terminated) from model_count where model = $1 and version = $2::int) as at_once
     from pg_class where oid = 'instance'::regclass`, [model, version])
  if (table?.at_once === true) {
    const [row] = await db.query<{ under_way: string; completed: string; terminated: string }>(
      `select count(*) filter (where started_at <= $3::bigint and (status = 'active' or ended_at > $3::bigint)) as under_way,
         count(*) filter (where ended_at <= $3::bigint and status = 'completed') as completed, count(*) filter (where ended_at <= $3::bigint and status = 'terminated') as terminated
       from instance where model = $1 and version = $2::int`, of)
    return { underWay: Number(row?.under_way ?? 0), completed: Number(row?.completed ?? 0), terminated: Number(row?.terminated ?? 0) }
  }
  const [open, since, before] = await Promise.all([
    db.query<{ count: string }>(`select count(*) from instance where model = $1 and version = $2::int and status = 'active' and started_at <= $3::bigint`, of),
    db.query<{ count: string }>(`select count(*) from instance where model = $1 and version = $2::int and ended_at > $3::bigint and started_at <= $3::bigint`, of),
    db.query<{ status: string; count: string }>(`select status, count(*) from instance where model = $1 and version = $2::int and ended_at <= $3::bigint group by status`, of),
  ])
  const ended = (status: string) => Number(before.find((row) => row.status === status)?.count ?? 0)
  return { underWay: Number(open[0]?.count ?? 0) + Number(since[0]?.count ?? 0), completed: ended('completed'), terminated: ended('terminated') }
}

export interface UnderWay {
  readonly id: string
  readonly unit: string
  readonly key: string
}

/** What stands in one page began together: of each that is looked at about one is taken. */
const PAGES_EACH = 2

/**
 * Some of those that were under way, `most` of them, from a share of the table's pages, the same ones each time; fewer where these hold no more. By a
 * hash of their ids, since ids of neighbours begin alike.
 */
export function readSomeUnderWay(db: Queryable, model: string, version: number, at: number, most: number): Promise<UnderWay[]> {
  return db.query(
    `select id, unit, key from instance
       tablesample system ((least(100, 100.0 * $4::int / greatest(1, pg_relation_size('instance') / current_setting('block_size')::int)))::real) repeatable (1)
     where model = $1 and version = $2::int and started_at <= $3::bigint and (status = 'active' or ended_at > $3::bigint)
     order by uuid_hash(id) limit $5::int`,
    [model, version, at, PAGES_EACH * most, most])
}

/**
 * Those that were under way; of more than `most` about so many, by a hash of their ids. Reads through all of them: for where these are few beside the table.
 * @param underWay how many there are
 */
export function readUnderWay(db: Queryable, model: string, version: number, at: number, underWay: number, most: number): Promise<UnderWay[]> {
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
