import { type Entry, MemoryLog } from '@tidemark/log'
import { beforeEach, expect, test } from 'vitest'
import type { Clock } from '../clock.js'
import { Heartbeat, QUIET_MS } from './heartbeat.js'

let nowMs: number
let due: number | undefined
let log: MemoryLog
let heartbeat: Heartbeat
const clock: Clock = { now: () => nowMs, machine: () => nowMs, scale: 1 }
const draft = { kind: 'event', subject: 'event.x', payload: new Uint8Array(1) } as const

beforeEach(async () => {
  nowMs = 1_000_000
  due = undefined
  log = new MemoryLog({ clock: clock.now })
  await log.append([draft])
  heartbeat = new Heartbeat(log, clock, {
    nextDue: async () => due,
    onError: (error) => {
      throw error
    },
  })
})

async function entries(): Promise<Entry[]> {
  const all: Entry[] = []
  for await (const batch of log.read({ from: 'earliest' })) all.push(...batch)
  return all
}

test('a log that moves needs no clock entries', async () => {
  for (let step = 0; step < 10; step += 1) {
    nowMs += QUIET_MS - 1
    await log.append([draft])
    expect(await heartbeat.look()).toBe(false)
  }
})

test('a quiet log is told the time every few seconds', async () => {
  await heartbeat.look()
  nowMs += QUIET_MS - 1
  expect(await heartbeat.look()).toBe(false)
  nowMs += 1
  expect(await heartbeat.look()).toBe(true)
  expect(await heartbeat.look()).toBe(false)
  nowMs += QUIET_MS
  expect(await heartbeat.look()).toBe(true)
  expect((await entries()).map(({ kind, appendTime }) => [kind, appendTime])).toEqual([['event', 1_000_000], ['clock', 1_005_000], ['clock', 1_010_000]])
})

test('what falls due is told at once, and once', async () => {
  await heartbeat.look()
  due = 1_000_500
  nowMs = 1_000_499
  expect(await heartbeat.look()).toBe(false)
  nowMs = 1_000_500
  expect(await heartbeat.look()).toBe(true)
  nowMs = 1_000_750
  expect(await heartbeat.look()).toBe(false)
})

test('a deadline in the past that an entry has passed already is the tracker\'s to fire, not ours to tell', async () => {
  due = 999_000
  expect(await heartbeat.look()).toBe(false)
})
