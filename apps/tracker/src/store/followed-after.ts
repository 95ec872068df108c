/** Positions beyond any entry. */
const NEVER = 2n ** 63n - 1n

/**
 * After which entry a called process counts for its caller, by the first versions of both: from its deployment on, so that what was folded before
 * stays as it is; from the beginning where it was deployed before its caller or with it.
 */
export function followedAfter(caller: { readonly deployedPosition: bigint } | undefined, called: { readonly deployedPosition: bigint } | undefined): bigint {
  if (caller === undefined || called === undefined) return NEVER
  return called.deployedPosition <= caller.deployedPosition ? 0n : called.deployedPosition
}
