import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import type { Frame } from './frame.js'
import { TailCache } from './tail-cache.js'

const FRAME_BYTES = 10_000
const COUNT = 10

function frameAt(base: number): Frame {
  return { base, count: COUNT, lengthBytes: FRAME_BYTES, buffer: Buffer.allocUnsafeSlow(FRAME_BYTES) } as unknown as Frame
}

test('finds the frame that holds a position, among the newest', () => {
  const cache = new TailCache(3 * (FRAME_BYTES + 1_000))
  for (let n = 0; n < 20; n++) {
    cache.add(frameAt(n * COUNT))
    for (let position = 0; position < (n + 2) * COUNT; position++) {
      const base = Math.floor(position / COUNT) * COUNT
      expect(cache.find(position)?.base, `${position} after ${n}`).toBe(base <= n * COUNT && base > (n - 3) * COUNT ? base : undefined)
    }
  }
})

test('what it has let go of takes no memory', async () => {
  const cache = new TailCache(10 * (FRAME_BYTES + 1_000))
  for (let n = 0; n < 9; n++) cache.add(frameAt(n * COUNT))
  const oldest = new WeakRef(cache.find(0)?.buffer as object)
  for (let n = 9; n < 12; n++) cache.add(frameAt(n * COUNT))
  expect(cache.find(0)).toBeUndefined()
  setFlagsFromString('--expose-gc')
  // A WeakRef is strong until its job is over.
  await setImmediate()
  ;(runInNewContext('gc') as () => void)()
  expect(cache.find(11 * COUNT)).toBeDefined()
  expect(oldest.deref()).toBeUndefined()
})

test('gives a buffer back when the last of its frames was let go of', () => {
  const back: Buffer[] = []
  const cache = new TailCache(3 * (FRAME_BYTES + 1_000), (buffer) => back.push(buffer))
  const [first, second, third] = [1, 2, 3].map(() => Buffer.allocUnsafeSlow(2 * FRAME_BYTES)) as [Buffer, Buffer, Buffer]
  const given = [first, first, second, second, third, third].map((buffer, n) => {
    cache.add({ ...frameAt(n * COUNT), buffer })
    return [...back]
  })
  expect(given.map(({ length }) => length)).toEqual([0, 0, 0, 0, 1, 1])
  expect(back[0]).toBe(first)
})
