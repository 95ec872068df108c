import type { Entry } from '@tidemark/log'
import { expect, test } from 'vitest'
import { readAhead } from './read-ahead.js'

const entry = (position: bigint): Entry => ({ position, kind: 'clock', subject: 'c', time: 1, appendTime: 1, payload: new Uint8Array(0) }) as unknown as Entry

/** Batches of one entry, of which each is noted when it is asked for. */
function source(count: number, failsAt = Infinity) {
  const asked: number[] = []
  let ended = false
  async function * batches(): AsyncIterable<readonly Entry[]> {
    try {
      for (let n = 1; n <= count; n++) {
        asked.push(n)
        if (n === failsAt) throw new Error('the disk is gone')
        yield [entry(BigInt(n))]
      }
    } finally {
      ended = true
    }
  }
  return { asked, batches: batches(), hasEnded: () => ended }
}

test('the next batch is asked for before this one is done, as long as there are more', async () => {
  const { asked, batches } = source(4)
  const seen: [bigint | undefined, number][] = []
  for await (const { entries } of readAhead(() => batches, (position) => position < 3n)) {
    await new Promise(setImmediate)
    seen.push([entries[0]?.entry.position, asked.length])
  }
  // Behind the third nobody knows whether there will be one: it is asked for when its turn comes.
  expect(seen).toEqual([[1n, 2], [2n, 3], [3n, 3], [4n, 4]])
})

test('who stops ends the reading, also of what was asked for ahead', async () => {
  const { asked, batches, hasEnded } = source(10)
  for await (const { entries } of readAhead(() => batches, () => true)) if (entries[0]?.entry.position === 2n) break
  expect(hasEnded()).toBe(true)
  expect(asked).toEqual([1, 2, 3])
})

test('what goes wrong ahead is told when it is its turn', async () => {
  const { batches } = source(5, 3)
  const seen: unknown[] = []
  await expect(async () => {
    for await (const { entries } of readAhead(() => batches, () => true)) {
      await new Promise(setImmediate)
      seen.push(entries[0]?.entry.position)
    }
  }).rejects.toThrow('the disk is gone')
  expect(seen).toEqual([1n, 2n])
})

test('each batch has its own memory, which the next ones use when it was given back', async () => {
  const given: Buffer[][] = [[], [], [], []]
  async function * batches(memory: (bytes: number) => Buffer): AsyncIterable<readonly Entry[]> {
    for (const [n, own] of given.entries()) {
      own.push(memory(100), memory(200), memory(3 * 1024 * 1024))
      yield [entry(BigInt(n + 1))]
    }
  }
  const pieces: Set<ArrayBufferLike>[] = []
  for await (const { memory } of readAhead(batches, () => false)) {
    pieces.push(new Set(given[pieces.length]!.map(({ buffer }) => buffer)))
    if (pieces.length !== 2) memory.giveBack()
  }
  expect(pieces.map(({ size }) => size)).toEqual([2, 2, 2, 2])
  const [first, second, third, fourth] = pieces as [Set<unknown>, Set<unknown>, Set<unknown>, Set<unknown>]
  expect([...second].every((piece) => first.has(piece)), 'what the first gave back').toBe(true)
  expect([...third].some((piece) => second.has(piece)), 'what the second keeps').toBe(false)
  expect([...fourth].every((piece) => third.has(piece))).toBe(true)
  const [small, next] = given[0] as [Buffer, Buffer]
  expect([small.length, next.length, next.byteOffset - small.byteOffset]).toEqual([100, 200, 100])
})
