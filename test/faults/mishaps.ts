/** What happens to a house while events come in. Each ends with everything standing again; how well it stands is for others to find out. */
import { setTimeout as pause } from 'node:timers/promises'
import { readFile } from 'node:fs/promises'
import { DAY_MS, modelFile, type Dice } from '@tidemark/example-order-fulfilment'
import type { FaultHouse } from './house.js'

export interface Mishap {
  readonly name: string
  /** Whether the house has what it happens to. */
  readonly applies: (house: FaultHouse) => boolean
  /** @param share between 0 and 1, thrown anew by each call */
  readonly happen: (house: FaultHouse, share: () => number) => Promise<void>
}

const always = () => true
const hasPostgres = (house: FaultHouse) => house.postgres !== undefined
const hasNats = (house: FaultHouse) => house.nats !== undefined

export const mishaps: readonly Mishap[] = [
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
    name: 'Postgres is killed', applies: hasPostgres,
    async happen(house, share) {
      await house.postgres!.server.kill()
      await pause(share() * 2_000)
      await house.postgres!.server.restart()
    },
  },
  {
    name: 'Postgres is not reached', applies: hasPostgres,
    happen: (house, share) => during(house.postgres!.proxy, share() < 0.5 ? 'blackHole' : 'refuse', 1_000 + share() * 6_000),
  },
  {
    name: 'Postgres is slow', applies: hasPostgres,
    happen: (house, share) => during(house.postgres!.proxy, { slowMs: 20 + share() * 130 }, 3_000),
  },
  {
    name: 'the connections to Postgres are cut', applies: hasPostgres,
    happen: async (house) => house.postgres!.proxy.cut(),
  },
  {
    name: 'the NATS server is killed', applies: hasNats,
    async happen(house, share) {
      await house.nats!.server.kill()
      await pause(share() * 2_000)
      await house.nats!.server.restart()
    },
  },
  {
    name: 'the NATS server is not reached', applies: hasNats,
    happen: (house, share) => during(house.nats!.proxy, share() < 0.5 ? 'blackHole' : 'refuse', 1_000 + share() * 6_000),
  },
  {
    name: 'the connections to the NATS server are cut', applies: hasNats,
    happen: async (house) => house.nats!.proxy.cut(),
  },
  {
    // The event was taken and its sender never heard of it, so that it comes again.
    name: 'the connections of the senders are cut', applies: always,
    async happen(house, share) {
      for (let times = 1 + Math.floor(share() * 4); times > 0; times--) {
        house.front.cut()
        await pause(share() * 300)
      }
    },
  },
  {
    name: 'the receivers of commands fail', applies: always,
    async happen(house, share) {
      const ways = [500, 503, 'cut', 'hang', { status: 429, headers: { 'retry-after': '1' } }, 404] as const
      house.receiver.behave(...Array.from({ length: 3 + Math.floor(share() * 8) }, () => ways[Math.floor(share() * ways.length)]!))
    },
  },
  {
    name: 'nonsense is sent', applies: always,
    async happen(house) {
      for (const [type, body] of NONSENSE) {
        const answer = await fetch(`${house.api.url}/api/v1/events`, { method: 'POST', headers: { 'content-type': type }, body }).catch(() => undefined)
        if (answer !== undefined && ![400, 413, 415, 422, 503].includes(answer.status)) throw new Error(`${body.slice(0, 60)} was answered ${answer.status}`)
      }
    },
  },
  {
    name: 'the model is deployed again', applies: always,
    async happen(house, share) {
      const xml = await readFile(modelFile, 'utf8')
      // It says something else, and follows as before.
      const other = xml.replace('</bpmn:definitions>', `<!-- ${share()} --></bpmn:definitions>`)
      await house.api.deploy(other).catch((error: { status?: number; message: string }) => {
        if (error.status !== undefined && error.status !== 503) throw error
      })
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
]

const NONSENSE: readonly (readonly [string, string])[] = [
  ['application/cloudevents+json', '{"specversion":"1.0","source":"/x","type":"order.placed"}'],
  ['application/cloudevents+json', '{"specversion":"1.0","id":"n\\u0000","source":"/x","type":"order.placed"}'],
  ['application/cloudevents+json', `${'['.repeat(5_000)}${']'.repeat(5_000)}`],
  ['application/cloudevents-batch+json', '[{"specversion":"1.0","id":"n1","source":"/x","type":"order.placed"},{"id":7}]'],
  ['application/cloudevents+json', '{"specversion":"1.0","id":"n2","source":"/x","type":"t","time":"yesterday"}'],
  ['text/plain', 'hello'],
]

export function pickMishap(house: FaultHouse, dice: Dice, number: number): Mishap {
  const possible = mishaps.filter(({ applies }) => applies(house))
  return possible[Math.floor(dice.roll('mishap', number) * possible.length)]!
}

async function during(proxy: { be(weather: 'pass' | 'blackHole' | 'refuse' | { slowMs: number }): void; cut(): void }, weather: 'blackHole' | 'refuse' | { slowMs: number }, ms: number): Promise<void> {
  proxy.be(weather)
  if (weather === 'refuse') proxy.cut()
  await pause(ms)
  proxy.be('pass')
}

async function withClockTurned(house: FaultHouse, byMs: number): Promise<void> {
  await house.kill()
  house.turnClock(byMs)
  await house.start()
}
