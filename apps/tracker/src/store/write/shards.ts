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
}

/** How far a commit brings the shards. */
export interface Reached {
  readonly position: bigint
  readonly clock: number
  /** Of the entry at the position. */
  readonly checksum: string
}

const COLUMNS = 'id, epoch, owner, position, clock, log_identity, checksum'

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
}

function statesOf(rows: readonly ShardRow[]): readonly ShardState[] {
  return rows.map((row) => ({
    id: row.id, epoch: BigInt(row.epoch), owner: row.owner ?? undefined, position: BigInt(row.position), clock: Number(row.clock), logIdentity: row.log_identity,
    checksum: row.checksum,
  })).sort((a, b) => a.id - b.id)
}

/**
 * Moves the shards on from where they stand; those that are further already stay. False where another owner has taken one of them, or one does
 * not stand where we think: then the statement has failed, and nothing can be committed, also where the commit is on its way.
 */
export async function moveShards(tx: Queryable, shards: readonly ShardState[], to: Reached): Promise<boolean> {
  const behind = shards.filter(({ position }) => position < to.position)
  return areAllThere(tx.query(
    `with moved as (
       update shard set position = $4, clock = greatest(clock, $5), checksum = $6 from unnest($1::int[], $2::bigint[], $3::bigint[]) as mine (id, epoch, position)
       where shard.id = mine.id and shard.epoch = mine.epoch and shard.position = mine.position returning shard.id
     ) select ${FAILS_UNLESS_ALL} from moved`,
    [...columnsOf(behind), to.position, to.clock, to.checksum],
  ))
}

/** As {@link moveShards}, for a commit that leaves the shards where they are. */
export async function holdShards(tx: Queryable, shards: readonly ShardState[]): Promise<boolean> {
  return areAllThere(tx.query(
    `with held as (
       select shard.id from shard join unnest($1::int[], $2::bigint[], $3::bigint[]) as mine (id, epoch, position)
         on shard.id = mine.id and shard.epoch = mine.epoch and shard.position = mine.position for update of shard
     ) select ${FAILS_UNLESS_ALL} from held`, columnsOf(shards)))
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

/** Where a shard stands once others were moved on. */
export function movedTo(shard: ShardState, to: Reached): ShardState {
  return shard.position >= to.position ? shard : { ...shard, position: to.position, checksum: to.checksum, clock: Math.max(shard.clock, to.clock) }
}

function columnsOf(shards: readonly ShardState[]): readonly unknown[] {
  return [shards.map(({ id }) => id), shards.map(({ epoch }) => epoch), shards.map(({ position }) => position)]
}
