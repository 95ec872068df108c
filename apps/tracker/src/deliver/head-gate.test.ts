import { MemoryLog } from '@tidemark/log'
import { beforeEach, describe, expect, it } from 'vitest'
import { Progress } from '../store/progress.js'
import { HeadGate } from './head-gate.js'

const draft = { kind: 'event' as const, subject: 'event.x', payload: Buffer.from('{}') }
let now = 1_000_000
let log: MemoryLog
let progress: Progress
const clock = { scale: 1, now: () => now, machine: () => now }
const fold = (position: bigint, at = now) => progress.report({ position, clock: at, models: [], instances: 0, alerts: false, commands: false, moves: [] })

beforeEach(() => {
  now = 1_000_000
  log = new MemoryLog({ clock: () => now })
  progress = new Progress()
})

describe('the gate', () => {
  it('stays closed until everything is folded that was in the log at start', async () => {
    const { first, last } = await log.append([draft, { ...draft, payload: Buffer.from('{"n":2}') }])
    const gate = new HeadGate(log, progress, clock)
    fold(first)
    expect([gate.knowsThePast, gate.isOpen]).toEqual([false, false])
    fold(last)
    expect([gate.knowsThePast, gate.isOpen]).toEqual([true, true])
  })

  it('lets nothing new leave while the tracker is five seconds behind', async () => {
    const gate = new HeadGate(log, progress, clock)
    fold(0n)
    now += 4_999
    await log.append([draft])
    expect(gate.isOpen).toBe(true)
    now += 1
    await log.append([draft])
    expect(gate.isOpen).toBe(false)
  })

  it('measures the lag by the machine where the domain clock is scaled', async () => {
    const gate = new HeadGate(log, progress, { ...clock, scale: 86_400 })
    fold(0n)
    now += 4 * 86_400_000
    await log.append([draft])
    expect(gate.isOpen).toBe(true)
  })

  it('closes until what was appended last is folded, so that nothing is decided twice', async () => {
    const gate = new HeadGate(log, progress, clock)
    const { last } = await log.append([draft])
    gate.waitFor(last)
    expect(gate.isOpen).toBe(false)
    fold(last)
    expect(gate.isOpen).toBe(true)
  })
})
