/**
 * Who should own which shard: rendezvous hashing (Thaler and Ravishankar, 1998), so that every member works out the same by itself and little moves
 * when one comes or goes; with a bound, because a few shards would be spread unevenly by chance.
 */
import { shardOf } from '../../store/identity.js'

/** By shard: the name of its owner. Empty where there is nobody. */
export function assignShards(shards: readonly number[], names: readonly string[]): ReadonlyMap<number, string> {
  const owners = new Map<number, string>()
  if (names.length === 0) return owners
  const most = Math.ceil(shards.length / names.length)
  const held = new Map(names.map((name) => [name, 0]))
  for (const shard of [...shards].sort((a, b) => a - b)) {
    const [owner] = names.filter((name) => (held.get(name) ?? 0) < most).sort((a, b) => weightOf(b, shard) - weightOf(a, shard) || (a < b ? -1 : 1))
    if (owner === undefined) break
    owners.set(shard, owner)
    held.set(owner, (held.get(owner) ?? 0) + 1)
  }
  return owners
}

const WEIGHTS = 2 ** 32

/** FNV-1a changes little where only the end of its text does: mixed once more. */
function weightOf(name: string, shard: number): number {
  let state = shardOf(`${shard}\u0000${name}`, WEIGHTS)
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b)
  state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35)
  return (state ^ (state >>> 16)) >>> 0
}
