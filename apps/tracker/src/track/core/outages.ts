/** Holes in the log: while the house is up something is appended every few seconds, so where nothing was, nothing could come in. */

/** Real time between two entries that is no pause of the house any more: three times what a quiet log waits for its next entry. */
export const OUTAGE_MS = 15_000

export interface Outage {
  /** Append times of the entries before and after it. */
  readonly from: number
  readonly to: number
}

/** @param before append time of the entry before these; 0 where there was none */
export function outagesIn(before: number, entries: readonly { readonly entry: { readonly appendTime: number } }[], leastMs: number): readonly Outage[] {
  const found: Outage[] = []
  let from = before
  for (const { entry: { appendTime: to } } of entries) {
    if (from > 0 && to - from > leastMs) found.push({ from, to })
    from = Math.max(from, to)
  }
  return found
}
