/** A list that grows at one end and shares its past: what was appended to before stays as it was, and nothing is copied. */
export interface Chain<T> {
  readonly item: T
  readonly before: Chain<T> | undefined
}

/** Oldest first. */
export function chainToArray<T>(chain: Chain<T> | undefined): T[] {
  const items: T[] = []
  for (let link = chain; link !== undefined; link = link.before) items.push(link.item)
  return items.reverse()
}
