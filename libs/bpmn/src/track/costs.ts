/** What an explanation costs. Measured: see docs/decisions on cost schemes. */
export interface CostScheme {
  /** Added once where steps before an event were passed without theirs, however many: what loses one event mostly loses its neighbours too. */
  readonly gap: number
  /** An observed step passed without its event. */
  readonly skip: number
  /** An exception path that nothing is bound to, or a timer or command of ours that did not fire here. */
  readonly guess: number
  /** An event whose step was passed before: it came late. */
  readonly late: number
  /** An event that fits nowhere, of a kind that this run has seen before; of a kind that it has not. */
  readonly repeated: number
  readonly unexpected: number
  /** Reality against a timer, decision or command of our own. */
  readonly contrary: number
  /** Explanations dearer than the cheapest by more than this are dropped. */
  readonly window: number
  /** Moves before one event cost at most this. */
  readonly search: number
  /** Explanations with cost above 0 that are kept. */
  readonly beam: number
  /** Whether skipped steps may be redeemed by late events. */
  readonly debt: boolean
}

/** For following live instances. */
export const TRACKING: CostScheme = {
  gap: 1, skip: 1, guess: 1, late: 1, repeated: 3.5, unexpected: 5.5, contrary: 1, window: 6, search: 8, beam: 50, debt: true,
}

/** For comparing a log with a model by optimal alignment: every deviation costs 1. */
export const UNIT: CostScheme = {
  gap: 0, skip: 1, guess: 1, late: 1, repeated: 1, unexpected: 1, contrary: 1, window: 2, search: 3, beam: 50, debt: false,
}

/** Three times as slow, for cases that cost more than one deviation: with it the optimum is found in 99.5 % of random ones with up to three faults. */
export const UNIT_WIDE: CostScheme = { ...UNIT, window: 5, search: 6, beam: 400 }

/** Markings that explain everything are never cut, up to this many; beyond it an instance is `approximate`. */
export const MAX_EXACT_MARKINGS = 4096

/** Labels that a marking remembers having skipped. */
export const MAX_DEBT = 4

/** States that one search may visit: reached only by nets far denser than drawn ones, and then the instance is `approximate`. */
export const MAX_SEARCH_STATES = 20_000
