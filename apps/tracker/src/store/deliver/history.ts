import type { Queryable } from '../database.js'
import type { ClosedPlace } from '../write/history.js'

export interface AgedPortion {
  readonly from?: ClosedPlace
  readonly to: ClosedPlace
  readonly instances: number
}

/**
 * The next instances that closed before a moment, at most `limit` of them; undefined where there are none. They follow
 * the portion that was dropped last.
 * @param before epoch milliseconds of the domain clock
 */
export async function readAged(db: Queryable, before: number, limit: number): Promise<AgedPortion | undefined> {
  const [last] = await db.query<{ closed_at: string; instance: string }>(`select closed_at, instance from dropped_history order by closed_at desc, instance desc limit 1`)
  const from = last === undefined ? undefined : { closedAt: Number(last.closed_at), instance: last.instance }
  const rows = await db.query<{ closed_at: string; id: string }>(
    `select closed_at, id from instance where closed_at < $1::bigint${from === undefined ? '' : ' and (closed_at, id) > ($3::bigint, $4::uuid)'} order by closed_at, id limit $2::int`,
    [before, limit, ...(from === undefined ? [] : [from.closedAt, from.instance])])
  const end = rows.at(-1)
  if (end === undefined) return undefined
  return { ...(from === undefined ? {} : { from }), to: { closedAt: Number(end.closed_at), instance: end.id }, instances: rows.length }
}
