/**
 * A fold that throws: the batch is given up and folded again from the tables, and a unit that throws a second time in the same way is
 * suspended: its facts are stored, what is shown of it stays, and nothing waits behind it. Where many units of a model do, the model is.
 */

export interface UnitFault {
  readonly unit: string
  readonly model: string
  readonly key: string
  readonly error: string
}

/** All of a batch that threw. */
export class FoldFaults extends Error {
  /** @param folded units of the batch, by model */
  constructor(readonly faults: readonly UnitFault[], readonly folded: ReadonlyMap<string, number>) {
    super(`${faults.length} of a batch cannot be folded, first ${faults[0]?.model} ${faults[0]?.key}: ${faults[0]?.error}`)
    this.name = 'FoldFaults'
  }
}

/** The brake: a model is suspended when at least so many of its units in a batch, and more than this share of them, cannot be folded. */
const BRAKE_FAULTS = 20
const BRAKE_SHARE = 0.01
const MAX_ERROR_CHARACTERS = 1_000

export class Suspects {
  readonly #errors = new Map<string, { readonly error: string; readonly isSure: boolean }>()

  /** Answers the models of which too many units throw. */
  note({ faults, folded }: FoldFaults): readonly string[] {
    const sure = new Map<string, number>()
    for (const { unit, model, error } of faults) {
      const isSure = this.#errors.get(unit)?.error === error
      this.#errors.set(unit, { error, isSure })
      if (isSure) sure.set(model, (sure.get(model) ?? 0) + 1)
    }
    return [...sure].filter(([model, count]) => count >= BRAKE_FAULTS && count > BRAKE_SHARE * (folded.get(model) ?? 0)).map(([model]) => model)
  }

  /** Why the unit is not to be folded now. */
  of(unit: string): string | undefined {
    const known = this.#errors.get(unit)
    return known?.isSure === true ? known.error : undefined
  }

  /** What is committed is in the tables. */
  forget(units: readonly { readonly id: string }[]): void {
    if (this.#errors.size > 0) for (const { id } of units) this.#errors.delete(id)
  }

  forgetModel(model: string, faults: readonly UnitFault[]): void {
    for (const fault of faults) if (fault.model === model) this.#errors.delete(fault.unit)
  }
}

export function messageOf(error: unknown): string {
  return (error instanceof Error ? `${error.name}: ${error.message}` : String(error)).slice(0, MAX_ERROR_CHARACTERS)
}
