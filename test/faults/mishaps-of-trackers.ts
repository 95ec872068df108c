/** What happens to trackers themselves: they die, stand still, are doubled, are upgraded, and their clocks are wrong. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Migration } from '@tidemark/migrations'
import { DAY_MS } from '@tidemark/example-order-fulfilment'
import type { FaultHouse } from './house.js'
import { always, hasNats, type Mishap } from './mishap.js'

/** Half a minute of a machine's time, and more than any clock should be wrong by, in domain time. */
const SKEW_MS = { least: 30_000, most: DAY_MS / 2 }
/** Tables that a later version adds something to. */
const UPGRADED = ['instance', 'token', 'shard', 'instance_event', 'command'] as const

export const mishapsOfTrackers: readonly Mishap[] = [
  {
    name: 'the tracker is killed', applies: always,
    async happen(house, share) {
      await house.kill()
      await pause(share() * 500)
      await house.start()
    },
  },
  {
    name: 'the tracker is killed while it starts', applies: always,
    async happen(house, share) {
      await house.kill()
      await house.start()
      await pause(share() * 2_500)
      await house.kill()
      await house.start()
    },
  },
  {
    name: 'the tracker stands still', applies: always,
    async happen(house, share) {
      const { tracker } = house
      tracker.pause()
      await pause(1_000 + share() * 5_000)
      tracker.goOn()
    },
  },
  {
    // Whoever watches takes it for dead and starts another, and then it comes back: only one of them may write.
    name: 'a tracker that was given up comes back', applies: hasNats,
    async happen(house, share) {
      const former = house.tracker
      former.pause()
      await house.start()
      await house.tracker.ready.catch(() => undefined)
      await pause(share() * 2_000)
      former.goOn()
      await pause(1_000 + share() * 2_000)
      await former.kill()
    },
  },
  {
    name: 'the clock is set forward', applies: always,
    happen: (house, share) => withClockTurned(house, (0.5 + share() * 2) * DAY_MS),
  },
  {
    name: 'the clock is set back', applies: always,
    happen: (house, share) => withClockTurned(house, -(0.1 + share() * 0.5) * DAY_MS),
  },
  {
    name: 'another tracker joins, whose clock is wrong, and dies', applies: hasNats,
    async happen(house, share) {
      const skewMs = (share() < 0.5 ? 1 : -1) * (SKEW_MS.least + share() ** 2 * (SKEW_MS.most - SKEW_MS.least))
      const other = await house.startBeside('wrong-clock', { skewMs })
      await other.tracker.ready.catch((error: unknown) => void house.seen.push(`a tracker whose clock is wrong did not start: ${String(error)}`))
      // It shares the shards once it has been there for a lease.
      await pause(2_000 + share() * 6_000)
      await other.tracker.kill()
    },
  },
  {
    // The old version goes on beside the new one until that answers, as in a rolling deployment.
    name: 'a later version takes over, with a step of the schema that it makes first', applies: always, weight: 0.7,
    async happen(house, share) {
      const table = UPGRADED[Math.floor(share() * UPGRADED.length)]!
      const later = [...house.steps, laterStep(house.steps.length, table)]
      if (house.nats === undefined) {
        await house.kill()
        return house.start(later)
      }
      const ends = house.endedByItself.length
      const next = await house.startBeside(`tracker-${later.length}`, { steps: later })
      const isThere = await next.tracker.ready.then(() => true, () => false)
      if (!isThere) house.seen.push(`a later version did not start: ${next.tracker.complaints().slice(-500)}`)
      if (house.endedByItself.length > ends) house.seen.push(`while a later version made its step (${table}), a tracker ended: ${house.endedByItself.at(-1)}`)
      await pause(share() * 4_000)
      if (isThere) await house.replaceBy(next)
    },
  },
]

function laterStep(number: number, table: string): Migration {
  const name = `later_${number + 1}`
  const statements = [`alter table ${table} add column ${name} text`, `create index ${table}_${name} on ${table} (${name})`]
  return { id: `9${String(number).padStart(3, '0')}-${name}`, statements }
}

async function withClockTurned(house: FaultHouse, byMs: number): Promise<void> {
  await house.kill()
  house.turnClock(byMs)
  await house.start()
}
