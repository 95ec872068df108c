import { MemoryLog } from '@tidemark/log'
import { describe, expect, it } from 'vitest'
import { LogKeeper, type LogKeeperOptions } from './log-keeper.js'
import { placesOfPositions, positionDraft } from './outbox/position.js'

/** Ten events at 1,000 ms, 2,000 ms, ... */
async function filled(): Promise<{ log: MemoryLog; keeper: (options: Partial<LogKeeperOptions>) => LogKeeper; dropped: bigint[] }> {
  let now = 0
  const clock = { now: () => now, machine: () => now, scale: 1 }
  const log = new MemoryLog({ clock: () => (now += 1_000) })
  for (let n = 1; n <= 10; n += 1) await log.append([{ kind: 'event', subject: 'event.x', payload: Buffer.from(`${n}`) }])
  const dropped: bigint[] = []
  const keeper = (options: Partial<LogKeeperOptions>): LogKeeper => new LogKeeper(log, clock, {
    limits: { maxEntries: 2 }, needed: async () => 11n, held: async () => [], onError: (error) => { throw error }, onDropped: (first) => dropped.push(first), ...options,
  })
  return { log, keeper, dropped }
}

describe('The keeper of the log', () => {
  it('drops what the limits let go, and says so', async () => {
    const { log, keeper, dropped } = await filled()
    const one = keeper({})
    expect([await one.look(), await one.look(), await one.look()]).toEqual([1n, 9n, 9n])
    expect(log.stats()).toMatchObject({ first: 9n, entries: 2 })
    expect(dropped).toEqual([9n])
  })

  it('believes the tables only what they said a look ago, because their commit may not be on disk yet', async () => {
    const { keeper } = await filled()
    const said = [3n, 7n, 11n]
    const one = keeper({ needed: async () => said.shift()! })
    expect([await one.look(), await one.look(), await one.look()]).toEqual([1n, 3n, 7n])
  })

  it('leaves the last position of an outbox where it is', async () => {
    const { log, keeper } = await filled()
    await log.append([positionDraft('order', { read: '3:5:' }), positionDraft('order', { read: '3:9:' })])
    await log.append([{ kind: 'clock', subject: 'clock', payload: new Uint8Array() }])
    const one = keeper({ limits: { maxAgeMs: 0 }, needed: async () => 14n, held: () => placesOfPositions(log, ['order', 'quiet']) })
    await one.look()
    expect(await one.look()).toBe(12n)
  })

  it('leaves what a snapshot is followed on from, until snapshots are no longer taken', async () => {
    const { log, keeper } = await filled()
    let held = 1n
    const one = keeper({ heldBySnapshots: async () => held })
    expect([await one.look(), await one.look()]).toEqual([1n, 1n])
    held = 6n
    expect(await one.look()).toBe(6n)
    expect(await log.readerPosition('snapshots')).toBe(6n)
    const without = keeper({})
    expect([await without.look(), await without.look()]).toEqual([6n, 9n])
    expect(await log.readerPosition('snapshots')).toBeUndefined()
  })

  it('leaves it to whoever leads', async () => {
    const { log, keeper } = await filled()
    const one = keeper({ leads: () => false })
    await one.look()
    expect([await one.look(), log.stats().first]).toEqual([1n, 1n])
  })

  it('does nothing where there are no limits', async () => {
    const { log, keeper } = await filled()
    const one = keeper({ limits: {}, lookMs: 0, needed: () => Promise.reject(new Error('asked')) })
    one.start()
    await one.stop()
    expect(log.stats().first).toBe(1n)
  })
})
