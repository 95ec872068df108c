/** Times in which nothing could come in, because the house was down. What fell due in them waits until senders have had time to catch up. */
import type { Queryable } from '../database.js'

export function insertOutages(tx: Queryable, outages: readonly { readonly from: number; readonly to: number }[]): Promise<unknown>[] {
  if (outages.length === 0) return []
  return [tx.query(
    `insert into outage (from_time, to_time) select * from unnest($1::bigint[], $2::bigint[]) on conflict (from_time) do nothing`,
    [outages.map(({ from }) => from), outages.map(({ to }) => to)],
  )]
}
