/** What goes wrong between a tracker and its servers, and when they die. */
import { setTimeout as pause } from 'node:timers/promises'
import type { TcpProxy, Weather } from '../support/tcp-proxy.js'
import { hasNats, hasPostgres, type Mishap } from './mishap.js'

/** Longer than a tracker waits for the answer to a statement. */
const BEYOND_PATIENCE_MS = 65_000

export const mishapsOfNetworks: readonly Mishap[] = [
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
    // What was under way ends without an answer, and must be tried again.
    name: 'Postgres is not reached for longer than a statement may take', applies: hasPostgres, weight: 0.15,
    async happen(house) {
      await during(house.postgres!.proxy, 'blackHole', BEYOND_PATIENCE_MS)
    },
  },
  {
    // The tracker waits for answers, and the server for what comes next, perhaps in the middle of a transaction that holds locks.
    name: 'a router forgets the connections to Postgres', applies: hasPostgres, weight: 0.5,
    happen: async (house) => house.postgres!.proxy.strand(),
  },
  {
    name: 'a router forgets the connections to the NATS server', applies: hasNats, weight: 0.5,
    happen: async (house) => house.nats!.proxy.strand(),
  },
]

async function during(proxy: TcpProxy, weather: Weather, ms: number): Promise<void> {
  proxy.be(weather)
  if (weather === 'refuse') proxy.cut()
  await pause(ms)
  proxy.be('pass')
}
