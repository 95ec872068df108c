/** How long a person's action waits for its entry to be folded; after that it is answered with 202. */
export const FOLD_WAIT_MS = 5_000
