/** Who owns the shards, and how far they are. The compare-and-set on epoch and position is what makes a commit safe. */
import type { Queryable } from '../database.js'

export interface ShardState {
  readonly id: number
  readonly epoch: bigint
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
  /** Of the entry at the position; absent where the shards stay where they are. */
  readonly checksum?: string
}

/** Takes all shards over: whoever held them before can commit nothing any more. */
export async function takeShards(db: Queryable, owner: string): Promise<readonly ShardState[]> {
  return statesOf(await db.query<ShardRow>(`update shard set epoch = epoch + 1, owner = $1 returning id, epoch, position, clock, log_identity, checksum`, [owner]))
}

export async function readShards(db: Queryable): Promise<readonly ShardState[]> {
  return statesOf(await db.query<ShardRow>(`select id, epoch, position, clock, log_identity, checksum from shard`))
}

interface ShardRow {
  id: number
  epoch: string
  position: string
  clock: string
  log_identity: string
  checksum: string
}

function statesOf(rows: readonly ShardRow[]): readonly ShardState[] {
  return rows.map((row) => ({
    id: row.id, epoch: BigInt(row.epoch), position: BigInt(row.position), clock: Number(row.clock), logIdentity: row.log_identity, checksum: row.checksum,
  })).sort((a, b) => a.id - b.id)
}

/** Moves the shards on. False where another owner has taken one of them, or one does not stand where we think: then nothing may be committed. */
export async function moveShards(tx: Queryable, shards: readonly ShardState[], from: bigint, to: Reached): Promise<boolean> {
  const rows = await tx.query(
    `update shard set position = $3, clock = greatest(clock, $4), checksum = coalesce($6, checksum) from unnest($1::int[], $2::bigint[]) as mine (id, epoch)
     where shard.id = mine.id and shard.epoch = mine.epoch and shard.position = $5 returning shard.id`,
    [shards.map((shard) => shard.id), shards.map((shard) => shard.epoch), to.position, to.clock, from, to.checksum ?? null],
  )
  return rows.length === shards.length
}

/** As {@link moveShards}, for a model version that is still catching up: it has a position of its own. */
export async function moveModel(tx: Queryable, model: string, version: number, from: bigint, to: bigint, status: 'catchingUp' | 'active'): Promise<boolean> {
  const rows = await tx.query(
    `update model_version set position = $4, status = $5 where model = $1 and version = $2 and position = $3 returning model`, [model, version, from, to, status])
  return rows.length === 1
}

/** The brake: it goes on from `position` once somebody resumes it. */
export async function suspendModel(db: Queryable, model: string, version: number, position: bigint): Promise<void> {
  await db.query(`update model_version set status = 'suspended', position = $3 where model = $1 and version = $2`, [model, version, position])
}
