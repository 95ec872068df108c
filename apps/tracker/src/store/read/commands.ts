import type { Queryable } from '../database.js'

export interface CommandRow {
  readonly id: string
  readonly instance: string
  readonly model: string
  readonly version: number
  readonly key: string
  readonly element: string
  readonly cause: string
  readonly type: string
  readonly target: string | null
  readonly data: unknown
  readonly status: string
  readonly decided_at: string
  readonly left_at: string | null
  readonly delivered_at: string | null
  readonly attempts: number
  readonly error: string | null
  readonly note: string | null
}

const columns = `c.id, c.instance, c.model, c.version, c.key, c.element, c.cause, c.type, c.target, c.data, c.status, c.decided_at, c.left_at,
  c.delivered_at, c.attempts, c.error, c.note`

export interface CommandFilter {
  readonly statuses: readonly string[]
  readonly model?: string | undefined
  readonly instance?: string | undefined
  readonly below?: { readonly decidedAt: string; readonly id: string } | undefined
}

/** A page of commands, newest decision first, ties by id. */
export function readCommands(db: Queryable, filter: CommandFilter, limit: number): Promise<CommandRow[]> {
  const params: unknown[] = []
  const bind = (value: unknown) => `$${params.push(value)}`
  const statuses = bind(filter.statuses)
  const size = bind(limit)
  const conditions: string[] = []
  if (filter.below !== undefined) {
    const at = bind(filter.below.decidedAt)
    conditions.push(`c.decided_at <= ${at}::bigint and (c.decided_at < ${at}::bigint or c.id > ${bind(filter.below.id)}::uuid)`)
  }
  if (filter.model !== undefined) conditions.push(`c.model = ${bind(filter.model)}`)
  if (filter.instance !== undefined) conditions.push(`c.instance = ${bind(filter.instance)}::uuid`)
  if (filter.model !== undefined || filter.instance !== undefined) {
    return db.query<CommandRow>(
      `select ${columns} from command c where c.status = any(${statuses}::text[]) and ${conditions.join(' and ')}
       order by c.decided_at desc, c.id limit ${size}::int`,
      params,
    )
  }
  // Each status is one range of the index; together they are merged, not sorted as a whole.
  return db.query<CommandRow>(
    `select one.* from unnest(${statuses}::text[]) as wanted (status) cross join lateral (
       select ${columns} from command c where ${['c.status = wanted.status', ...conditions].join(' and ')}
       order by c.decided_at desc, c.id limit ${size}::int
     ) as one order by one.decided_at desc, one.id limit ${size}::int`,
    params,
  )
}

/** The commands of an instance, oldest first. */
export function readCommandsOfInstance(db: Queryable, instance: string, limit: number): Promise<CommandRow[]> {
  return db.query<CommandRow>(
    `select ${columns} from command c where c.instance = $1::uuid order by c.decided_at, c.id limit $2::int`, [instance, limit])
}

export async function readCommand(db: Queryable, id: string): Promise<CommandRow | undefined> {
  const rows = await db.query<CommandRow>(`select ${columns} from command c where c.id = $1::uuid`, [id])
  return rows[0]
}
