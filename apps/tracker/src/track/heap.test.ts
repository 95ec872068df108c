import { expect, test } from 'vitest'
import { growthPercent, type HeapBounds } from './heap.js'

const MB = 1024 * 1024
const BOUNDS: HeapBounds = { leastBytes: 480 * MB, mostBytes: 640 * MB, processBytes: 880 * MB }
const marked = (what: { live?: number; outside?: number; kept?: number }) => ({ liveBytes: (what.live ?? 100) * MB, outsideBytes: (what.outside ?? 400) * MB, keptBytes: (what.kept ?? 0) * MB })

test('the heap fills what it is given, within bounds', () => {
  const after = (live: number) => growthPercent(marked({ live }), 0, BOUNDS)
  expect([after(50), after(100), after(150), after(200), after(500)]).toEqual([400, 240, 150, 100, 100])
})

test('it is given what the rest of the process leaves, within bounds', () => {
  const beside = (outside: number) => growthPercent(marked({ outside }), 0, BOUNDS)
  expect([beside(100), beside(240), beside(300), beside(400), beside(500)]).toEqual([350, 350, 310, 240, 240])
})

test('what has come to be kept since is counted as living, so that it does not fill a multiple of that', () => {
  const kept = (before: number, now: number) => growthPercent(marked({ kept: before }), now * MB, BOUNDS)
  expect([kept(0, 0), kept(0, 128), kept(128, 128), kept(128, 0)]).toEqual([240, 100, 240, 240])
})
