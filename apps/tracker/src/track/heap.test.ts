import { expect, test } from 'vitest'
import { growthPercent } from './heap.js'

const MB = 1024 * 1024
const FILL = 480 * MB

test('the heap fills what it is given, within bounds', () => {
  const after = (liveBytes: number) => growthPercent({ liveBytes, keptBytes: 0 }, 0, FILL)
  expect([after(50 * MB), after(100 * MB), after(150 * MB), after(200 * MB), after(500 * MB)]).toEqual([400, 240, 150, 100, 100])
})

test('what has come to be kept since is counted as living, so that it does not fill a multiple of that', () => {
  const kept = (before: number, now: number) => growthPercent({ liveBytes: 100 * MB, keptBytes: before * MB }, now * MB, FILL)
  expect([kept(0, 0), kept(0, 128), kept(128, 128), kept(128, 0)]).toEqual([240, 100, 240, 240])
})
