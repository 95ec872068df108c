/** Which mishaps each round has: any that can happen until the time is over, or so many of the kinds whose recovery has a bound. */
import type { Dice } from '@tidemark/example-order-fulfilment'
import type { FaultHouse, Ground } from './house.js'
import type { Mishap } from './mishap.js'
import { mishaps, pickMishap } from './mishaps.js'

export interface RoundPlan {
  readonly ground: Ground
  readonly ordersPerDay: number
  readonly orders: number
  /** Between the recovery from one mishap and the next. */
  readonly pauseMs: { readonly least: number; readonly most: number }
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
/** Of one round where they are counted, at most: what does not happen while its orders come and end is left for the next round. */
const MISHAPS_A_ROUND = 100
/** Domain days that a mishap and its recovery take on a quiet machine, a day being a second; orders come for so long. */
const DAYS_A_MISHAP = 3

/** @param only mishaps whose name has this in it */
export function mixedRound(ground: Ground, untilMs: number, only = ''): RoundPlan {
  return {
    ground, ordersPerDay: 30, orders: 450, pauseMs: { least: 300, most: 3_000 },
    mishap: (house, dice, number) => (number < LEAST_MISHAPS || Date.now() < untilMs ? pickMishap(house, dice, number, only) : undefined),
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

/** What is still to happen, in an order that the dice gives: each kind in equal parts on its grounds, mixed with the others that happen there. */
export class Counted {
  readonly #left = new Map<Ground, string[]>()

  constructor(counts: ReadonlyMap<string, number>, grounds: readonly Ground[], dice: Dice) {
    for (const [kind, count] of counts) {
      const { mishap, grounds: possible } = COUNTED[kind]!
      const here = grounds.filter((ground) => possible.includes(ground))
      if (here.length === 0) throw new Error(`--kills ${kind}: it happens on ${possible.join(', ')} only`)
      for (let number = 0; number < count; number++) {
        const ground = here[number % here.length]!
        this.#left.set(ground, [...(this.#left.get(ground) ?? []), mishap])
      }
    }
    for (const [ground, all] of this.#left) {
      this.#left.set(ground, all.map((name, number) => ({ name, roll: dice.roll('order', ground, number) })).sort((a, b) => a.roll - b.roll).map(({ name }) => name))
    }
  }

  /** Where most is left. */
  next(): RoundPlan | undefined {
    const [most] = [...this.#left].filter(([, names]) => names.length > 0).sort(([, a], [, b]) => b.length - a.length)
    return most === undefined ? undefined : counted(most[0], most[1].slice(0, MISHAPS_A_ROUND))
  }

  happened(ground: Ground, times: number): void {
    this.#left.get(ground)?.splice(0, times)
  }

  /** The servers are not on this machine. */
  giveUp(ground: Ground): void {
    this.#left.delete(ground)
  }
}

function counted(ground: Ground, names: readonly string[]): RoundPlan {
  return {
    ground, ordersPerDay: 8, orders: 8 * DAYS_A_MISHAP * names.length, pauseMs: { least: 50, most: 500 },
    mishap: (_house, _dice, number) => mishaps.find(({ name }) => name === names[number]),
  }
}

/** How soon it is ready again after this, milliseconds; undefined where nothing is promised. */
export function boundOf(mishap: string): number | undefined {
  return Object.values(COUNTED).find((kind) => kind.mishap === mishap)?.boundMs
}
