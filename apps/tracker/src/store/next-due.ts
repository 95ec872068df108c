import type { Queryable } from './database.js'

/**
 * The earliest moment at which what is shown changes by itself or a command leaves: epoch milliseconds of the domain clock, undefined where
 * there is none. Two index look-ups.
 */
export async function nextDue(database: Queryable): Promise<number | undefined> {
  const [row] = await database.query<{ due: string | null }>(
    `select least((select min(at) from deadline), (select min(leaves_at) from command where status = 'scheduled')) as due`,
  )
  return row === undefined || row.due === null ? undefined : Number(row.due)
}
