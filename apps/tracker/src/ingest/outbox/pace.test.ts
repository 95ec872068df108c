import { expect, test } from 'vitest'
import { pacedBy } from './pace.js'

test('nothing waits while following keeps up', async () => {
  let looks = 0
  await pacedBy(() => (looks += 1, 0.5), { machine: () => 0 })()
  expect(looks).toBe(1)
})

test('what is behind is waited for until it has caught up', async () => {
  let behind = 4
  await pacedBy(() => (behind -= 1), { machine: () => 0 })()
  expect(behind).toBe(1)
})

test('a tracker that stands still is not waited for longer than a second', async () => {
  let now = 0
  await pacedBy(() => 1_000, { machine: () => (now += 400) })()
  expect(now).toBeGreaterThanOrEqual(1_400)
})
