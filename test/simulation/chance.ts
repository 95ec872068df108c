/** What goes wrong where, by a seed: each seed has faults of its own choice, from none of a kind to many. */
import type { Dice } from '@tidemark/example-order-fulfilment'

/** Every place at which something can go wrong, and how often at most: a share of the passages. */
const POINTS = {
  'a statement is lost': 0.01,
  'the answer to a statement is lost': 0.01,
  'a transaction cannot begin': 0.03,
  'a statement in a transaction fails': 0.004,
  'a transaction is refused at its end': 0.03,
  'the answer to a commit is lost': 0.04,
  'the database is slow': 0.01,
  'the log takes nothing': 0.04,
  'the answer of the log is lost': 0.04,
  'the log is slow': 0.03,
  'reading the log ends': 0.03,
  'the answer to a sender is lost': 0.08,
  'an announcement is lost': 0.1,
  'death before a statement': 0.001,
  'death before a commit': 0.01,
  'death after a commit': 0.02,
  'death before an append': 0.01,
  'death after an append': 0.02,
} as const

export type Point = keyof typeof POINTS

export class Chance {
  readonly #rates: ReadonlyMap<string, number>
  readonly #passed = new Map<string, number>()
  readonly struck = new Map<string, number>()
  #isCalm = false

  constructor(readonly dice: Dice, readonly onStrike: (what: string) => void = () => undefined) {
    const rate = (most: number, roll: number) => (roll < 0.4 ? 0 : roll < 0.65 ? most / 10 : roll < 0.9 ? most / 3 : most)
    this.#rates = new Map(Object.entries(POINTS).map(([point, most]) => [point, rate(most, dice.roll('rate', point))]))
  }

  /** From now on nothing goes wrong. */
  calm(): void {
    this.#isCalm = true
  }

  get isCalm(): boolean {
    return this.#isCalm
  }

  strikes(point: Point): boolean {
    return this.happens(point, this.#rates.get(point) ?? 0)
  }

  happens(what: string, share: number): boolean {
    if (this.#isCalm || this.roll(what) >= share) return false
    this.struck.set(what, (this.struck.get(what) ?? 0) + 1)
    this.onStrike(what)
    return true
  }

  /** Anew at each call. */
  roll(what: string): number {
    const times = (this.#passed.get(what) ?? 0) + 1
    this.#passed.set(what, times)
    return this.dice.roll(what, times)
  }
}
