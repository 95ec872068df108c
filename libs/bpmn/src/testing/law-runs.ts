/** How many random runs a law gets, and from which seed: the same ones each time unless the environment says otherwise. */
export const LAW_RUNS = Number(process.env['TIDEMARK_LAW_RUNS'] ?? 300)

/** Printed by a run that failed; `TIDEMARK_LAW_SEED=random` looks where nobody has looked. */
export const LAW_SEED = seedOf(process.env['TIDEMARK_LAW_SEED'])

function seedOf(text: string | undefined): { readonly seed?: number } {
  return text === 'random' ? {} : { seed: Number(text ?? 1) }
}
