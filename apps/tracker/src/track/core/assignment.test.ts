import { describe, expect, test } from 'vitest'
import { assignShards } from './assignment.js'

const SHARDS = Array.from({ length: 16 }, (_, shard) => shard)
const held = (owners: ReadonlyMap<number, string>, name: string) => [...owners.values()].filter((owner) => owner === name).length

describe('who should own a shard', () => {
  test('is the same for all, in whatever order they know each other', () => {
    expect(assignShards(SHARDS, ['c', 'a', 'b'])).toEqual(assignShards([...SHARDS].reverse(), ['b', 'c', 'a']))
  })

  test.each([[1], [2], [3], [5], [16], [20]])('is shared equally by %i', (count) => {
    const names = Array.from({ length: count }, (_, n) => `tracker-${n}`)
    const owners = assignShards(SHARDS, names)
    expect(owners.size).toBe(SHARDS.length)
    for (const name of names) expect(held(owners, name)).toBeLessThanOrEqual(Math.ceil(SHARDS.length / count))
  })

  test('changes little when one goes: what the others had they keep for the most part', () => {
    const four = assignShards(SHARDS, ['a', 'b', 'c', 'd'])
    const three = assignShards(SHARDS, ['a', 'b', 'c'])
    const moved = SHARDS.filter((shard) => four.get(shard) !== 'd' && four.get(shard) !== three.get(shard))
    expect(moved.length).toBeLessThanOrEqual(SHARDS.length / 4)
  })

  test('is nobody where there is nobody', () => {
    expect(assignShards(SHARDS, []).size).toBe(0)
  })
})
