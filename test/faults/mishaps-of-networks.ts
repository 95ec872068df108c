/** What goes wrong between a tracker and its servers, and when they die. */
import { setTimeout as pause } from 'node:timers/promises'
import type { TcpProxy, Weather } from '../support/tcp-proxy.js'
import type { Behind, FaultHouse } from './house.js'
import { hasNats, hasPostgres, type Mishap } from './mishap.js'

/** Longer than a tracker waits for the answer to a statement. */
const BEYOND_PATIENCE_MS = 65_000

export const mishapsOfNetworks: readonly Mishap[] = [
  ...mishapsOf('Postgres', hasPostgres, (house) => house.postgres!),
  ...mishapsOf('the NATS server', hasNats, (house) => house.nats!),
  {
    name: 'Postgres is slow', applies: hasPostgres,
    happen: (house, share) => during(house.postgres!.proxy, { slowMs: 20 + share() * 130 }, 3_000),
  },
  {
    // What was under way ends without an answer, and must be tried again.
    name: 'Postgres is not reached for longer than a statement may take', applies: hasPostgres, weight: 0.15,
    happen: (house) => during(house.postgres!.proxy, 'blackHole', BEYOND_PATIENCE_MS),
  },
]

interface Mortal {
  kill(): Promise<void>
  restart(): Promise<void>
}

/** Of any server that a tracker talks to. */
function mishapsOf(target: string, applies: Mishap['applies'], of: (house: FaultHouse) => Behind<Mortal>): readonly Mishap[] {
  return [
    {
      name: `${target} is killed`, applies,
      async happen(house, share) {
        const { server } = of(house)
        await server.kill()
        await pause(share() * 2_000)
        await server.restart()
      },
    },
    {
      name: `${target} is not reached`, applies,
      happen: (house, share) => during(of(house).proxy, share() < 0.5 ? 'blackHole' : 'refuse', 1_000 + share() * 6_000),
    },
    {
      name: `the connections to ${target} are cut`, applies,
      happen: async (house) => of(house).proxy.cut(),
    },
    {
      // The tracker waits for answers, and the server for what comes next, perhaps in the middle of a transaction that holds locks.
      name: `a router forgets the connections to ${target}`, applies, weight: 0.5,
      happen: async (house) => of(house).proxy.strand(),
    },
  ]
}

async function during(proxy: TcpProxy, weather: Weather, ms: number): Promise<void> {
  proxy.be(weather)
  if (weather === 'refuse') proxy.cut()
  await pause(ms)
  proxy.be('pass')
}
