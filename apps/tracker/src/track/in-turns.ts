import { setImmediate } from 'node:timers/promises'

/** Items that are worked on at a stretch, ten milliseconds or so. */
const AT_A_STRETCH = 1_000

/** Long work in pieces: between them whoever waits for the event loop has a turn. */
export async function inTurns<Item, Result>(items: readonly Item[], work: (some: readonly Item[]) => readonly Result[]): Promise<readonly Result[]> {
  if (items.length <= AT_A_STRETCH) return work(items)
  const results: Result[] = []
  for (let from = 0; from < items.length; from += AT_A_STRETCH) {
    if (from > 0) await setImmediate()
    for (const result of work(items.slice(from, from + AT_A_STRETCH))) results.push(result)
  }
  return results
}
