import { beforeEach, expect, test } from 'vitest'
import type { ShardPlace } from './announcements.js'
import { Progress, type Committed } from './progress.js'
import { SharedProgress } from './shared-progress.js'

const NOTHING = { models: [], instances: 0, alerts: false, commands: false, moves: [] }
const at = (position: number, commits: number, id = 0): ShardPlace => ({ id, position: BigInt(position), clock: position, commits })

let progress: Progress
let shared: SharedProgress
let told: Committed[]
beforeEach(() => {
  progress = new Progress()
  shared = new SharedProgress(progress)
  shared.begins([at(5, 1), at(5, 1, 1)])
  told = []
  progress.watch((committed) => told.push(committed))
})

test('a commit that follows the last one says what it changed, and all are as far as the one that is furthest behind', () => {
  shared.moved([at(9, 2)], { ...NOTHING, models: ['orders'] })
  expect([told[0]?.models, told[0]?.instances, told[0]?.position, progress.position]).toEqual([['orders'], 0, 5n, 5n])
  shared.moved([at(8, 2, 1)], NOTHING)
  expect([told[1]?.alerts, progress.position]).toEqual([false, 8n])
})

test('whoever misses a commit hears of it with the next one of the shard', () => {
  shared.moved([at(9, 3)], { ...NOTHING, models: ['orders'] })
  expect(told).toMatchObject([{ models: 'everything', alerts: true, commands: true }])
})

test('a commit that moved nothing is seen in the tables, once', () => {
  shared.looked([at(5, 1), at(5, 2, 1)])
  expect(told).toMatchObject([{ models: 'everything', alerts: true, commands: true, position: 5n }])
  shared.looked([at(5, 1), at(5, 2, 1)])
  expect(told).toHaveLength(1)
})

test('tables that were read before what was heard say nothing new', () => {
  shared.moved([at(9, 2)], NOTHING)
  shared.looked([at(5, 1), at(5, 1, 1)])
  shared.moved([at(8, 2, 1)], NOTHING)
  expect([told.length, told.some(({ alerts }) => alerts), progress.position]).toEqual([2, false, 8n])
})

test('what comes late does not set back', () => {
  shared.moved([at(9, 3), at(9, 3, 1)], NOTHING)
  shared.moved([at(7, 2), at(7, 2, 1)], NOTHING)
  expect([told[1]?.alerts, progress.position]).toEqual([false, 9n])
})

test('a version that does not count its commits moves on all the same', () => {
  shared.moved([at(9, 0), at(9, 0, 1)], { ...NOTHING, models: ['orders'] })
  expect([told[0]?.models, told[0]?.alerts, progress.position]).toEqual([['orders'], false, 9n])
  shared.moved([at(11, 2), at(11, 2, 1)], NOTHING)
  expect([told[1]?.alerts, progress.position]).toEqual([false, 11n])
})
