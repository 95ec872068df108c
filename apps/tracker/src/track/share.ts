/** What of a batch is ours: shards of a process may stand at different positions, and others belong to other processes. */
import { shardOf } from '../store/identity.js'
import type { ShardState } from '../store/write/shards.js'
import type { ModelShard } from '../store/write/model-versions.js'
import type { Models } from './models.js'

/** A shard drops what it has folded already, and what its models do not take. */
export interface Share {
  /** Whether the shard of a primary key is ours; undefined where all are. */
  readonly isOurs: ((key: string) => boolean) | undefined
  /** Whether what an entry means for a model is to be folded, or said, by one of our shards; the first shard says what belongs to no instance. */
  takes(model: string, shard: number, position: bigint): boolean
  /** Whether what an entry says of no model is to be said by us. */
  tells(position: bigint): boolean
}

/** Of live entries. Undefined where all of it is ours: one process, whose shards are level. */
export function liveShare(models: Models, shards: readonly ShardState[], total: number): Share | undefined {
  if (shards.length === total && isLevel(shards) && models.areAlike(shards.map(({ id }) => id))) return undefined
  const own = new Map(shards.map((shard) => [shard.id, shard.position]))
  const takenBy = new Map<string, ReadonlySet<number>>()
  const shardsOf = (model: string) => {
    const known = takenBy.get(model) ?? new Set(shards.map(({ id }) => id).filter((id) => models.statusIn(model, id) === 'active'))
    takenBy.set(model, known)
    return known
  }
  return {
    isOurs: own.size === total ? undefined : (key) => own.has(shardOf(key, total)),
    takes: (model, shard, position) => position > (own.get(shard) ?? NEVER) && shardsOf(model).has(shard),
    tells: (position) => position > (own.get(0) ?? NEVER),
  }
}

/** Of entries that a model catches up with. */
export function catchUpShare(rows: readonly ModelShard[], total: number): Share {
  const own = new Map(rows.map(({ shard, position }) => [shard, position]))
  return { isOurs: own.size === total ? undefined : (key) => own.has(shardOf(key, total)), takes: (_model, shard, position) => position > (own.get(shard) ?? NEVER), tells: () => false }
}

export function isLevel(shards: readonly ShardState[]): boolean {
  return shards.every(({ position }) => position === shards[0]?.position)
}

/** Where the one stands that is furthest behind. */
export function leastOf(shards: readonly ShardState[]): { readonly position: bigint; readonly clock: number } {
  const least = shards.reduce<ShardState | undefined>((one, other) => (one === undefined || other.position < one.position ? other : one), undefined)
  return { position: least?.position ?? 0n, clock: least?.clock ?? 0 }
}

/** Positions are below it: where a shard that is not ours stands, for us. */
export const NEVER = 2n ** 63n
