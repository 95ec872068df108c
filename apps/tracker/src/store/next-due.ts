import type { Queryable } from './database.js'

/**
 * The first moment behind another at which what is shown changes by itself or a command leaves: epoch milliseconds of the domain clock, undefined
 * where there is none. What fell due before and is still there waits for something else than time: it must not hide what comes after it.
 * Two index look-ups.
 */
export async function nextDue(database: Queryable, after: number): Promise<number | undefined> {
  const [row] = await database.query<{ due: string | null }>(
    `select least((select min(at) from deadline where at > $1::bigint), (select min(leaves_at) from command where status = 'scheduled' and leaves_at > $1::bigint)) as due`,
    [after],
  )
  return row === undefined || row.due === null ? undefined : Number(row.due)
}
