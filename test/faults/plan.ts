/** Which mishaps each round has: any that can happen until the time is over, or so many of the kinds whose recovery has a bound. */
import type { Dice } from '@tidemark/example-order-fulfilment'
import type { FaultHouse, Ground } from './house.js'
import { mishaps, pickMishap, type Mishap } from './mishaps.js'

export interface RoundPlan {
  readonly ground: Ground
  readonly ordersPerDay: number
  readonly orders: number
  /** Undefined: nothing more happens. */
  readonly mishap: (house: FaultHouse, dice: Dice, number: number) => Mishap | undefined
}

/** What can be counted: under which name it happens, where, and how soon a quiet machine has to be ready again. */
const COUNTED: Readonly<Record<string, { readonly mishap: string; readonly grounds: readonly Ground[]; readonly boundMs: number }>> = {
  tracker: { mishap: 'the tracker is killed', grounds: ['embedded', 'postgres', 'jetstream'], boundMs: 10_000 },
  postgres: { mishap: 'Postgres is killed', grounds: ['postgres', 'jetstream'], boundMs: 15_000 },
  nats: { mishap: 'the NATS server is killed', grounds: ['jetstream'], boundMs: 10_000 },
  splitbrain: { mishap: 'a tracker that was given up comes back', grounds: ['jetstream'], boundMs: 10_000 },
}

/** Also where the time is over before the house stands. */
const LEAST_MISHAPS = 5
/** Of one round where they are counted: its orders come and end while they happen. */
const MISHAPS_A_ROUND = 16
/** Domain days that a mishap and its recovery take, a day being a second; orders come for so long. */
const DAYS_A_MISHAP = 5

export function mixedRound(ground: Ground, untilMs: number): RoundPlan {
  return {
    ground, ordersPerDay: 30, orders: 450,
    mishap: (house, dice, number) => (number < LEAST_MISHAPS || Date.now() < untilMs ? pickMishap(house, dice, number) : undefined),
  }
}

/** @param counts `tracker=200,nats=50`. Throws what is wrong with it. */
export function readCounts(counts: string): ReadonlyMap<string, number> {
  return new Map(counts.split(',').map((part) => {
    const [name = '', count = ''] = part.split('=')
    if (COUNTED[name] === undefined || !/^[1-9]\d*$/.test(count)) throw new Error(`--kills ${part}: it is ${Object.keys(COUNTED).join(', ')} with a number, such as tracker=200,nats=50`)
    return [name, Number(count)] as const
  }))
}

/** Each kind in equal parts on its grounds, mixed with the others that happen there. */
export function countedRounds(counts: ReadonlyMap<string, number>, grounds: readonly Ground[], dice: Dice): readonly RoundPlan[] {
  const names = new Map<Ground, string[]>()
  for (const [kind, count] of counts) {
    const { mishap, grounds: possible } = COUNTED[kind]!
    const here = grounds.filter((ground) => possible.includes(ground))
    if (here.length === 0) throw new Error(`--kills ${kind}: it happens on ${possible.join(', ')} only`)
    for (let number = 0; number < count; number++) {
      const ground = here[number % here.length]!
      names.set(ground, [...(names.get(ground) ?? []), mishap])
    }
  }
  return [...names].flatMap(([ground, all]) => {
    const mixed = all.map((name, number) => ({ name, roll: dice.roll('order', ground, number) })).sort((a, b) => a.roll - b.roll).map(({ name }) => name)
    return Array.from({ length: Math.ceil(mixed.length / MISHAPS_A_ROUND) }, (_, part) => counted(ground, mixed.slice(part * MISHAPS_A_ROUND, (part + 1) * MISHAPS_A_ROUND)))
  })
}

function counted(ground: Ground, names: readonly string[]): RoundPlan {
  return {
    ground, ordersPerDay: 10, orders: 10 * DAYS_A_MISHAP * names.length,
    mishap: (_house, _dice, number) => mishaps.find(({ name }) => name === names[number]),
  }
}

/** How soon it is ready again after this, milliseconds; undefined where nothing is promised. */
export function boundOf(mishap: string): number | undefined {
  return Object.values(COUNTED).find((kind) => kind.mishap === mishap)?.boundMs
}
