/** Who owns the shards, and how far they are. The compare-and-set on epoch and position is what makes a commit safe. */
import type { Queryable } from '../database.js'

export interface ShardState {
  readonly id: number
  /** A new one with each owner: what an earlier owner still commits touches no row. */
  readonly epoch: bigint
  readonly owner: string | undefined
  readonly position: bigint
  readonly clock: number
  /** Of the log that the position belongs to, and of the entry there: see log-position.ts. */
  readonly logIdentity: string
  readonly checksum: string
  /** Of its owners so far, also those that left it where it was: whoever has heard of fewer has missed something. */
  readonly commits: number
}

/** How far a commit brings the shards. */
export interface Reached {
  readonly position: bigint
  readonly clock: number
  /** Of the entry at the position. */
  readonly checksum: string
}

const COLUMNS = 'id, epoch, owner, position, clock, log_identity, checksum, commits'

/** Takes all shards over: whoever held them before can commit nothing any more. */
export async function takeShards(db: Queryable, owner: string): Promise<readonly ShardState[]> {
  return statesOf(await db.query<ShardRow>(`update shard set epoch = epoch + 1, owner = $1 returning ${COLUMNS}`, [owner]))
}

export async function readShards(db: Queryable): Promise<readonly ShardState[]> {
  return statesOf(await db.query<ShardRow>(`select ${COLUMNS} from shard`))
}

interface ShardRow {
  id: number
  epoch: string
  owner: string | null
  position: string
  clock: string
  log_identity: string
  checksum: string
  commits: string
}

function statesOf(rows: readonly ShardRow[]): readonly ShardState[] {
  return rows.map((row) => ({
    id: row.id, epoch: BigInt(row.epoch), owner: row.owner ?? undefined, position: BigInt(row.position), clock: Number(row.clock), logIdentity: row.log_identity,
    checksum: row.checksum, commits: Number(row.commits),
  })).sort((a, b) => a.id - b.id)
}

/**
 * Moves the shards on from where they stand; those that are further already stay. Without `to` all stay, and only have one commit more. False where
 * another owner has taken one of them, or one does not stand where we think: then the statement has failed, and nothing can be committed, also
 * where the commit is on its way.
 */
export async function moveShards(tx: Queryable, shards: readonly ShardState[], to?: Reached): Promise<boolean> {
  const behind = shards.filter((shard) => isTouched(shard, to))
  return areAllThere(tx.query(
    `with moved as (
       update shard set position = coalesce($4, shard.position), clock = greatest(clock, $5), checksum = coalesce($6, checksum), commits = commits + 1
       from unnest($1::int[], $2::bigint[], $3::bigint[]) as mine (id, epoch, position)
       where shard.id = mine.id and shard.epoch = mine.epoch and shard.position = mine.position returning shard.id
     ) select ${FAILS_UNLESS_ALL} from moved`,
    [...columnsOf(behind), to?.position ?? null, to?.clock ?? null, to?.checksum ?? null],
  ))
}

const FAILS_UNLESS_ALL = '1 / (count(*) = cardinality($1::int[]))::int'
const DIVISION_BY_ZERO = '22012'

async function areAllThere(statement: Promise<unknown>): Promise<boolean> {
  try {
    await statement
    return true
  } catch (error) {
    if ((error as { code?: unknown }).code === DIVISION_BY_ZERO) return false
    throw error
  }
}

/** A shard as {@link moveShards} leaves it. */
export function movedTo(shard: ShardState, to?: Reached): ShardState {
  if (!isTouched(shard, to)) return shard
  const counted = { ...shard, commits: shard.commits + 1 }
  return to === undefined ? counted : { ...counted, position: to.position, checksum: to.checksum, clock: Math.max(shard.clock, to.clock) }
}

function isTouched({ position }: ShardState, to: Reached | undefined): boolean {
  return to === undefined || position < to.position
}

function columnsOf(shards: readonly ShardState[]): readonly unknown[] {
  return [shards.map(({ id }) => id), shards.map(({ epoch }) => epoch), shards.map(({ position }) => position)]
}
