/**
 * A log that is read in big batches, for folding a long past: a unit of which several events stand in one batch is loaded, folded and written
 * once instead of once for each, and its rows are new more often than changed. Where a batch is cut changes nothing of the state (law 2).
 */
import type { Entry, Log, ReadOptions } from '@tidemark/log'

export interface BatchBounds {
  readonly entries: number
  /** Of payloads. A fact takes several times its payload until it is committed, and two or three batches are under way at once. */
  readonly bytes: number
}

export function inBigBatches(log: Log, bounds: BatchBounds): Log {
  const read = (options: ReadOptions): AsyncIterable<readonly Entry[]> => gathered(log, options, bounds)
  return new Proxy(log, {
    get(target, name) {
      if (name === 'read') return read
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}

/** What is there already is gathered; nothing is waited for. */
async function* gathered(log: Log, options: ReadOptions, bounds: BatchBounds): AsyncIterable<readonly Entry[]> {
  let batch: Entry[] = []
  let bytes = 0
  for await (const entries of log.read(options)) {
    for (const entry of entries) {
      batch.push(entry)
      bytes += entry.payload.length
    }
    const last = batch.at(-1)?.position ?? 0n
    if (batch.length < bounds.entries && bytes < bounds.bytes && last < log.stats().last) continue
    yield batch
    batch = []
    bytes = 0
  }
  if (batch.length > 0) yield batch
}
