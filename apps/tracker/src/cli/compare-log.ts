import type { CaseVerdict } from '@tidemark/bpmn'

/** The labels that an event may mean; empty where nothing binds it. */
export type Labels = readonly string[]

export interface LogComparison {
  cases: number
  events: number
  /** Cases that the model explains from start to end, every event and no step missing. */
  fitting: number
  /** 1 - all costs / the worst possible ones, over the whole log: long cases weigh more. */
  logFitness: number
  /** Mean of the cases' own fitness. */
  meanCaseFitness: number
  deviations: Record<string, number>
  /** The same by element, most frequent first. */
  places: { kind: string; element: string; count: number }[]
}

/** Cases repeat: a verdict is kept per sequence of labels. Beyond this many different ones they are judged anew each time. */
const MAX_KEPT_VERDICTS = 200_000

export interface Judge {
  readonly shortestRun: number
  verdict(labels: readonly Labels[]): CaseVerdict
}

/** Adds up what a judge says of each case of a log. */
export class LogComparer {
  readonly #judge: Judge
  readonly #verdicts = new Map<string, CaseVerdict>()
  readonly #symbols = new Map<string, number>()
  readonly #labels: Labels[] = []
  readonly #places = new Map<string, { kind: string; element: string; count: number }>()
  #cases = 0
  #events = 0
  #fitting = 0
  #cost = 0
  #worst = 0
  #fitness = 0

  constructor(judge: Judge) {
    this.#judge = judge
  }

  /** Equal labels are equal symbols. */
  symbolOf(labels: Labels): number {
    const key = labels.join('\u0001')
    const known = this.#symbols.get(key)
    if (known !== undefined) return known
    this.#labels.push(labels)
    this.#symbols.set(key, this.#labels.length - 1)
    return this.#labels.length - 1
  }

  add(symbols: readonly number[]): void {
    const verdict = this.#verdictOn(symbols)
    this.#cases += 1
    this.#events += symbols.length
    this.#fitting += verdict.fits ? 1 : 0
    this.#cost += verdict.cost
    this.#worst += symbols.length + this.#judge.shortestRun
    this.#fitness += verdict.fitness
    for (const { kind, element } of verdict.deviations) {
      const key = `${kind} ${element}`
      const place = this.#places.get(key)
      if (place === undefined) this.#places.set(key, { kind, element, count: 1 })
      else place.count += 1
    }
  }

  result(): LogComparison {
    const places = [...this.#places.values()].sort((a, b) => b.count - a.count || (a.element < b.element ? -1 : 1))
    const deviations: Record<string, number> = {}
    for (const { kind, count } of places) deviations[kind] = (deviations[kind] ?? 0) + count
    return {
      cases: this.#cases, events: this.#events, fitting: this.#fitting,
      logFitness: this.#worst === 0 ? 1 : 1 - this.#cost / this.#worst,
      meanCaseFitness: this.#cases === 0 ? 1 : this.#fitness / this.#cases,
      deviations, places,
    }
  }

  #verdictOn(symbols: readonly number[]): CaseVerdict {
    const key = symbols.join(' ')
    const known = this.#verdicts.get(key)
    if (known !== undefined) return known
    const verdict = this.#judge.verdict(symbols.map((symbol) => this.#labels[symbol] ?? []))
    if (this.#verdicts.size < MAX_KEPT_VERDICTS) this.#verdicts.set(key, verdict)
    return verdict
  }
}
