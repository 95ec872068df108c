/** What happens to the world at large while the orders come in: deaths, stand-stills, outages, clocks, nonsense, deployments, rebuilds. */
import { DAY_MS } from '@tidemark/example-order-fulfilment'
import { Unit } from '@tidemark/bpmn'
import { askForRebuild } from '../../apps/tracker/src/store/rebuild/job.js'
import type { World } from './world.js'

type Mishap = (world: World, share: () => number) => Promise<void>

/** How often at most: of what happens at all in a seed. */
const MISHAPS: Readonly<Record<string, { readonly weight: number; readonly happen: Mishap }>> = {
  'the tracker is killed': { weight: 4, happen: async ({ current }) => current?.life.die() },
  'the tracker stands still': {
    weight: 2,
    async happen({ current, time }, share) {
      current?.life.standStill()
      await time.sleep(share() * 8_000)
      current?.life.goOn()
    },
  },
  'a tracker that was given up comes back': {
    weight: 3,
    async happen(world, share) {
      const former = world.current
      former?.life.standStill()
      const takingOver = world.takeOver()
      await world.time.sleep(share() * 3_000)
      // What it holds in the database may be what the other waits for.
      former?.life.goOn()
      const hasTakenOver = (await takingOver) !== undefined
      await world.time.sleep(share() * 5_000)
      if (hasTakenOver) former?.life.die()
    },
  },
  'the tracker is deployed again, the new one beside the old one': {
    weight: 2,
    async happen(world, share) {
      const former = await world.takeOver()
      await world.time.sleep(share() * 1_000)
      await Promise.race([former?.stop(), former?.life.ended, world.time.sleep(10_000)])
      former?.life.die()
    },
  },
  'the database is down': {
    weight: 2,
    async happen(world, share) {
      world.databaseIsDown = true
      await world.time.sleep(share() ** 2 * 10_000)
      world.databaseIsDown = false
    },
  },
  'the log is down': {
    weight: 2,
    async happen(world, share) {
      world.logIsDown = true
      await world.time.sleep(share() ** 2 * 10_000)
      world.logIsDown = false
    },
  },
  'all receivers are down': {
    weight: 1,
    async happen(world, share) {
      world.receivers.isDown = true
      await world.time.sleep(share() * 20_000)
      world.receivers.isDown = false
    },
  },
  'the clock is set forward': { weight: 0.5, happen: async (world, share) => void (world.turnedMs += (0.5 + share() * 2) * DAY_MS) },
  'the clock is set back': { weight: 0.5, happen: async (world, share) => void (world.turnedMs -= (0.1 + share() * 0.5) * DAY_MS) },
  'nonsense comes in': {
    weight: 1,
    async happen({ current, senders }, share) {
      const bytes = Buffer.from([0xff, 0x00, 0x7b, Math.floor(share() * 256)])
      // Who dies over it never answers.
      if (current !== undefined) await Promise.race([current.intake.quarantine(bytes).catch(() => undefined), current.life.ended])
      const id = `unknown ${share()}`
      await senders.sendNow([{ specversion: '1.0', id, source: '/elsewhere', type: 'nobody.knows', time: new Date(0).toISOString(), data: { '__proto__': id } } as never])
    },
  },
  'an id is used again': {
    weight: 1,
    async happen({ shop, senders, log }, share) {
      const told = log.entriesAfter(0n)
      const [entry] = await log.lookup([BigInt(1 + Math.floor(share() * told))])
      if (entry?.kind !== 'event' || entry.key === '' || shop === undefined) return
      const event = JSON.parse(Buffer.from(entry.payload).toString()) as { data?: object }
      await senders.sendNow([{ ...event, data: { ...event.data, said: 'something else' } } as never])
    },
  },
  'the model is deployed again': {
    weight: 1,
    async happen({ log, xml }, share) {
      await log.append([{ kind: 'model', subject: 'model', payload: Buffer.from(JSON.stringify({ xml: xml.replace('</bpmn:definitions>', `<!-- ${share()} --></bpmn:definitions>`), by: 'test' })) }])
    },
  },
  'the state is rebuilt': { weight: 1.5, happen: async ({ session }) => void (await askForRebuild(session as never, Date.now())) },
  'an order cannot be folded': {
    weight: 1,
    async happen(world, share) {
      const orders = world.shop.journal.orderIds()
      const poison = orders[Math.floor(share() * orders.length)]
      const healthy = Unit.prototype.add
      Unit.prototype.add = function add(this: Unit, facts) {
        if (facts.some(({ id }) => id.startsWith(`${poison}:`))) throw new RangeError('the fold does not end')
        healthy.call(this, facts)
      }
      await world.time.sleep(share() * 6_000)
      Unit.prototype.add = healthy
    },
  },
}

const PAUSE_MS = 6_000

/** One after the other, at random moments, until the signal says that it is enough. */
export async function letThingsHappen(world: World, enough: AbortSignal): Promise<void> {
  const { chance, time } = world
  const { dice } = chance
  // Each seed has mishaps of its own choice, so that each gets far with what others never let it come to.
  const here = Object.entries(MISHAPS).filter(([name]) => dice.roll('has', name) < 0.5)
  const weights = here.reduce((sum, [, { weight }]) => sum + weight, 0)
  const pauseMs = PAUSE_MS * (0.2 + dice.roll('pauses'))
  while (here.length > 0) {
    await time.sleep(chance.roll('pause') * 2 * pauseMs)
    if (enough.aborted) return
    let at = chance.roll('mishap') * weights
    const [name, { happen }] = here.find(([, { weight }]) => (at -= weight) < 0) ?? here[0]!
    if (!chance.happens(name, 1)) return
    world.pickPlace()
    await happen(world, () => chance.roll('share'))
  }
}
